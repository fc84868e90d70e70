import ApusCore
import ApusEngine
import ApusNode
import ApusStore

/// Which events are looked for, newest first.
struct EventSearch: Sendable {
    /// `nil` for all.
    var names: Set<String>?
    /// The event that was listed last.
    var before: ULID?
    /// Both are included.
    var from: Timestamp?
    var until: Timestamp?
    /// Whether events count that the server made itself.
    var includesInternal = false
    /// What has to hold for the event.
    var condition: EventCondition?
    /// Events to find at most.
    var limit: Int

    /// Events that are looked at before the search stops short.
    private static let reach = 10_000
    private static let page = 200
    /// How long it goes on.
    private static let searchTime = Duration.milliseconds(300)

    struct Findings: Sendable {
        var events: [StoredEvent] = []
        /// Where to go on; `nil` when nothing is left.
        var next: ULID?
    }

    func find(on node: Node) async throws(StoreError) -> Findings {
        let now = ServerClock.now()
        let search = self
        return try await node.read { reader throws(StoreError) in try search.find(reader, now: now) }
    }

    private func find(_ reader: any StoreReader, now: Timestamp) throws(StoreError) -> Findings {
        var findings = Findings()
        var search = self
        var row: RowID?
        if let before {
            row = try reader.event(id: before)?.row
            // It may have been removed to make room: its id still says when it was there.
            if row == nil { search.until = min(until ?? before.timestamp, before.timestamp) }
        }
        let end = ContinuousClock.now + Self.searchTime
        // One name is found by an index.
        let name = names?.count == 1 ? names?.first : nil
        for _ in 0..<Self.reach / Self.page {
            let page = try reader.events(named: name, before: row, since: from, limit: Self.page)
            for event in page {
                guard findings.events.count < limit else { return findings }
                if search.matches(event, now: now) { findings.events.append(event) }
                findings.next = event.id
            }
            guard page.count == Self.page, let last = page.last else {
                findings.next = nil
                return findings
            }
            row = last.row
            guard ContinuousClock.now < end else { return findings }
        }
        return findings
    }

    private func matches(_ event: StoredEvent, now: Timestamp) -> Bool {
        guard includesInternal || !event.name.hasPrefix("inngest/"), names?.contains(event.name) ?? true,
            until.map({ event.receivedAt <= $0 }) ?? true
        else { return false }
        return condition?.holds(for: event.body, now: now) ?? true
    }
}
