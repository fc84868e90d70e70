import ApusCore

/// What keeps a run from being called, or an event from starting a run.
package enum FlowRule: UInt8, Hashable, Sendable, CaseIterable {
    case concurrency = 0
    case runConcurrency = 1
    case throttle = 2
    case rateLimit = 3
    case idempotency = 4
    case debounce = 5
    case batch = 6
    case singleton = 7
    case pause = 8
    /// The app cannot be reached, or has as many calls in flight as one app may have.
    case app = 9
    /// Others go first.
    case order = 10
    /// Somebody has discarded what was waiting.
    case drain = 11
    /// The app does not register the function any more.
    case removed = 12
    /// The run of the schedule's tick before still lives.
    case overlap = 13

    /// The option's name in a function's configuration, where it has one.
    package var name: String {
        switch self {
        case .concurrency: "concurrency"
        case .runConcurrency: "concurrency.fn"
        case .throttle: "throttle"
        case .rateLimit: "rateLimit"
        case .idempotency: "idempotency"
        case .debounce: "debounce"
        case .batch: "batchEvents"
        case .singleton: "singleton"
        case .pause: "paused"
        case .app: "app"
        case .order: "order"
        case .drain: "drained"
        case .removed: "removed"
        case .overlap: "overlap"
        }
    }
}

/// A rule with the key to which it was applied.
package struct Obstacle: Hashable, Sendable {
    package var rule: FlowRule
    /// The key's value for people; empty where the rule has none.
    package var key: String

    package init(_ rule: FlowRule, key: String = "") {
        self.rule = rule
        self.key = key
    }
}
