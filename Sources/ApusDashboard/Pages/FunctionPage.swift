import ApusCore
import ApusCron
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import Hummingbird

/// `/functions/{slug}`: a function's configuration, its limits and what waits for them.
struct FunctionPage: Sendable {
    let site: Site

    private static let lanes = 100

    static func find(_ slug: String, _ site: Site) throws(PageProblem) -> FunctionRecord {
        guard let function = site.node.registry.function(named: slug) else { throw .missing("function", slug) }
        return function
    }

    func answer(_ slug: String, _ visit: Visit) async throws -> Response {
        let function = try Self.find(slug, site)
        let window = FunctionFigures.Window.of(visit)
        let figures = try await FunctionFigures(of: function.id, window, now: visit.now, on: site)
        let queue = await site.node.queue(of: function.id, limit: Self.lanes)
        let schedules = await site.node.schedules().filter { $0.key.function == function.id }
        let configuration = function.configuration
        let slug = configuration.slug
        let fields: [String: Part] = [
            "slug": .text(slug.visible()), "functionName": .text(configuration.name.visible()),
            "state": function.statePart, "runsHref": Link("runs").with("function", slug).part,
            "actions": .list(actions(function)), "warnings": .list(warnings(function)),
            "facts": .list(facts(function, schedules, visit)), "histogram": figures.histogram(visit.time),
            "figures": .list(figures.figures(Link("runs").with("function", slug))), "graph": figures.graph(),
            "window": .text(window.words),
            "windows": .list(
                FunctionFigures.Window.all.map {
                    [
                        "text": .text($0.key), "current": .flag($0.key == window.key),
                        "href": Link("functions", slug).with("window", $0.key).part,
                    ]
                }),
            "triggers": .list(configuration.triggers.map(trigger)), "limitActions": .list(limitActions(function)),
            "options": .list(OptionRows(function: function).rows),
            "backlogSummary": .text(
                "\(NumberText.counted(queue.depth, "run")) of \(NumberText.counted(queue.keyCount, "key")); "
                    + "\(NumberText.rate(queue.admittedPerSecond)) start a second"),
            "backlogActions": .list(queue.depth > 0 ? backlogActions(function, queue.depth) : []),
            "hasLanes": .flag(!queue.keys.isEmpty), "lanes": .list(queue.keys.map { lane($0, visit) }),
            "command": .text("apus queue show \(slug.visible())"),
        ]
        let failed = try await site.failedLately(visit)
        return site.answer(
            "function", site.frame(visit, title: configuration.name, page: "f", failed: failed, fields), visit)
    }

    private func facts(_ function: FunctionRecord, _ schedules: [ScheduleView], _ visit: Visit) -> [Part] {
        let configuration = function.configuration
        var facts: [Part] = []
        if let app = site.node.registry.apps[function.app] {
            facts.append(FactPart.link("App", app.name, Link("apps")))
        }
        if site.node.registry.isEndpoint(function) {
            facts.append(FactPart.text("Started by", "HTTP requests to the app, where its runs begin"))
            facts.append(FactPart.code("Endpoint", configuration.stepURL))
            facts.append(FactPart.text("Attempts", "as the app says when a run begins"))
        } else {
            facts.append(FactPart.code("Calls go to", configuration.stepURL))
            facts.append(FactPart.text("Attempts", "\((configuration.retries ?? 4) + 1)"))
        }
        facts.append(FactPart.text("Version", "\(function.version)"))
        if let start = configuration.timeouts.start {
            facts.append(FactPart.text("Cancelled unless started in", TimeText.duration(start)))
        }
        if let finish = configuration.timeouts.finish {
            facts.append(FactPart.text("Cancelled unless ended in", TimeText.duration(finish)))
        }
        for cancellation in configuration.cancellations {
            let condition = cancellation.condition.map { " if \($0)" } ?? ""
            facts.append(FactPart.code("Cancelled by", cancellation.event + condition))
        }
        if let paused = function.pausedAt { facts.append(FactPart.time("Paused since", visit.time.part(paused))) }
        for schedule in schedules {
            let times =
                (try? CronSchedule(schedule.key.expression))?
                .upcoming(from: visit.now.milliseconds, count: 3).map { Timestamp(milliseconds: $0) } ?? []
            for time in schedule.nextTick == nil ? [] : times {
                facts.append(FactPart.time("Next tick", visit.time.part(time)))
            }
        }
        return facts
    }

    private func warnings(_ function: FunctionRecord) -> [Part] {
        var warnings: [Part] = []
        if function.pausedAt != nil {
            warnings.append("It is paused: it starts nothing and calls none of its runs until it is resumed.")
        }
        if function.override != nil {
            warnings.append("Its limits have been set by a person, in place of those that it registered.")
        }
        return warnings
    }

    private func trigger(_ trigger: FunctionConfiguration.Trigger) -> Part {
        switch trigger {
        case .event(let name, let filter):
            let condition: String? =
                switch filter {
                case .every: nil
                case .functionID(let slug): "event.data.function_id == '\(slug)'"
                case .expression(let text): text
                }
            return [
                "kind": "event", "value": .text(name.visible()), "href": Link("events").with("name", name).part,
                "condition": .optional(condition?.visible()), "words": false,
            ]
        case .cron(let schedule, _):
            return [
                "kind": "cron", "value": .text(schedule.visible()), "href": "/schedules", "condition": false,
                "words": .optional((try? CronSchedule(schedule))?.words),
            ]
        }
    }

    private func lane(_ key: QueueView.Key, _ visit: Visit) -> Part {
        let keys = key.values.isEmpty ? "all" : key.values.map { "\"\($0)\"" }.joined(separator: ", ")
        return [
            "keys": .text(keys.visible()), "waiting": .text(NumberText.grouped(key.depth)),
            "oldest": visit.time.part(key.waitingSince), "pace": .text(NumberText.rate(key.admittedPerSecond)),
            "reason": .text(key.standing.map { WaitReport($0).reason.visible() } ?? ""),
        ]
    }

    // MARK: - Actions

    private func actions(_ function: FunctionRecord) -> [Part] {
        let slug = function.configuration.slug
        let invoke = ActionPart(
            label: "Invoke", title: "Invoke it?",
            consequence: "A run starts with the data below, under the rules of the function.",
            action: Link("functions", slug, "invoke"), verb: "Start a run",
            texts: [ActionPart.field("Data, JSON", "data", "{}")])
        let pause =
            function.pausedAt == nil
            ? ActionPart(
                label: "Pause", title: "Pause it?",
                consequence: "It starts nothing and none of its runs is called until it is resumed; sleeps and waits "
                    + "go on.",
                action: Link("functions", slug, "pause"), verb: "Pause it", isDangerous: true,
                command: "apus pause \(slug)")
            : ActionPart(
                label: "Resume", title: "Resume it?", consequence: "Its runs are called again, the oldest first.",
                action: Link("functions", slug, "resume"), verb: "Resume it", command: "apus resume \(slug)")
        return [invoke.part, pause.part]
    }

    private func limitActions(_ function: FunctionRecord) -> [Part] {
        let slug = function.configuration.slug
        let inForce = PrettyJSON.text(LimitOverride(function.flowControl).json)
        let set = ActionPart(
            label: "Set limits", title: "Set other limits?",
            consequence: "They hold at once in place of the registered ones, also for what waits already.",
            action: Link("functions", slug, "limits"), verb: "Set them",
            texts: [ActionPart.field("Limits, JSON", "limits", inForce)])
        guard function.override != nil else { return [set.part] }
        let remove = ActionPart(
            label: "Take them back", title: "Take the limits back?", consequence: "The registered limits hold again.",
            action: Link("functions", slug, "limits", "remove"), verb: "Take them back")
        return [set.part, remove.part]
    }

    private func backlogActions(_ function: FunctionRecord, _ depth: Int) -> [Part] {
        let slug = function.configuration.slug
        let count = NumberText.counted(depth, "run")
        let drain = ActionPart(
            label: "Drain", title: "Cancel the \(count) that have not begun?",
            consequence: "Runs that were created before now and have not been called yet are cancelled.",
            action: Link("functions", slug, "queue", "drain"), verb: "Cancel them", isDangerous: true,
            inputs: [ActionPart.field("Only this key, optional", "key")], confirm: slug,
            command: "apus queue drain \(slug)")
        let others = site.node.registry.activeFunctions.map(\.configuration.slug).filter { $0 != slug }
        guard !others.isEmpty else { return [drain.part] }
        let move = ActionPart(
            label: "Move", title: "Let another function take them over?",
            consequence: "Runs that have not been called yet are cancelled, and start as runs of the other function.",
            action: Link("functions", slug, "queue", "move"), verb: "Move them", isDangerous: true,
            choices: [ActionPart.choice("To", "to", others.map { ($0, $0) }, others.first ?? "")],
            inputs: [ActionPart.field("Only this key, optional", "key")], confirm: slug,
            command: "apus queue move \(slug) --to FUNCTION")
        return [drain.part, move.part]
    }
}
