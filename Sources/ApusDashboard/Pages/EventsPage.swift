import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import Hummingbird

/// `/events`: what has come in, and what functions made of it.
struct EventsPage: Sendable {
    let site: Site

    private static let rows = 50
    /// Events that are looked at for one page.
    private static let looked = 4_000

    private struct Found: Sendable {
        var rows: [EventRow] = []
        /// Where to go on; `nil` when nothing is left.
        var next: RowID?
        /// `nil` when the events have too many names to be counted.
        var counts: [EventCount]?
    }

    func answer(_ visit: Visit) async throws -> Response {
        let filter = try EventFilter(visit)
        let now = visit.now
        let stretch = filter.stretch(now)
        let found = try await site.node.read { reader throws(StoreError) in
            var found = try filter.conditionProblem == nil ? Self.find(filter, reader, now: now) : Found()
            let parts = HistogramPart.parts(from: stretch.from, until: stretch.until)
            found.counts = try reader.eventCounts(parts, of: filter.choice)
            return found
        }
        let histogram = found.counts.map {
            HistogramPart.events($0, from: stretch.from, until: stretch.until, time: visit.time)
        }
        let panel = visit.value("panel")
        let list = filter.link.with("before", visit.value("before"))
        let isFirst = found.rows.isEmpty && filter.isEmpty && found.next == nil && filter.conditionProblem == nil
        var fields: [String: Part] = [
            "total": .text(total(filter, found, histogram)), "name": .text(visit.text("name")),
            "query": .text(visit.text("query")),
            "queryError": .optional(filter.conditionProblem), "internal": .flag(filter.hasInternal),
            "names": .list(site.eventNames.map { .text($0) }), "from": .text(visit.text("from")),
            "until": .text(visit.text("until")), "histogram": isFirst ? false : histogram?.part ?? false,
            "table": .flag(!found.rows.isEmpty),
            "events": .list(found.rows.map { $0.part(list: list, selected: panel, visit, site) }), "turn": false,
            "nothing": false, "noneYet": .flag(isFirst), "panel": false,
        ]
        let older = found.next.map { filter.link.with("before", String($0)).part }
        if !found.rows.isEmpty {
            fields["turn"] = [
                "shown": .text(NumberText.counted(found.rows.count, "event")),
                "newest": filter.before == nil ? false : filter.link.part, "older": older ?? false,
            ]
        } else if !isFirst {
            fields["nothing"] = [
                "reason": "No event matches, as far as the search has come.", "clearHref": "/events",
                "wider": older.map { ["href": $0, "text": "search further back"] } ?? false,
            ]
        }
        if let panel {
            fields["panel"] = try await EventPage(site: site).body(panel, visit)
                .with(["closeHref": list.part, "fullHref": Link("events", panel).part])
        }
        let live = filter.before == nil && filter.conditionProblem == nil ? filter.link.under("live") : nil
        let failed = try await site.failedLately(visit)
        return site.answer(
            "events", site.frame(visit, title: "Events", page: "e", live: live, failed: failed, fields), visit)
    }

    private func total(_ filter: EventFilter, _ found: Found, _ histogram: HistogramPart?) -> String {
        guard let histogram else { return NumberText.counted(found.rows.count, "event") + " here" }
        let length =
            filter.from == nil && filter.until == nil
            ? "24 h" : TimeText.duration(histogram.until - histogram.from)
        return "\(NumberText.counted(histogram.total("received"), "event")) in \(length)"
    }

    private static func find(
        _ filter: EventFilter, _ reader: any StoreReader, now: Timestamp
    ) throws(StoreError) -> Found {
        var found = Found()
        var cursor = filter.before
        var looked = 0
        while looked < Self.looked {
            let size = 200
            let page = try reader.events(named: filter.name, before: cursor, since: filter.from, limit: size)
            for event in page {
                cursor = event.row
                looked += 1
                guard filter.matches(event, now: now) else { continue }
                found.rows.append(try EventRow(event, reader))
                if found.rows.count == rows {
                    found.next = event.row
                    return found
                }
            }
            if page.count < size { return found }
        }
        found.next = cursor
        return found
    }
}

extension Site {
    /// Names of events that functions listen to.
    var eventNames: [String] {
        var names: Set<String> = []
        for function in node.registry.activeFunctions {
            for case .event(let name, _) in function.configuration.triggers { names.insert(name) }
        }
        return names.sorted()
    }

    func slug(of function: UUID16) -> String {
        node.registry.functions[function]?.configuration.slug ?? function.description
    }
}
