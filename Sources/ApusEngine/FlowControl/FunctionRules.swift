import ApusCEL
import ApusCore

/// The flow control of a function, with its expressions compiled. An expression that does not compile,
/// which only an earlier release can have accepted, gives every event the same key.
struct FunctionRules: Sendable {
    let options: FlowControl
    /// Limits on calls in flight by key.
    let steps: [KeyedLimit]
    /// The limit on all calls of the function; `.max` when there is none.
    let callLimit: Int
    /// The limit on living runs.
    let runs: KeyedLimit?
    let throttle: KeyedThrottle?
    let rateLimit: KeyedRate?
    let debounce: KeyedRule?
    let batch: KeyedRule?
    let batchCondition: Expression?
    let singleton: KeyedRule?
    let priority: Expression?

    /// What every rule has: its name, and the expression by which it tells events apart.
    struct KeyedRule: Sendable {
        let rule: UInt64
        let expression: Expression?
        /// The expression as it was registered.
        let source: String?

        /// The key of a run that has none of its own.
        var commonKey: LimitKey? { source == nil ? LimitKey(rule: rule, value: "") : nil }
    }

    struct KeyedLimit: Sendable {
        let keyed: KeyedRule
        let limit: Int
        let scope: FlowControl.Concurrency.Scope
    }

    struct KeyedThrottle: Sendable {
        let keyed: KeyedRule
        let clock: RateClock
    }

    struct KeyedRate: Sendable {
        let keyed: KeyedRule
        let clock: RateClock
    }

    /// What tells rules of one function apart; part of what is stored.
    private enum Kind: UInt64 {
        case calls = 1
        case runs = 2
        case throttle = 3
        case rate = 4
        case debounce = 5
        case batch = 6
        case singleton = 7
    }

    init(_ options: FlowControl, function: UUID16) {
        func rule(_ kind: Kind, _ source: String?, scope: FlowControl.Concurrency.Scope = .function) -> KeyedRule {
            var hash = StableHash(seed: kind.rawValue)
            hash.combine(UInt64(scope.rawValue))
            if scope == .function {
                hash.combine(function.high)
                hash.combine(function.low)
            }
            if let source { hash.combine(source) }
            // Syntax was checked when the function was registered; what names mean is for events to say.
            let compiled = source.flatMap { try? Expression($0, role: .keyUnchecked) }
            return KeyedRule(rule: hash.value, expression: compiled, source: source)
        }
        self.options = options
        callLimit = options.concurrency.filter { $0.key == nil }.map(\.limit).min() ?? .max
        steps = options.concurrency.filter { $0.key != nil }.map {
            KeyedLimit(keyed: rule(.calls, $0.key, scope: $0.scope), limit: $0.limit, scope: $0.scope)
        }
        runs = options.runConcurrency.map {
            KeyedLimit(keyed: rule(.runs, $0.key), limit: $0.limit, scope: .function)
        }
        throttle = options.throttle.map { KeyedThrottle(keyed: rule(.throttle, $0.key), clock: RateClock($0)) }
        rateLimit = options.rateLimit.map { KeyedRate(keyed: rule(.rate, $0.key), clock: RateClock($0)) }
        debounce = options.debounce.map { rule(.debounce, $0.key) }
        batch = options.batch.map { rule(.batch, $0.key) }
        batchCondition = options.batch?.condition.flatMap { try? Expression($0, role: .condition) }
        singleton = options.singleton.map { rule(.singleton, $0.key) }
        priority = options.priority.flatMap { try? Expression($0, role: .integer) }
    }

    /// Whether a run of the function has something to remember for its life.
    var bindsRuns: Bool {
        !options.concurrency.isEmpty || runs != nil || throttle != nil || singleton != nil || priority != nil
    }

    /// Whether all shards have to agree about the function, so that one of them decides.
    var isShared: Bool {
        bindsRuns || rateLimit != nil || debounce != nil || batch != nil
    }

    /// Whether the function shares a limit with others, so that one shard decides for all of them.
    var reachesBeyondFunction: Bool {
        steps.contains { $0.scope != .function }
    }

    // MARK: - Keys

    /// The value of a rule's key for an event.
    private func value(_ rule: KeyedRule, _ scope: Scope, now: Timestamp) -> KeyText {
        guard rule.source != nil else { return KeyText(text: "", isFalse: false) }
        return (try? rule.expression?.keyText(in: scope, now: now)) ?? KeyText(text: "false", isFalse: true)
    }

    /// A key for a rule that has one for every event.
    func key(_ rule: KeyedRule, _ scope: Scope, now: Timestamp) -> FlowKey {
        FlowKey(rule: rule.rule, value: value(rule, scope, now: now).text)
    }

    /// A key for a rule that lets events without one pass; `nil` for those.
    func optionalKey(_ rule: KeyedRule, _ scope: Scope, now: Timestamp) -> FlowKey? {
        let value = value(rule, scope, now: now)
        return value.isFalse ? nil : FlowKey(rule: rule.rule, value: value.text)
    }

    /// What is fixed for a run when it is scheduled; `nil` when the function has nothing of the kind.
    func flow(of scope: Scope, now: Timestamp) -> RunFlow? {
        guard bindsRuns else { return nil }
        var flow = RunFlow(priority: priority(of: scope, now: now))
        flow.keys.calls = steps.map { key($0.keyed, scope, now: now) }
        flow.keys.runs = runKey(of: scope, now: now)
        flow.keys.throttle = throttleKey(of: scope, now: now)
        flow.singleton = singleton.flatMap { optionalKey($0, scope, now: now) }
        return flow
    }

    /// `nil` when as many runs may live as there are.
    func runKey(of scope: Scope, now: Timestamp) -> FlowKey? {
        runs.map { key($0.keyed, scope, now: now) }
    }

    /// `nil` when all runs share one throttle, or none has one.
    func throttleKey(of scope: Scope, now: Timestamp) -> FlowKey? {
        guard let throttle, throttle.keyed.source != nil else { return nil }
        return key(throttle.keyed, scope, now: now)
    }

    /// The most by which a run goes ahead or behind: twelve hours.
    private static let mostPriority: Int64 = 43_200

    private func priority(of scope: Scope, now: Timestamp) -> TimeSpan {
        guard let priority, let seconds = try? priority.integer(in: scope, now: now) else { return .zero }
        return .seconds(min(max(seconds, -Self.mostPriority), Self.mostPriority))
    }
}
