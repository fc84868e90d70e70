import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import Hummingbird

/// `/`: whether anything is wrong, and what the server is doing.
struct OverviewPage: Sendable {
    let site: Site

    private static let rows = 12
    /// Failed runs that are compared.
    private static let failures = 200

    private struct Backlog {
        var function: FunctionRecord
        var view: QueueView
    }

    func answer(_ visit: Visit) async throws -> Response {
        let node = site.node
        let now = visit.now
        let counts = try await site.keptCounts.counts(
            HistogramPart.parts(from: now - .hours(24), until: now), of: nil, now: now, on: node)
        let (hour, bytes) = try await node.read { reader throws(StoreError) in
            let hour = try reader.runCounts(
                MinuteParts(from: now - .hours(1), until: now + .minutes(1), count: 1), of: nil)
            return (hour, try reader.size())
        }
        let histogram = HistogramPart.runs(counts, from: now - .hours(24), until: now, time: visit.time)
        let failed = hour.reduce(0) { $0 + ($1.states[.failed] ?? 0) }
        let backlogs = await backlogs()
        let newest = try await node.find(RunSearch(query: RunQuery(hasEnds: true), limit: Self.rows)).runs
        let rows = try await RunRow.rows(newest, on: node, now: now)
        let failures = try await node.read { reader throws(StoreError) in
            try reader.runs(
                RunQuery(states: [.failed], time: .ended, from: now - .hours(24), hasEnds: true), limit: Self.failures)
        }
        let problems = problems(failed: failed, backlogs, visit)
        let fields: [String: Part] = [
            "problems": .list(problems),
            "well": "Nothing is wrong: no run has failed in the last hour, and every app has registered without fault.",
            "figures": .list(try await figures(hour, histogram, backlogs, bytes: bytes, visit)),
            "histogram": histogram.part,
            "hasFailures": .flag(!failures.runs.isEmpty),
            "failures": .list(shared(failures.runs, isCut: failures.next != nil, visit)),
            "hasBacklogs": .flag(!backlogs.isEmpty), "backlogs": .list(backlogs.prefix(10).map { part($0, visit) }),
            "table": rows.isEmpty
                ? false
                : [
                    "liveKind": "runs", "caption": "Newest runs",
                    "runs": .list(rows.map { $0.part(list: Link("runs"), selected: nil, time: visit.time) }),
                ],
        ]
        let live = Link("live", "runs").with("overview", "1")
        return site.answer(
            "overview", site.frame(visit, title: "Overview", page: "o", live: live, failed: failed, fields), visit)
    }

    // MARK: - Parts

    private func backlogs() async -> [Backlog] {
        var found: [Backlog] = []
        for function in site.node.registry.activeFunctions {
            let view = await site.node.queue(of: function.id, limit: 1)
            if view.depth > 0 { found.append(Backlog(function: function, view: view)) }
        }
        return found.sorted { $0.view.depth > $1.view.depth }
    }

    private func part(_ backlog: Backlog, _ visit: Visit) -> Part {
        let slug = backlog.function.configuration.slug
        let key = backlog.view.keys.first
        return [
            "functionName": .text(slug.visible()), "count": .text(NumberText.grouped(backlog.view.depth)),
            "reason": .text((key?.standing.map { WaitReport($0).reason } ?? "").visible()),
            "oldest": visit.time.part(key?.waitingSince), "href": .text(Link("functions", slug).text + "#backlog"),
        ]
    }

    private func problems(failed: Int, _ backlogs: [Backlog], _ visit: Visit) -> [Part] {
        var problems: [Part] = []
        func add(_ tone: String, _ mark: String, _ text: String, _ detail: String, since: Timestamp?, _ href: String) {
            problems.append([
                "tone": .text(tone), "mark": .text(mark), "text": .text(text.visible()),
                "detail": .text(detail.visible()),
                "since": visit.time.part(since), "href": .text(href), "actions": [],
            ])
        }
        if let refusal = site.node.refusal {
            add("failed", "failed", "Events are refused", refusal, since: nil, "/settings")
        }
        let registry = site.node.registry
        for app in registry.apps.values.sorted(by: { $0.name < $1.name }) {
            guard let error = app.error else { continue }
            add(
                "failed", "failed", "The app \(app.name) has not synced", "\(app.url): \(error).", since: nil,
                "/apps#app-\(app.id)")
        }
        if failed > 0 {
            let link = Link("runs").with("status", "failed").with("time", "ended").with("from", "1h")
            add(
                "failed", "failed", "\(NumberText.counted(failed, "run")) failed in the last hour",
                "What they share is below.", since: nil, link.text)
        }
        for function in registry.activeFunctions {
            guard let paused = function.pausedAt else { continue }
            let slug = function.configuration.slug
            let depth = backlogs.first { $0.function.id == function.id }?.view.depth ?? 0
            add(
                "waiting", "paused", "\(slug) is paused", "\(NumberText.counted(depth, "run")) of it in line.",
                since: paused, Link("functions", slug).text)
        }
        return problems
    }

    private func figures(
        _ hour: [RunCount], _ histogram: HistogramPart, _ backlogs: [Backlog], bytes: Int64, _ visit: Visit
    ) async throws -> [Part] {
        func total(_ state: RunState) -> Int { hour.reduce(0) { $0 + ($1.states[state] ?? 0) } }
        let ended = total(.completed) + total(.failed) + total(.cancelled)
        let failed = total(.failed)
        let waiting = backlogs.reduce(0) { $0 + $1.view.depth }
        let oldest = backlogs.compactMap { $0.view.keys.first?.waitingSince }.min()
        let shards = await site.node.figures().values
        let calls = shards.reduce(0) { $0 + $1.openCalls }
        let spans = try await DurationFigures.spans(on: site.node, now: visit.now)
        let commits = site.node.commits.figures
        let durations = DurationFigures(Array(spans.values.joined()))
        func figure(_ label: String, _ value: String, _ note: String, _ href: Link, tone: String = "") -> Part {
            [
                "label": .text(label), "value": .text(value), "note": .text(note), "href": href.part,
                "tone": .text(tone),
            ]
        }
        return [
            figure(
                "Runs, last hour", NumberText.grouped(total(.queued)),
                "\(NumberText.grouped(histogram.total(.queued))) in 24 h", Link("runs").with("from", "1h")),
            figure(
                "Failed, last hour", NumberText.grouped(failed),
                ended == 0 ? "none has ended" : "\(failed * 100 / ended) % of those that ended",
                Link("runs").with("status", "failed").with("time", "ended").with("from", "1h"),
                tone: failed > 0 ? "failed" : ""),
            figure(
                "Apps called now", NumberText.grouped(calls), "calls under way",
                Link("runs").with("status", "running")),
            figure(
                "Waiting for a turn", NumberText.grouped(waiting),
                oldest.map { "the oldest \(visit.time.relative($0))" } ?? "nothing waits",
                Link("functions").with("sort", "backlog")),
            figure(
                "Median duration", durations.map { TimeText.duration($0.median) } ?? "–",
                durations.map { "95 %: \(TimeText.duration($0.high))" } ?? "no run has completed",
                Link("functions").with("sort", "median")),
            figure(
                "Commits take", commits.map { TimeText.fine($0.median) } ?? "–",
                commits.map { "95 %: \(TimeText.fine($0.high)), of the last \(NumberText.grouped($0.count))" }
                    ?? "none since the start",
                Link("settings")),
            figure("Store", NumberText.size(Int(bytes)), "with all that is kept", Link("settings")),
        ]
    }

    /// Failed runs by function and error.
    private func shared(_ runs: [StoredRun], isCut: Bool, _ visit: Visit) -> [Part] {
        struct Group {
            var count = 0
            var first = Timestamp.distantFuture
            var latest = Timestamp.epoch
        }
        var groups: [[String]: Group] = [:]
        for run in runs {
            let end = run.end
            let key = [run.functionSlug, FailurePart.line(end?.output?.json.view, cause: end?.cause ?? "")]
            let time = run.projection.endedAt ?? run.createdAt
            var group = groups[key] ?? Group()
            group.count += 1
            group.first = min(group.first, time)
            group.latest = max(group.latest, time)
            groups[key] = group
        }
        let sorted = groups.sorted { ($1.value.count, $1.value.latest) < ($0.value.count, $0.value.latest) }
        return sorted.prefix(10).map { key, group in
            [
                "error": .text(key[1].isEmpty ? "no error was sent" : key[1]), "functionName": .text(key[0].visible()),
                // Of very many, the newest are compared.
                "count": .text(NumberText.grouped(group.count) + (isCut ? "+" : "")),
                "first": visit.time.part(group.first),
                "latest": visit.time.part(group.latest),
                "href": Link("runs").with("status", "failed").with("function", key[0]).part,
            ]
        }
    }
}
