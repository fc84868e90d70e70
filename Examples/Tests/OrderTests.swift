import Apus
import ApusTesting
import Testing

@testable import OrderSagaExample

@Suite("Example: order saga")
struct OrderTests {
    private let test = FunctionTest(
        Orders(apus: Client(appID: "test"), services: LoggingServices()).function, .bothWays)
    private let order = OrderPlaced(orderID: "o1", cents: 1_200, country: "DE")

    private struct Down: Error {}

    @Test(
        "whichever step fails, what was done before is undone",
        arguments: [
            ("charge", []), ("reserve", ["refund"]), ("ship", ["release", "refund"]),
        ])
    func undoing(step: String, undone: [String]) async throws {
        test.fail(step: step, with: Down())
        let run = try await test.run(order)
        #expect(run.error?.name == "Down")
        #expect(run[step].attempts == 4)
        #expect(run.compensated == undone)
        #expect(run.failureHandler?.map(\.name) == ["tell-support"])
    }

    @Test("where nobody ships is no reason to try again")
    func noCarrier() async throws {
        let run = try await test.run(OrderPlaced(orderID: "o1", cents: 1_200, country: "AQ"))
        #expect(run["ship"].attempts == 1)
        #expect(run.error?.message == "no carrier ships to AQ")
        #expect(run.compensated == ["release", "refund"])
    }

    @Test("an order that goes well")
    func shipped() async throws {
        #expect(try await test.run(order).output == "parcel-o1")
    }
}
