import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import Hummingbird

/// `/runs/cancel`: what cancelling all living runs of a list would do, before it is done.
struct CancelPage: Sendable {
    let site: Site

    /// Living runs that are looked at for the number of those that match.
    private static let looked = 20_000
    private static let page = 1_000

    /// Whether a list has runs that can be cancelled together: orders go by the time at which runs were queued.
    static func allows(_ filter: RunFilter) -> Bool {
        guard filter.conditionProblem == nil else { return false }
        guard filter.field == "queued" || filter.from == nil && filter.until == nil else { return false }
        return filter.states.isEmpty || !Set(filter.states).isDisjoint(with: ["running", "waiting"])
    }

    /// What is to be cancelled.
    private struct Plan: Sendable {
        var functions: [(function: FunctionRecord, runs: Int)] = []
        var from: Timestamp?
        var until: Timestamp
        var condition: String?
        /// Whether runs that have been called go on.
        var onlyQueued: Bool
        /// Whether there are more than were looked at.
        var isCut = false

        var count: Int { functions.reduce(0) { $0 + $1.runs } }
        /// What has to be typed.
        var confirmation: String { "cancel \(count)\(isCut ? "+" : "")" }
    }

    func answer(_ visit: Visit) async throws -> Response {
        let filter = try RunFilter(visit)
        let plan = try await plan(filter, until: min(filter.until ?? visit.now, visit.now), visit)
        let count = NumberText.counted(plan.count, plan.onlyQueued ? "queued run" : "living run")
        var conditions: [String] = []
        if let from = plan.from { conditions.append("queued since \(from.rfc3339)") }
        conditions.append("queued before \(plan.until.rfc3339)")
        if let condition = plan.condition { conditions.append("of events for which \(condition)") }
        var hidden = [
            ("function", filter.function ?? ""), ("app", filter.app ?? ""), ("query", filter.text("query")),
            ("from", plan.from?.rfc3339 ?? ""), ("until", plan.until.rfc3339), ("confirmation", plan.confirmation),
        ]
        hidden += filter.states.map { ("status", $0) }
        let fields: [String: Part] = [
            "count": .text(plan.isCut ? "more than \(count)" : count), "hasRuns": .flag(plan.count > 0),
            "conditions": .text(conditions.joined(separator: ", ").visible()), "back": filter.link.part,
            "confirm": .text(plan.confirmation),
            "functions": .list(
                plan.functions.map { function, runs in
                    let slug = function.configuration.slug
                    return [
                        "functionName": .text(slug.visible()), "count": .text(NumberText.grouped(runs)),
                        "href": filter.link.with("function", slug).with("status", all: ["running", "waiting"]).part,
                    ]
                }),
            "fields": .list(hidden.filter { !$1.isEmpty }.map { ["name": .text($0), "value": .text($1)] }),
        ]
        let failed = try await site.failedLately(visit)
        return site.answer(
            "cancel", site.frame(visit, title: "Cancel many runs", page: "r", failed: failed, fields), visit)
    }

    /// Cancels what the page has shown; runs that came later are left alone.
    func cancel(_ form: Form, _ visit: Visit) async throws -> Response {
        let filter = try RunFilter(visit.asking(form.fields))
        try form.checkConfirmation()
        guard let until = filter.until, until <= visit.now else {
            throw PageProblem(400, "Nothing has been done", "The time up to which runs are meant is missing.")
        }
        let plan = try await plan(filter, until: until, visit)
        for (function, _) in plan.functions {
            let order = site.node.cancellation(
                of: function, from: plan.from, until: plan.until, condition: plan.condition,
                backlog: plan.onlyQueued ? BulkCancellation.Backlog() : nil, at: visit.now)
            if plan.onlyQueued {
                try await site.node.begin(order, by: Dashboard.actor)
            } else {
                try await site.node.begin(order)
            }
        }
        let notice = Notice(
            plan.count == 0
                ? "No such run lives any more."
                : "The runs are being cancelled; the orders are stored and go on after a restart.",
            tone: plan.count == 0 ? "waiting" : "completed")
        return PageAnswer.redirect(to: site.base + filter.link.with("until", nil).with("from", nil).text, notice)
    }

    private func plan(_ filter: RunFilter, until: Timestamp, _ visit: Visit) async throws -> Plan {
        guard Self.allows(filter) else {
            throw PageProblem(
                400, "These runs cannot be cancelled together",
                "Only runs that live can be cancelled, chosen by function, app, the time at which they were queued, "
                    + "and a condition.")
        }
        let chosen = filter.functions(in: site.node.registry)
        let functions = site.node.registry.functions.values
            .filter { chosen?.contains($0.id) ?? true }
            .sorted { $0.configuration.slug < $1.configuration.slug }
        let condition = try filter.condition.map { try EventCondition($0) }
        let (from, now) = (filter.from, visit.now)
        let onlyQueued = filter.states == ["waiting"]
        var plan = Plan(from: from, until: until, condition: filter.condition, onlyQueued: onlyQueued)
        var looked = 0
        for function in functions {
            var (count, after) = (0, RowID.min)
            while looked < Self.looked {
                let position = after
                let runs = try await site.node.read { reader throws(StoreError) in
                    try reader.livingRuns(
                        of: function.id, from: from, to: until, after: position, limit: Self.page)
                }
                looked += runs.count
                count += runs.count { run in
                    !(onlyQueued && run.isStarted) && (condition?.holds(for: run.event, now: now) ?? true)
                }
                guard runs.count == Self.page, let last = runs.last else { break }
                after = last.row
            }
            // What was not looked at may hold some.
            plan.isCut = plan.isCut || looked >= Self.looked
            if count > 0 || looked >= Self.looked { plan.functions.append((function, count)) }
        }
        return plan
    }
}
