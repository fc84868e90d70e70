import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import Hummingbird

/// `/replays/new`: what repeating all runs of a list would do, before it is done.
struct ReplayPage: Sendable {
    let site: Site

    private static let starts = [("failure", "where they failed"), ("beginning", "at their beginning")]

    /// Whether all runs of a list can be repeated together: orders are made for a function and for runs that ended
    /// in a stretch of time.
    static func allows(_ filter: RunFilter) -> Bool {
        filter.function != nil && filter.condition == nil && !states(filter).isEmpty
    }

    private static func states(_ filter: RunFilter) -> Set<RunState> {
        let chosen = Set(filter.states.compactMap { RunState(name: $0) }).intersection([
            .failed, .cancelled, .completed,
        ])
        return filter.states.isEmpty ? [.failed] : chosen
    }

    private func wish(_ filter: RunFilter, _ start: String, _ pace: String, _ visit: Visit) throws -> Node.ReplayWish {
        guard Self.allows(filter), let slug = filter.function else {
            throw PageProblem(
                400, "These runs cannot be repeated together",
                "Choose a function, and no condition; only runs that have ended are repeated.")
        }
        guard let start = Replay.Start(name: start),
            let pace = Int(pace), (1...Replay.fastestPace).contains(pace)
        else {
            throw PageProblem(
                400, "Nothing has been done", "The pace is a number from 1 to \(Replay.fastestPace) runs a minute.")
        }
        return Node.ReplayWish(
            function: try FunctionPage.find(slug, site), states: Self.states(filter), from: filter.from,
            until: min(filter.until ?? visit.now, visit.now), start: start, perMinute: pace)
    }

    func answer(_ visit: Visit) async throws -> Response {
        let filter = try RunFilter(visit)
        let wish = try wish(filter, "failure", String(Replay.usualPace), visit)
        let plan = try await site.node.preview(wish, by: Dashboard.actor)
        let confirmation = Self.confirmation(plan)
        let states = RunState.allCases.filter { wish.states.contains($0) }.map(\.name)
        let ended = "\(states.joined(separator: " or ")) before \(plan.replay.until.rfc3339)"
        var hidden = [
            ("function", wish.function.configuration.slug), ("from", wish.from?.rfc3339 ?? ""),
            ("until", plan.replay.until.rfc3339), ("confirmation", confirmation),
        ]
        hidden += states.map { ("status", $0) }
        let count = NumberText.counted(plan.replay.found, "run")
        let fields: [String: Part] = [
            "count": .text(plan.isWhole ? count : "at least \(count)"), "hasRuns": .flag(plan.replay.found > 0),
            "functionName": .text(wish.function.configuration.slug.visible()),
            "conditions": .text(wish.from.map { "\(ended), since \($0.rfc3339)" } ?? ended),
            "back": filter.link.part, "confirm": .text(confirmation),
            "starts": .list(ActionPart.options(Self.starts, "failure")), "pace": .text(String(Replay.usualPace)),
            "fields": .list(hidden.filter { !$1.isEmpty }.map { ["name": .text($0), "value": .text($1)] }),
            "command": .text(Self.command(wish)),
        ]
        let failed = try await site.failedLately(visit)
        return site.answer(
            "replay", site.frame(visit, title: "Repeat many runs", page: "r", failed: failed, fields), visit)
    }

    private static func confirmation(_ plan: (replay: Replay, isWhole: Bool)) -> String {
        "repeat \(plan.replay.found)\(plan.isWhole ? "" : "+")"
    }

    private static func command(_ wish: Node.ReplayWish) -> String {
        let states = RunState.allCases.filter { wish.states.contains($0) }.map(\.name).joined(separator: ",")
        let from = wish.from.map { " --from \($0.rfc3339)" } ?? ""
        return "apus replays start \(wish.function.configuration.slug) --status \(states)\(from)"
    }

    /// Orders what the page has shown.
    func order(_ form: Form, _ visit: Visit) async throws -> Response {
        let filter = try RunFilter(visit.asking(form.fields))
        try form.checkConfirmation()
        guard filter.until != nil else {
            throw PageProblem(400, "Nothing has been done", "The time up to which runs are meant is missing.")
        }
        let plan = try await site.node.order(
            try wish(filter, form["start"], form["per_minute"], visit), by: Dashboard.actor)
        return PageAnswer.redirect(
            to: site.base + "/replays",
            plan.replay.found > 0
                ? Notice("\(NumberText.counted(plan.replay.found, "run")) are being repeated.")
                : Notice("No run matches any more.", tone: "waiting"))
    }
}
