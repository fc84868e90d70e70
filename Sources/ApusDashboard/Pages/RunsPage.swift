import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import Hummingbird

/// `/runs`: the runs that filters choose, their histogram, and one of them in a panel.
struct RunsPage: Sendable {
    let site: Site

    private static let rows = 50
    /// Living runs are counted so far.
    private static let counted = 100

    func answer(_ visit: Visit) async throws -> Response {
        let filter = try RunFilter(visit)
        let node = site.node
        let registry = node.registry
        let search = try filter.search(in: registry, now: visit.now, limit: Self.rows)
        let stretch = filter.stretch(visit.now)
        let functions = filter.functions(in: registry)
        async let counted = site.keptCounts.counts(
            HistogramPart.parts(from: stretch.from, until: stretch.until), of: functions, now: visit.now, on: node)
        let found = filter.conditionProblem == nil ? try await node.find(search) : RunFindings(runs: [], next: nil)
        let counts = try await counted
        let histogram = HistogramPart.runs(counts, from: stretch.from, until: stretch.until, time: visit.time)
        let living = try await living(filter, registry)
        let mayBeFirst = found.runs.isEmpty && filter.isEmpty
        let isFirst = mayBeFirst ? try await hasNoRun() : false
        let panel = visit.value("panel")
        var fields: [String: Part] = [
            "total": .text(Self.total(filter, histogram.total(.queued), visit.now)),
            "histogram": isFirst ? false : histogram.part,
            "states": .list(
                RunFilter.stateNames.map { key, word in
                    let count: String =
                        switch key {
                        case "running": living.running
                        case "waiting": living.queued
                        default: RunState(name: key).map { NumberText.grouped(histogram.total($0)) } ?? ""
                        }
                    return [
                        "key": .text(key), "word": .text(word), "count": .text(count),
                        "selected": .flag(filter.states.contains(key)),
                    ]
                }),
            "functions": .list(
                ActionPart.options(
                    registry.activeFunctions.map { ($0.configuration.slug, $0.configuration.slug) }, filter.function)),
            "apps": .list(
                ActionPart.options(registry.apps.values.map(\.name).sorted().map { ($0, $0) }, filter.app)),
            "timeFields": .list(ActionPart.options(RunFilter.fields, filter.field)),
            "from": .text(filter.text("from")), "until": .text(filter.text("until")),
            "query": .text(filter.text("query")), "queryError": .optional(filter.conditionProblem),
            "actions": .list(actions(filter)), "table": false, "turn": false, "nothing": false,
            "noneYet": .flag(isFirst), "panel": false,
        ]
        if !found.runs.isEmpty {
            let rows = try await RunRow.rows(found.runs, on: node, now: visit.now)
            let list = filter.link.with("before", filter.before)
            fields["table"] = [
                "liveKind": "runs", "caption": "Runs, the newest first",
                "runs": .list(rows.map { $0.part(list: list, selected: panel, time: visit.time) }),
            ]
            fields["turn"] = turn(filter, found)
        } else if !isFirst {
            fields["nothing"] = nothing(filter, found)
        }
        if let panel {
            let list = filter.link.with("before", filter.before)
            fields["panel"] = try await RunBody(site: site, visit: visit, base: list.with("panel", panel))
                .part(panel).with(["closeHref": list.part, "fullHref": Link("runs", panel).part])
        }
        let live = filter.before == nil ? filter.link.under("live") : nil
        let failed = try await site.failedLately(visit)
        return site.answer(
            "runs", site.frame(visit, title: "Runs", page: "r", live: live, failed: failed, fields), visit)
    }

    private func hasNoRun() async throws -> Bool {
        try await site.node.read { reader throws(StoreError) in try reader.runs(RunQuery(), limit: 1).runs }.isEmpty
    }

    private func living(_ filter: RunFilter, _ registry: Registry) async throws -> (running: String, queued: String) {
        let functions = filter.functions(in: registry)
        func count(_ state: RunState) async throws -> String {
            let page = try await site.node.read { reader throws(StoreError) in
                try reader.runs(RunQuery(states: [state], functions: functions), limit: Self.counted)
            }
            return page.runs.count >= Self.counted || page.next != nil
                ? "\(max(page.runs.count, 1))+" : String(page.runs.count)
        }
        return (try await count(.running), try await count(.queued))
    }

    /// What stands beside the heading.
    func total(_ filter: RunFilter, now: Timestamp) async throws -> String {
        let stretch = filter.stretch(now)
        let functions = filter.functions(in: site.node.registry)
        let counts = try await site.node.read { reader throws(StoreError) in
            try reader.runCounts(MinuteParts(from: stretch.from, until: stretch.until, count: 1), of: functions)
        }
        return Self.total(filter, counts.reduce(0) { $0 + ($1.states[.queued] ?? 0) }, now)
    }

    private static func total(_ filter: RunFilter, _ count: Int, _ now: Timestamp) -> String {
        let stretch = filter.stretch(now)
        let isUsual = filter.from == nil && filter.until == nil
        let length = isUsual ? "24 h" : TimeText.duration(stretch.until - stretch.from)
        return "\(NumberText.counted(count, "run")) in \(length)"
    }

    private func turn(_ filter: RunFilter, _ found: RunFindings) -> Part {
        var shown = NumberText.counted(found.runs.count, "run")
        if let next = found.next, found.runs.count < Self.rows {
            shown += ", searched to \(next.createdAt.rfc3339)"
        }
        return [
            "shown": .text(shown), "newest": filter.before == nil ? false : filter.link.part,
            "older": found.next.map { filter.link.with("before", $0.text).part } ?? false,
        ]
    }

    private func nothing(_ filter: RunFilter, _ found: RunFindings) -> Part {
        let reason: String
        var wider: Part = false
        if filter.conditionProblem != nil {
            reason = "The condition cannot be understood."
        } else if let next = found.next {
            reason = "Runs were searched back to \(next.createdAt.rfc3339), and there are older ones."
            wider = ["href": filter.link.with("before", next.text).part, "text": "search further back"]
        } else {
            reason = filter.from == nil ? "No run of the last 24 hours matches." : "No run of that time matches."
            wider = ["href": filter.link.with("from", "720h").part, "text": "look at the last 30 days"]
        }
        return ["reason": .text(reason), "clearHref": "/runs", "wider": wider]
    }

    private func actions(_ filter: RunFilter) -> [Part] {
        var actions: [Part] = []
        let link = filter.link
        if ReplayPage.allows(filter) {
            actions.append(["label": "Repeat many…", "href": link.at("replays", "new").part])
        }
        if CancelPage.allows(filter) {
            actions.append(["label": "Cancel many…", "href": link.at("runs", "cancel").part])
        }
        return actions + [["label": "Replays", "href": "/replays"]]
    }
}
