import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import Synchronization

/// The changes of a list of events: new ones, and those whose runs have changed.
struct EventListStream: Sendable {
    let site: Site
    /// As it was when the stream began; its query has the filters of the list.
    let visit: Visit
    private let cursor: Cursor

    /// Rows that are sent at a time; past it the page reads its list again.
    private static let most = 60

    /// Which events have been sent.
    private final class Cursor: Sendable {
        let state: Mutex<(since: Timestamp, sent: Set<RowID>)>

        init(since: Timestamp) {
            state = Mutex((since, []))
        }
    }

    init(site: Site, visit: Visit) {
        self.site = site
        self.visit = visit
        // The page was read a moment ago; what has come since then is sent at once.
        cursor = Cursor(since: visit.now - .seconds(5))
    }

    func find(_ news: RunFeed.News) async throws -> LiveStreams.Found {
        var visit = visit
        visit.now = site.now
        let now = visit.now
        let filter = try EventFilter(visit)
        let runs = Array(news.runs.prefix(Self.most))
        let known = cursor.state.withLock { $0 }
        let found = try await site.node.read { reader throws(StoreError) -> (new: [EventRow], changed: [EventRow])? in
            let newest = try reader.events(
                named: filter.name, before: nil, since: known.since, limit: Self.most + known.sent.count + 1)
            let new = newest.filter { !known.sent.contains($0.row) }
            guard new.count <= Self.most else { return nil }
            var changed: [ULID: StoredEvent] = [:]
            for id in runs {
                guard let event = try reader.run(id: id)?.eventID, changed[event] == nil else { continue }
                changed[event] = try reader.event(id: event)
            }
            for event in new { changed[event.id] = nil }
            func rows(_ events: [StoredEvent]) throws(StoreError) -> [EventRow] {
                var rows: [EventRow] = []
                for event in events { rows.append(try EventRow(event, reader)) }
                return rows
            }
            return (try rows(new), try rows(Array(changed.values)))
        }
        guard let found else {
            cursor.state.withLock { $0 = (now, []) }
            return LiveStreams.Found(isStale: true)
        }
        cursor.state.withLock { state in
            // Events of the same time may still come in from other shards.
            let since = max(state.since, now - .seconds(2))
            state = (since, state.sent.union(found.new.map(\.event.row)))
            // Far more than come in within that time: a few may be sent twice, which changes nothing.
            if state.sent.count > 10 * Self.most { state.sent = Set(found.new.map(\.event.row)) }
        }
        var answer = LiveStreams.Found(isStale: news.isIncomplete)
        let rows = (found.new + found.changed).filter { filter.matches($0.event, now: now) }
        for row in rows.sorted(by: { $0.event.row < $1.event.row }) {
            let part = row.part(list: filter.link, selected: nil, visit, site).with(["base": .text(site.base)])
            answer.messages.append(
                .row("event-\(row.event.id)", state: "", site.pages.render("event-row", part)))
        }
        return answer
    }
}
