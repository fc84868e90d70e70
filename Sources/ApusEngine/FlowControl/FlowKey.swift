import ApusCEL
import ApusCore

/// Names what is counted together: a rule, its owner, its key expression and the value of the key. A
/// sender chooses values, so collisions must be out of reach.
package struct LimitKey: Hashable, Comparable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(rule: UInt64, value: String) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(value.utf8.count + 8)
        withUnsafeBytes(of: rule.littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: value.utf8)
        let hash = StableHash.wide(bytes)
        self.init(high: UInt64(truncatingIfNeeded: hash >> 64), low: UInt64(truncatingIfNeeded: hash))
    }

    static let none = LimitKey(high: 0, low: 0)

    package static func < (left: LimitKey, right: LimitKey) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

/// The value that a rule's key expression had for an event, kept for as long as the run lives.
package struct FlowKey: Hashable, Sendable {
    /// The rule; changes when its expression or scope changes, not with its limit.
    package var rule: UInt64
    package var key: LimitKey
    /// The value for people, cut after ``longestText`` bytes.
    package var text: String

    package static let longestText = 120

    package init(rule: UInt64, key: LimitKey, text: String) {
        self.rule = rule
        self.key = key
        self.text = text
    }

    init(rule: UInt64, value: String) {
        self.rule = rule
        key = LimitKey(rule: rule, value: value)
        text = FlowKey.excerpt(value)
    }

    package static func excerpt(_ value: String) -> String {
        value.utf8.count <= longestText ? value : value.prefix(bytes: longestText) + "…"
    }
}

/// What flow control fixed when a run was scheduled, from its first event. The run's journal holds it, so
/// a new configuration changes limits at once but never the keys of runs that exist.
package struct RunFlow: Hashable, Sendable {
    /// How far the run goes ahead of those created at the same time; behind them when negative.
    package var priority = TimeSpan.zero
    package var keys = Keys()
    package var singleton: FlowKey?

    /// The keys by which runs wait together.
    package struct Keys: Hashable, Sendable {
        /// Of limits on calls in flight.
        package var calls: [FlowKey] = []
        /// Of the limit on living runs.
        package var runs: FlowKey?
        package var throttle: FlowKey?

        package init(calls: [FlowKey] = [], runs: FlowKey? = nil, throttle: FlowKey? = nil) {
            self.calls = calls
            self.runs = runs
            self.throttle = throttle
        }

        var isEmpty: Bool { calls.isEmpty && runs == nil && throttle == nil }

        /// One key for all of them.
        var joint: LimitKey {
            let all = calls + [runs, throttle].compactMap(\.self)
            if all.count == 1 { return all[0].key }
            // The keys are digests already, so mixing them is enough.
            var high = StableHash(seed: 1)
            var low = StableHash(seed: 2)
            for key in all {
                high.combine(key.key.high)
                high.combine(key.key.low)
                low.combine(key.key.low)
                low.combine(key.key.high)
            }
            return LimitKey(high: high.value, low: low.value)
        }
    }

    package init(priority: TimeSpan = .zero, keys: Keys = Keys(), singleton: FlowKey? = nil) {
        self.priority = priority
        self.keys = keys
        self.singleton = singleton
    }

    package static let plain = RunFlow()

    /// Where the run stands among the others of its function.
    package func position(createdAt: Timestamp) -> Timestamp {
        createdAt - priority
    }
}

extension RunFlow {
    /// The form in which journals and the store keep it.
    package var encoded: [UInt8] {
        var writer = BinaryWriter(reserving: 16 + keys.calls.count * 48)
        writer.flow(self)
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(JournalDecodingError) {
        var reader = BinaryReader(bytes)
        self = try reader.flow()
    }
}

extension BinaryWriter {
    mutating func flow(_ flow: RunFlow) {
        signed(flow.priority.milliseconds)
        unsigned(UInt64(flow.keys.calls.count))
        for key in flow.keys.calls { self.flowKey(key) }
        for key in [flow.keys.runs, flow.keys.throttle, flow.singleton] {
            flag(key != nil)
            if let key { flowKey(key) }
        }
    }

    private mutating func flowKey(_ key: FlowKey) {
        fixed(key.rule)
        fixed(key.key.high)
        fixed(key.key.low)
        text(key.text)
    }
}

extension BinaryReader {
    mutating func flow() throws(JournalDecodingError) -> RunFlow {
        var flow = RunFlow(priority: .milliseconds(try signed()))
        for _ in 0..<(try unsigned()) { flow.keys.calls.append(try flowKey()) }
        flow.keys.runs = try flag() ? flowKey() : nil
        flow.keys.throttle = try flag() ? flowKey() : nil
        flow.singleton = try flag() ? flowKey() : nil
        return flow
    }

    private mutating func flowKey() throws(JournalDecodingError) -> FlowKey {
        FlowKey(rule: try fixed(), key: LimitKey(high: try fixed(), low: try fixed()), text: try text())
    }
}
