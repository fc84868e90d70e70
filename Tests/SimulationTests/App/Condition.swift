import ApusCore

/// What conditions look at in an event's data.
struct EventFields {
    var key: Int64?
    var number: Int64?

    init(key: Int64? = nil, number: Int64? = nil) {
        self.key = key
        self.number = number
    }

    /// - Parameter body: of an event as it is stored.
    init(stored body: RawJSON) {
        let data = body.view["data"]
        self.init(key: data?["key"]?.int, number: data?["number"]?.int)
    }

    static func draw(from random: inout SplitMix64) -> EventFields {
        EventFields(
            key: random.chance(percent: 90) ? random.between(0, 1) : nil,
            number: random.chance(percent: 90) ? random.between(0, 5) : nil
        )
    }
}

/// A condition on events: a text for the server, and a model of our own by which rules judge the server.
indirect enum Condition: Sendable {
    /// The event has the key of the run's own event; having none counts as the same.
    case sameKey
    case key(Int64)
    case above(Int64)
    /// These look at the run's own event only.
    case ownKey(Int64)
    case ownAbove(Int64)
    case both(Condition, Condition)
    case either(Condition, Condition)

    var text: String {
        switch self {
        case .sameKey: "event.data.key == async.data.key"
        case .key(let key): "async.data.key == \(key)"
        case .above(let number): "async.data.number > \(number)"
        case .ownKey(let key): "event.data.key == \(key)"
        case .ownAbove(let number): "event.data.number > \(number)"
        case .both(let left, let right): "(\(left.text)) && (\(right.text))"
        case .either(let left, let right): "(\(left.text)) || (\(right.text))"
        }
    }

    /// - Parameters:
    ///   - own: of the event that started the run.
    ///   - other: of the event that may be waited for.
    func holds(own: EventFields, other: EventFields) -> Bool {
        switch self {
        case .sameKey: own.key == other.key
        case .key(let key): other.key == key
        case .above(let number): other.number.map { $0 > number } ?? false
        case .ownKey(let key): own.key == key
        case .ownAbove(let number): own.number.map { $0 > number } ?? false
        case .both(let left, let right): left.holds(own: own, other: other) && right.holds(own: own, other: other)
        case .either(let left, let right): left.holds(own: own, other: other) || right.holds(own: own, other: other)
        }
    }

    /// A condition of a wait or a cancellation; `nil` for every event of the name.
    static func draw(from random: inout SplitMix64) -> Condition? {
        switch random.below(10) {
        case ..<3: nil
        case ..<5: .sameKey
        case 5: .key(random.between(0, 1))
        case 6: .above(random.between(0, 3))
        case 7: .both(.sameKey, .above(random.between(0, 3)))
        case 8: .both(.ownAbove(random.between(0, 4)), .sameKey)
        default: .either(.key(random.between(0, 1)), random.pick([.above(3), .ownAbove(2)]))
        }
    }

    /// A condition of a trigger, which sees only the event that it may start a run for.
    static func drawFilter(from random: inout SplitMix64) -> Condition {
        random.pick([.ownKey(random.between(0, 1)), .ownAbove(random.between(0, 3))])
    }
}
