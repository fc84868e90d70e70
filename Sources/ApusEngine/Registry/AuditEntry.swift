import ApusCore

/// Who changed how the server treats a function, when, and how. Written in the batch of the change.
package struct AuditEntry: Hashable, Sendable {
    package var at: Timestamp
    /// As the one who asked names himself.
    package var actor: String
    package var action: Action
    /// The function's slug, the id of an event or a run, or the name of an event schedule.
    package var subject: String
    /// What was set, as JSON; empty where the action says all.
    package var detail: String

    package enum Action: String, Hashable, Sendable, CaseIterable {
        case paused = "function.paused"
        case resumed = "function.resumed"
        case limitsSet = "function.limits.set"
        case limitsRemoved = "function.limits.removed"
        case drained = "queue.drained"
        case moved = "queue.moved"
        case withdrawn = "event.cancelled"
        case schedulePaused = "schedule.paused"
        case scheduleResumed = "schedule.resumed"
        case scheduleSet = "schedule.set"
        case scheduleRun = "schedule.run"
        case backfilled = "schedule.backfilled"
        case backfillStopped = "schedule.backfill.stopped"
        case scheduleCreated = "schedule.created"
        case scheduleReplaced = "schedule.replaced"
        case scheduleDeleted = "schedule.deleted"
        case rerun = "run.rerun"
        case woken = "run.woken"
        case replayed = "function.replayed"
        /// Everything before it is gone.
        case reset = "server.reset"
    }

    package init(at: Timestamp, actor: String, action: Action, subject: String, detail: String = "") {
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.detail = detail
    }

    /// Somebody who does not name himself.
    package static let api = "api"

    /// How many a store keeps, the newest.
    package static let kept = 10_000
}
