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

    private struct Row: Sendable {
        var event: StoredEvent
        var runs: [StoredRun]
        var outcomes: [Outcome]
    }

    private struct Found: Sendable {
        var rows: [Row] = []
        /// Where to go on; `nil` when nothing is left.
        var next: RowID?
    }

    private struct Filter: Sendable {
        var name: String?
        var from: Timestamp?
        var until: Timestamp?
        var condition: EventCondition?
        var hasInternal: Bool
        var before: RowID?
        var now: Timestamp

        func matches(_ event: StoredEvent) -> Bool {
            guard hasInternal || name != nil || !event.name.hasPrefix("inngest/") else { return false }
            if let until, event.receivedAt >= until { return false }
            return condition?.holds(for: event.body, now: now) ?? true
        }
    }

    func answer(_ visit: Visit) async throws -> Response {
        var problem: String?
        var filter = Filter(
            name: visit.value("name"), from: try visit.moment("from"), until: try visit.moment("until"),
            hasInternal: visit.value("internal") != nil, before: visit.value("before").flatMap { RowID($0) },
            now: visit.now)
        if let text = visit.value("query") {
            do { filter.condition = try EventCondition(text) } catch { problem = "\(error)" }
        }
        let link = ["name", "from", "until", "query", "internal"].reduce(Link("events")) {
            $0.with($1, visit.value($1))
        }
        let wanted = filter
        let found =
            problem == nil
            ? try await site.node.read { reader throws(StoreError) in
                try Self.find(wanted, reader)
            } : Found()
        let isFiltered = ["name", "from", "until", "query", "before"].contains { visit.value($0) != nil }
        let panel = visit.value("panel")
        let list = link.with("before", visit.value("before"))
        let total = NumberText.counted(found.rows.count, "event")
        var fields: [String: Part] = [
            "total": .text(total), "name": .text(visit.text("name")), "query": .text(visit.text("query")),
            "queryError": .optional(problem), "internal": .flag(filter.hasInternal),
            "names": .list(site.eventNames.map { .text($0) }), "from": .text(visit.text("from")),
            "until": .text(visit.text("until")), "histogram": false, "table": .flag(!found.rows.isEmpty),
            "events": .list(found.rows.map { row($0, list: list, selected: panel, visit) }), "turn": false,
            "nothing": false, "noneYet": false, "panel": false,
        ]
        if !found.rows.isEmpty {
            fields["turn"] = [
                "shown": .text(total), "newest": filter.before == nil ? false : link.part,
                "older": found.next.map { link.with("before", String($0)).part } ?? false,
            ]
        } else if isFiltered || found.next != nil || problem != nil {
            let older = found.next.map { link.with("before", String($0)).part }
            fields["nothing"] = [
                "reason": "No event matches, as far as the search has come.", "clearHref": "/events",
                "wider": older.map { ["href": $0, "text": "search further back"] } ?? false,
            ]
        } else {
            fields["noneYet"] = true
        }
        if let panel {
            fields["panel"] = try await EventPage(site: site).body(panel, visit)
                .with(["closeHref": list.part, "fullHref": Link("events", panel).part])
        }
        let failed = try await site.failedLately(visit)
        return site.answer("events", site.frame(visit, title: "Events", page: "e", failed: failed, fields), visit)
    }

    private static func find(_ filter: Filter, _ reader: any StoreReader) throws(StoreError) -> Found {
        var found = Found()
        var cursor = filter.before
        var looked = 0
        while looked < Self.looked {
            let size = 200
            let page = try reader.events(named: filter.name, before: cursor, since: filter.from, limit: size)
            for event in page {
                cursor = event.row
                looked += 1
                guard filter.matches(event) else { continue }
                found.rows.append(
                    Row(
                        event: event, runs: try reader.runs(ofEvent: event.id),
                        outcomes: try reader.outcomes(ofEvent: event.id)))
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

    private func row(_ row: Row, list: Link, selected: String?, _ visit: Visit) -> Part {
        let id = row.event.id.description
        let runs: [Part] = row.runs.map { run in
            RunRow.statePart(run.projection, visit.now).with([
                "functionName": .text(run.functionSlug.visible()), "href": Link("runs", run.id.description).part,
            ])
        }
        let others: [Part] = row.outcomes.map { outcome in
            let slug = site.slug(of: outcome.function)
            return [
                "key": outcome.isTaken ? "merged" : "skipped", "word": outcome.isTaken ? "Merged" : "Skipped",
                "functionName": .text(slug.visible()),
                "href": (outcome.run.map { Link("runs", $0.description) } ?? Link("events", id)).part,
            ]
        }
        let all = runs + others
        return [
            "id": .text(id), "shortId": .text(id.shortID), "href": Link("events", id).part,
            "panelHref": list.with("panel", id).part, "selected": .flag(id == selected),
            "received": visit.time.part(row.event.receivedAt), "name": .text(row.event.name.visible()),
            "size": .text(NumberText.size(row.event.body.bytes.count)), "outcomes": .list(Array(all.prefix(4))),
            "moreOutcomes": all.count > 4 ? .text("and \(all.count - 4) more") : false,
        ]
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
