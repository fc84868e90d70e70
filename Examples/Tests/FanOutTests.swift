import Apus
import ApusTesting
import Testing

@testable import FanOutExample

@Suite("Example: fan-out")
struct FanOutTests {
    private let index = MemoryIndex()
    private var fanOut: FanOut { FanOut(apus: Client(appID: "test"), index: index) }

    @Test("an event for each item")
    func spread() async throws {
        let run = try await FunctionTest(fanOut.spread, .bothWays)
            .run(CatalogueChanged(revision: "r1", items: 1_000))
        #expect(run.output == 1_000)
        #expect(run.sent.count == 1_000)
        #expect(run.sent.last?.id == "r1-999")
        #expect(try run.sent[7].decode(ItemChanged.self).item == 7)
    }

    @Test("an item that is difficult")
    func retries() async throws {
        let test = FunctionTest(fanOut.item)
        test.fail(step: "index", with: Busy(), times: 5)
        let run = try await test.run(ItemChanged(revision: "r1", item: 3))
        #expect(run["index"].attempts == 6)
        #expect(index.count == 1)
    }

    private struct Busy: Error {}
}
