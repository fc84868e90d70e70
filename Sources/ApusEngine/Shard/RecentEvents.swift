import ApusCore

/// What recent events with an id have started, so that a repeat is recognised before its first copy
/// can be found in the store.
///
/// Two halves take turns: when the young one is full the old one is dropped. A look into the store
/// that began at most one turn ago therefore sees everything that memory has forgotten since.
package struct RecentEvents: Sendable {
    private var young: [EventKey: Seen] = [:]
    private var old: [EventKey: Seen] = [:]
    private let capacity: Int
    /// How many times the halves have turned.
    package private(set) var turns: UInt64 = 0

    private struct Seen {
        var at: Timestamp
        var functions: [UUID16]
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
        var found: [UUID16] = []
        for seen in [young[key], old[key]] {
            if let seen, seen.at > since { found += seen.functions }
        }
        return found
    }

    package mutating func record(_ key: EventKey, at: Timestamp, functions: [UUID16], since: Timestamp) {
        if young.count >= capacity {
            old = young
            young = [:]
            turns += 1
        }
        let known = self.functions(startedBy: key, since: since)
        young[key] = Seen(at: at, functions: known + functions.filter { !known.contains($0) })
    }
}
