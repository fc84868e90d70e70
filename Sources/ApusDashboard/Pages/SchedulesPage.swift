import ApusCore
import ApusCron
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import Hummingbird

/// `/schedules`: cron triggers with their ticks, and events of a time to come.
struct SchedulesPage: Sendable {
    let site: Site

    private static let starts = 50

    func answer(_ visit: Visit) async throws -> Response {
        let schedules = await site.node.schedules().sorted {
            ($0.nextTick ?? .distantFuture) < ($1.nextTick ?? .distantFuture)
        }
        var rows: [Part] = []
        for schedule in schedules { rows.append(try await row(schedule, visit)) }
        let cursor = Self.cursor(visit.value("before"))
        let found = try await site.node.scheduledStarts(after: cursor, limit: Self.starts)
        let more = found.count == Self.starts ? found.last?.wake : nil
        let fields: [String: Part] = [
            "total": .text(NumberText.counted(schedules.count, "schedule")), "hasSchedules": .flag(!rows.isEmpty),
            "schedules": .list(rows), "scheduledTotal": .text(NumberText.counted(found.count, "run")),
            "hasScheduledEvents": .flag(!found.isEmpty), "scheduledEvents": .list(found.map { start($0, visit) }),
            "turn": cursor == nil && more == nil
                ? false
                : [
                    "shown": .text(NumberText.counted(found.count, "run")),
                    "newest": cursor == nil ? false : "/schedules",
                    "older": more.map {
                        Link("schedules").with("before", "\($0.at.milliseconds).\($0.run)").part
                    } ?? false,
                ],
            "command": "apus schedules ls",
        ]
        let failed = try await site.failedLately(visit)
        return site.answer("schedules", site.frame(visit, title: "Schedules", page: "s", failed: failed, fields), visit)
    }

    private static func cursor(_ text: String?) -> Wake? {
        let parts = (text ?? "").split(separator: ".")
        guard parts.count == 2, let time = Int64(parts[0]), let run = RowID(parts[1]) else { return nil }
        return Wake(at: Timestamp(milliseconds: time), run: run)
    }

    private func row(_ schedule: ScheduleView, _ visit: Visit) async throws -> Part {
        let key = schedule.key
        let tick = try await site.node.read { reader throws(StoreError) in
            try ScheduleTicks.find(key, limit: 1, reader).first
        }
        var made: Part = false
        if let tick {
            let link = tick.run.map { Link("runs", $0.id.description) } ?? Link("events", tick.event.id.description)
            let state =
                tick.run.map { RunRow.statePart($0.projection, visit.now) } ?? ["key": "skipped", "word": "Skipped"]
            made = state.with(["href": link.part])
        }
        let isPaused = schedule.settings.pausedAt != nil
        let state: Part =
            isPaused
            ? ["key": "paused", "word": "Paused"]
            : schedule.isFunctionPaused
                ? ["key": "paused", "word": "Function paused"] : ["key": "completed", "word": "Active"]
        var rules: [String] = []
        if let catchUp = schedule.settings.catchUp { rules.append("catches up: \(catchUp.name)") }
        if schedule.settings.overlap != .allow { rules.append("overlap: \(schedule.settings.overlap.name)") }
        return [
            "uuid": .text(key.id.description), "functionName": .text(schedule.functionSlug.visible()),
            "functionHref": Link("functions", schedule.functionSlug).part,
            "expression": .text(key.expression.visible()),
            "words": .text((try? CronSchedule(key.expression))?.words ?? ""),
            "rules": rules.isEmpty ? false : .text(rules.joined(separator: ", ")), "state": state,
            "next": visit.time.part(schedule.nextTick), "latest": visit.time.part(schedule.lastTick), "made": made,
            "actions": .list(actions(schedule, isPaused)),
        ]
    }

    private func actions(_ schedule: ScheduleView, _ isPaused: Bool) -> [Part] {
        let id = schedule.key.id.description
        let slug = schedule.functionSlug
        let change = ActionPart(
            label: "Change", title: "Change the schedule of \(slug)",
            consequence: "Holds from now on, through restarts and registrations, for as long as the function keeps "
                + "the expression.",
            action: Link("schedules", id), verb: "Change it",
            choices: [
                ActionPart.choice("Ticks", "paused", [("false", "happen"), ("true", "are paused")], "\(isPaused)"),
                ActionPart.choice(
                    "Missed ticks", "catch_up",
                    [("", "as the server is set")] + CatchUp.allCases.map { ($0.name, $0.name) },
                    schedule.settings.catchUp?.name ?? ""),
                ActionPart.choice(
                    "While the run before lives", "overlap", Overlap.allCases.map { ($0.name, $0.name) },
                    schedule.settings.overlap.name),
            ])
        let run = ActionPart(
            label: "Run now", title: "Run \(slug) now?", consequence: "A run starts at once; the next tick stays.",
            action: Link("schedules", id, "run"), verb: "Start a run")
        return [run.part, change.part]
    }

    private func start(_ start: ScheduledStart, _ visit: Visit) -> Part {
        let (event, run) = (start.event.description, start.run.description)
        return [
            "starts": visit.time.part(start.wake.at), "name": .text(start.eventName.visible()),
            "href": Link("events", event).part, "functionName": .text(start.functionSlug.visible()),
            "runId": .text(run), "shortRunId": .text(run.shortID), "runHref": Link("runs", run).part,
            "actions": [
                ActionPart(
                    label: "Cancel", title: "Take this event back?",
                    consequence: "Every run that it is to start is cancelled.",
                    action: Link("events", event, "cancel"), verb: "Cancel its runs", isDangerous: true,
                    command: "apus events cancel \(event)"
                ).part
            ],
        ]
    }
}
