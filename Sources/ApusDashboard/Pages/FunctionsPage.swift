import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import Hummingbird

/// `/functions`: all functions with figures of the last 24 hours.
struct FunctionsPage: Sendable {
    let site: Site

    private static let orders = [("name", "name"), ("failed", "failed"), ("backlog", "backlog"), ("median", "median")]

    private struct Row {
        var function: FunctionRecord
        var runs = 0
        var failed = 0
        var backlog = 0
        var durations: DurationFigures?
    }

    func answer(_ visit: Visit) async throws -> Response {
        let registry = site.node.registry
        let (text, app, sort) = (visit.text("q"), visit.value("app"), visit.value("sort") ?? "name")
        let all = registry.activeFunctions
        let chosen = all.filter { function in
            (app == nil || registry.apps[function.app]?.name == app)
                && (text.isEmpty || function.matches(text))
        }
        let now = visit.now
        let counts = try await site.node.read { reader throws(StoreError) in
            try reader.runCountsByFunction(
                MinuteParts(from: now - .hours(24), until: now + .minutes(1), count: 1).minutes)
        }
        let durations = try await DurationFigures.ofLatestRuns(on: site.node, now: now)
        var rows: [Row] = []
        for function in chosen {
            var row = Row(function: function)
            row.runs = counts[function.id]?[.queued] ?? 0
            row.failed = counts[function.id]?[.failed] ?? 0
            row.backlog = await site.node.queue(of: function.id, limit: 0).depth
            row.durations = durations[function.id]
            rows.append(row)
        }
        switch sort {
        case "failed": rows.sort { $0.failed > $1.failed }
        case "backlog": rows.sort { $0.backlog > $1.backlog }
        case "median": rows.sort { ($0.durations?.median ?? .zero) > ($1.durations?.median ?? .zero) }
        default: break
        }
        let apps = registry.apps.values.map(\.name).sorted().map { ($0, $0) }
        let isNothing = chosen.isEmpty && !all.isEmpty
        let fields: [String: Part] = [
            "total": .text("\(all.count) of \(NumberText.counted(registry.apps.count, "app"))"), "query": .text(text),
            "apps": .list(ActionPart.options(apps, app)), "orders": .list(ActionPart.options(Self.orders, sort)),
            "hasFunctions": .flag(!rows.isEmpty), "functions": .list(rows.map { part($0, registry) }),
            "nothing": isNothing
                ? ["reason": "No function has such a name or trigger.", "clearHref": "/functions", "wider": false]
                : false,
            "noneYet": .flag(all.isEmpty),
        ]
        let failed = try await site.failedLately(visit)
        return site.answer("functions", site.frame(visit, title: "Functions", page: "f", failed: failed, fields), visit)
    }

    private func part(_ row: Row, _ registry: Registry) -> Part {
        let slug = row.function.configuration.slug
        let runs = Link("runs").with("function", slug)
        return [
            "uuid": .text(row.function.id.description), "name": .text(slug.visible()),
            "href": Link("functions", slug).part, "state": row.function.statePart,
            "triggers": .text(
                registry.isEndpoint(row.function) ? "HTTP endpoint" : row.function.triggerWords.visible()),
            "app": .text((registry.apps[row.function.app]?.name ?? "").visible()),
            "appHref": .text("/apps#app-\(row.function.app)"), "runs": .text(NumberText.grouped(row.runs)),
            "runsHref": runs.part, "failed": .text(NumberText.grouped(row.failed)),
            "failedTone": .text(row.failed > 0 ? "failed" : ""), "failedHref": runs.with("status", "failed").part,
            "backlog": .text(NumberText.grouped(row.backlog)),
            "median": .text(row.durations.map { TimeText.duration($0.median) } ?? "–"),
            "p95": .text(row.durations.map { TimeText.duration($0.high) } ?? "–"),
        ]
    }
}

extension FunctionRecord {
    var triggerWords: String {
        configuration.triggers.map { trigger in
            switch trigger {
            case .event(let name, _): name
            case .cron(let schedule, _): "cron \(schedule)"
            }
        }.joined(separator: ", ")
    }

    var statePart: Part {
        if isArchived { return ["key": "cancelled", "word": "Archived"] }
        if pausedAt != nil { return ["key": "paused", "word": "Paused"] }
        return override == nil
            ? ["key": "completed", "word": "Active"] : ["key": "warning", "word": "Limits set"]
    }

    func matches(_ text: String) -> Bool {
        let text = text.lowercased()
        return [configuration.slug, configuration.name, triggerWords].contains { $0.lowercased().contains(text) }
    }
}

/// How long runs took, of the newest thousand that have completed.
struct DurationFigures: Sendable {
    var median: TimeSpan
    var high: TimeSpan

    init?(_ spans: [TimeSpan]) {
        guard !spans.isEmpty else { return nil }
        let sorted = spans.sorted()
        median = sorted[sorted.count / 2]
        high = sorted[min(sorted.count * 95 / 100, sorted.count - 1)]
    }

    static func ofLatestRuns(on node: Node, now: Timestamp) async throws -> [UUID16: DurationFigures] {
        let spans = try await spans(on: node, now: now)
        return spans.compactMapValues { DurationFigures($0) }
    }

    static func spans(on node: Node, now: Timestamp) async throws -> [UUID16: [TimeSpan]] {
        let page = try await node.read { reader throws(StoreError) in
            try reader.runs(RunQuery(states: [.completed], from: now - .hours(24)), limit: 1_000)
        }
        var spans: [UUID16: [TimeSpan]] = [:]
        for run in page.runs {
            guard let duration = run.duration else { continue }
            spans[run.function, default: []].append(duration)
        }
        return spans
    }
}
