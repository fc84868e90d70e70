import Apus

struct Started: Event {
    static let name = "test/started"
    var key = "k"
    var number = 0
}

struct Paid: Event {
    static let name = "test/paid"
    var key: String
    var amount: Int
}

struct Stopped: Event {
    static let name = "test/stopped"
    var key: String
}

struct Declined: Error, Codable {
    var code: Int
}
