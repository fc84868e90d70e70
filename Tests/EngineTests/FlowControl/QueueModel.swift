import ApusCore

@testable import ApusEngine

/// The rules of the queue worked out anew, from everything that waits and everything under way, each time
/// they are asked for. Knows nothing of lanes, rounds and hashes.
struct QueueModel {
    var functions: [String: Function] = [:]
    var waiting: [RowID: Waiting] = [:]
    var open: [RowID: Open] = [:]
    /// What runs count for between their first call and their end.
    var living: [RowID: Key] = [:]
    var idle: [RowID: Run] = [:]
    /// Theoretical arrivals of throttles.
    var arrivals: [Key: Int64] = [:]

    struct Function {
        var id: UUID16
        var app: UUID16
        var flow: FlowControl
        var isPaused = false
    }

    /// A rule with its expression and the value that a run has for it.
    struct Key: Hashable, Comparable {
        var rule: String
        var value: String

        static func < (left: Key, right: Key) -> Bool { (left.rule, left.value) < (right.rule, right.value) }
    }

    /// What was fixed when the run was scheduled.
    struct Run: Hashable {
        var function: String
        var calls: [Key] = []
        var runs: Key?
        var throttle: Key?
        var priority = TimeSpan.zero
        var createdAt: Timestamp
        var data: [String: String]
    }

    struct Waiting {
        var run: Run
        var kind: Lane.Kind
        var since: Timestamp

        /// Where runs wait together.
        var lane: LaneName {
            LaneName(
                function: run.function, kind: kind,
                keys: kind == .repeats ? [] : run.calls + [run.runs, run.throttle].compactMap(\.self)
            )
        }
    }

    struct LaneName: Hashable {
        var function: String
        var kind: Lane.Kind
        var keys: [Key]
    }

    struct Open {
        var run: Run
        var slots: CallSlots
        /// A crash has lost the call; it still counts.
        var isOrphan = false
    }

    // MARK: - Keys

    static func rule(
        _ kind: String, of function: String, _ expression: String?,
        scope: FlowControl.Concurrency.Scope = .function
    ) -> String {
        "\(kind) \(scope) \(scope == .function ? function : "") \(expression ?? "-")"
    }

    /// Expressions are all `event.data.<name>`.
    private static func value(_ expression: String?, _ data: [String: String]) -> String {
        guard let expression else { return "" }
        return data[String(expression.dropFirst("event.data.".count))] ?? "false"
    }

    func schedule(
        _ name: String, data: [String: String], priority: TimeSpan, at now: Timestamp
    ) -> Run {
        let flow = functions[name]?.flow ?? .none
        func key(_ kind: String, _ expression: String?, _ scope: FlowControl.Concurrency.Scope = .function) -> Key {
            Key(rule: Self.rule(kind, of: name, expression, scope: scope), value: Self.value(expression, data))
        }
        return Run(
            function: name,
            calls: flow.concurrency.filter { $0.key != nil }.map { key("calls", $0.key, $0.scope) },
            runs: flow.runConcurrency.map { key("runs", $0.key) },
            throttle: flow.throttle?.key.map { key("throttle", $0) },
            priority: priority, createdAt: now, data: data
        )
    }

    /// The throttle, or the limit on living runs, has another key than when the run was scheduled, or is new.
    func lacksKeys(_ waiting: Waiting) -> Bool {
        let run = waiting.run
        guard waiting.kind == .starts, let flow = functions[run.function]?.flow else { return false }
        if let runs = flow.runConcurrency, run.runs?.rule != Self.rule("runs", of: run.function, runs.key) {
            return true
        }
        guard let key = flow.throttle?.key else { return false }
        return run.throttle?.rule != Self.rule("throttle", of: run.function, key)
    }

    mutating func findKeys(of run: RowID) {
        guard let name = waiting[run]?.run.function, let data = waiting[run]?.run.data else { return }
        let key = functions[name]?.flow.throttle?.key
        waiting[run]?.run.throttle = key.map {
            Key(rule: Self.rule("throttle", of: name, $0), value: Self.value($0, data))
        }
        let runs = functions[name]?.flow.runConcurrency
        waiting[run]?.run.runs = runs.map {
            Key(rule: Self.rule("runs", of: name, $0.key), value: Self.value($0.key, data))
        }
    }

    // MARK: - Room

    func hasRoom(_ waiting: Waiting, now: Timestamp) -> Bool {
        let run = waiting.run
        guard waiting.kind != .repeats, !lacksKeys(waiting), let flow = functions[run.function]?.flow else {
            return true
        }
        for limit in flow.concurrency {
            let count: Int
            if let expression = limit.key {
                let rule = Self.rule("calls", of: run.function, expression, scope: limit.scope)
                guard let key = run.calls.first(where: { $0.rule == rule }) else { continue }
                count = open.values.count { $0.run.calls.contains(key) }
            } else {
                count = open.values.count { $0.run.function == run.function }
            }
            if count >= limit.limit { return false }
        }
        guard waiting.kind == .starts else { return true }
        if let limit = flow.runConcurrency, let key = run.runs,
            key.rule == Self.rule("runs", of: run.function, limit.key),
            living.values.count(where: { $0 == key }) >= limit.limit
        {
            return false
        }
        if let throttle = flow.throttle {
            guard throttle.limit > 0 else { return false }
            return RateClock(throttle).admits(at: now.nanoseconds, arrival: arrivals[throttleKey(of: run)])
        }
        return true
    }

    func throttleKey(of run: Run) -> Key {
        let expression = functions[run.function]?.flow.throttle?.key
        return expression == nil
            ? Key(rule: Self.rule("throttle", of: run.function, nil), value: "")
            : run.throttle ?? Key(rule: "", value: "")
    }

    /// The run's call goes out.
    mutating func admit(_ row: RowID, slots: CallSlots, now: Timestamp) {
        guard let waiting = waiting.removeValue(forKey: row) else { return }
        let run = waiting.run
        guard waiting.kind != .repeats else {
            open[row]?.isOrphan = false
            return
        }
        open[row] = Open(run: run, slots: slots)
        guard waiting.kind == .starts else { return }
        living[row] = run.runs
        guard let throttle = functions[run.function]?.flow.throttle else { return }
        let key = throttleKey(of: run)
        arrivals[key] = RateClock(throttle).arrival(after: arrivals[key], admittedAt: now.nanoseconds)
    }

    /// How often each key is counted.
    var held: [Key: Int] {
        var held: [Key: Int] = [:]
        for call in open.values { for key in call.run.calls { held[key, default: 0] += 1 } }
        for key in living.values { held[key, default: 0] += 1 }
        return held
    }
}
