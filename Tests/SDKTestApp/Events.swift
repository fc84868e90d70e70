import Apus
import Foundation

let appID = ProcessInfo.processInfo.environment["APP_ID"] ?? "swift"

/// Apps on one server must not start each other's functions.
private func named(_ name: String) -> String { "\(appID)/\(name)" }

/// What starts a function: each is named after one.
protocol TestEvent: Event {}

struct Sequence: TestEvent {
    static var name: String { named("sequence") }
    var key = ""
}

struct Parallel: TestEvent {
    static var name: String { named("parallel") }
    var key = ""
}

struct Many: TestEvent {
    static var name: String { named("many") }
    var count: Int
}

struct Flaky: TestEvent {
    static var name: String { named("flaky") }
    var failures: Int
}

struct Failing: TestEvent {
    static var name: String { named("failing") }
    var key: String
}

struct Caught: TestEvent {
    static var name: String { named("caught") }
    var code: Int
}

struct Saga: TestEvent {
    static var name: String { named("saga") }
    var fails: Bool
}

struct Sleepy: TestEvent {
    static var name: String { named("sleepy") }
    var milliseconds: Int
}

struct Ordered: TestEvent {
    static var name: String { named("ordered") }
    var orderID: String
    var seconds: Int

    enum CodingKeys: String, CodingKey {
        case orderID = "order_id"
        case seconds
    }
}

struct Paid: TestEvent {
    static var name: String { named("paid") }
    var orderID: String
    var amount: Int

    enum CodingKeys: String, CodingKey {
        case orderID = "order_id"
        case amount
    }
}

struct Approval: TestEvent {
    static var name: String { named("approval") }
    var signal: String
}

struct Approve: TestEvent {
    static var name: String { named("approve") }
    var signal: String
    var by: String
}

struct Parent: TestEvent {
    static var name: String { named("parent") }
    var number: Int
}

struct Sender: TestEvent {
    static var name: String { named("sender") }
    var key: String
}

struct Gateway: TestEvent {
    static var name: String { named("gateway") }
    var url: String
}

struct Race: TestEvent {
    static var name: String { named("race") }
}

struct Slow: TestEvent {
    static var name: String { named("slow") }
    var milliseconds: Int
}

struct Changing: TestEvent {
    static var name: String { named("changing") }
}

struct Batched: TestEvent {
    static var name: String { named("batched") }
    var number: Int
}

struct Large: TestEvent {
    static var name: String { named("large") }
    var steps: Int
    var kilobytes: Int
}
