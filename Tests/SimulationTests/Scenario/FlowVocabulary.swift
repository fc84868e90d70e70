import ApusCore

/// A key expression of a flow-control option: a text for the server, and a model of our own by which
/// rules judge the server.
enum KeyModel: CaseIterable {
    case key
    case isLarge
    case constant

    var text: String {
        switch self {
        case .key: "event.data.key"
        case .isLarge: "event.data.number > 2"
        case .constant: "'all'"
        }
    }

    init?(_ text: String) {
        guard let model = KeyModel.allCases.first(where: { $0.text == text }) else { return nil }
        self = model
    }

    /// `nil` for an event that has no such key.
    func value(of fields: EventFields) -> String? {
        switch self {
        case .key: fields.key.map(String.init)
        case .isLarge: (fields.number ?? 0) > 2 ? "true" : nil
        case .constant: "all"
        }
    }
}

/// An expression for a run's priority, in the same manner.
enum PriorityModel: CaseIterable {
    case behind
    case byKey
    case byNumber

    var text: String {
        switch self {
        case .behind: "-2"
        case .byKey: "event.data.key == 1 ? 60 : -1"
        case .byNumber: "event.data.number > 2 ? 5 : 'none'"
        }
    }

    init?(_ text: String) {
        guard let model = PriorityModel.allCases.first(where: { $0.text == text }) else { return nil }
        self = model
    }

    func seconds(for fields: EventFields) -> Int64 {
        switch self {
        case .behind: -2
        case .byKey: fields.key == 1 ? 60 : -1
        case .byNumber: (fields.number ?? 0) > 2 ? 5 : 0
        }
    }
}

/// A condition of a batch.
enum BatchCondition {
    private static let all: [Condition] = [.ownAbove(0), .ownAbove(2), .ownKey(0), .ownKey(1)]

    static func draw(from random: inout SplitMix64) -> String {
        random.pick(all).text
    }

    static func holds(_ text: String, for fields: EventFields) -> Bool {
        all.first { $0.text == text }?.holds(own: fields, other: EventFields()) ?? false
    }
}
