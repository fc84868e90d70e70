import ApusMacros
import Testing

@Event("user/signed-up")
struct SignedUp {
    var userID: String
}

/// One that others see.
@Event
public struct OrderPlaced: Equatable {
    var orderID: String

    enum CodingKeys: String, CodingKey {
        case orderID = "order_id"
    }
}

@Event("money/received")
struct Paid: Event {
    var cents: Int
}

/// A type inside another.
enum Shop {
    @Event struct UserSignedUp {}
    @Event struct Opened {}
    @Event struct HTTPRequestMade {}
    @Event struct OrderV2Placed {}
}

@Suite("@Event")
struct EventMacroTests {
    @Test("it makes a structure an event of the name that is given")
    func given() {
        #expect(SignedUp.name == "user/signed-up")
        #expect(Paid.name == "money/received")
    }

    @Test("without one the type's words are the name")
    func derived() {
        #expect(OrderPlaced.name == "order/placed")
        #expect(Shop.UserSignedUp.name == "user/signed-up")
        #expect(Shop.Opened.name == "opened")
        #expect(Shop.HTTPRequestMade.name == "http/request-made")
        #expect(Shop.OrderV2Placed.name == "order/v2-placed")
    }

    @Test("functions take it, and its fields are found by their keys")
    func functions() {
        let apus = Client(appID: "shop", settings: .development())
        let function = apus.function("pay", on: OrderPlaced.self, .concurrency(1, by: \.orderID)) { _, _ in }
        #expect(Endpoint(apus, functions: [function]).problems.isEmpty)
    }
}
