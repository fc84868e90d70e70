import Apus

/// What starts a function: each is named after one.
protocol TestEvent: Event {}

struct Sequence: TestEvent {
    static let name = "swift/sequence"
    var key = ""
}

struct Parallel: TestEvent {
    static let name = "swift/parallel"
    var key = ""
}

struct Many: TestEvent {
    static let name = "swift/many"
    var count: Int
}

struct Flaky: TestEvent {
    static let name = "swift/flaky"
    var failures: Int
}

struct Failing: TestEvent {
    static let name = "swift/failing"
    var key: String
}

struct Caught: TestEvent {
    static let name = "swift/caught"
    var code: Int
}

struct Saga: TestEvent {
    static let name = "swift/saga"
    var fails: Bool
}

struct Sleepy: TestEvent {
    static let name = "swift/sleepy"
    var milliseconds: Int
}

struct Ordered: TestEvent {
    static let name = "swift/ordered"
    var orderID: String
    var seconds: Int

    enum CodingKeys: String, CodingKey {
        case orderID = "order_id"
        case seconds
    }
}

struct Paid: TestEvent {
    static let name = "swift/paid"
    var orderID: String
    var amount: Int

    enum CodingKeys: String, CodingKey {
        case orderID = "order_id"
        case amount
    }
}

struct Approval: TestEvent {
    static let name = "swift/approval"
    var signal: String
}

struct Approve: TestEvent {
    static let name = "swift/approve"
    var signal: String
    var by: String
}

struct Parent: TestEvent {
    static let name = "swift/parent"
    var number: Int
}

struct Sender: TestEvent {
    static let name = "swift/sender"
    var key: String
}

struct Gateway: TestEvent {
    static let name = "swift/gateway"
    var url: String
}

struct Race: TestEvent {
    static let name = "swift/race"
}

struct Slow: TestEvent {
    static let name = "swift/slow"
    var milliseconds: Int
}

struct Changing: TestEvent {
    static let name = "swift/changing"
}

struct Batched: TestEvent {
    static let name = "swift/batched"
    var number: Int
}

struct Large: TestEvent {
    static let name = "swift/large"
    var steps: Int
    var kilobytes: Int
}
