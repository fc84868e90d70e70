import ApusCore

/// What recent events with an id have started, so that a repeat is recognised before its first copy
/// can be found in the store.
///
/// Two halves take turns: when the young one is full the old one is dropped. A look into the store
/// that began at most one turn ago therefore sees everything that memory has forgotten since.
package struct RecentEvents: Sendable {
    private var young: [EventKey: [Start]] = [:]
    private var old: [EventKey: [Start]] = [:]
    private let capacity: Int
    /// How many times the halves have turned.
    package private(set) var turns: UInt64 = 0

    private struct Start {
        var function: UUID16
        var at: Timestamp
    }

    package init(capacity: Int = 50_000) {
        self.capacity = capacity
    }

    package func remembers(_ key: EventKey) -> Bool {
        young[key] != nil || old[key] != nil
    }

    /// Whether an answer from the store that was asked for at this turn can still be trusted.
    package func canTrust(askedAt turn: UInt64) -> Bool {
        turn != .max && turns <= turn + 1
    }

    package func functions(startedBy key: EventKey, since: Timestamp) -> [UUID16] {
        starts(of: key, since: since).map(\.function)
    }

    /// - Parameter at: when the functions started, except those that are known already: a repeat does
    ///   not prolong the time for which the first start counts.
    package mutating func record(_ key: EventKey, at: Timestamp, functions: [UUID16], since: Timestamp) {
        if young.count >= capacity {
            old = young
            young = [:]
            turns += 1
        }
        var starts = starts(of: key, since: since)
        for function in functions where !starts.contains(where: { $0.function == function }) {
            starts.append(Start(function: function, at: at))
        }
        young[key] = starts
    }

    /// What the young half knows of an event includes what the old one knew.
    private func starts(of key: EventKey, since: Timestamp) -> [Start] {
        (young[key] ?? old[key] ?? []).filter { $0.at > since }
    }
}
