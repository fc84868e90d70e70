import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore

/// A run in a list.
struct RunRow: Sendable {
    var run: StoredRun
    /// Why it waits, or what failed.
    var note: String

    /// Rows for runs, with why each waits.
    /// - Parameter runs: those that have ended come with their ends.
    static func rows(_ runs: [StoredRun], on node: Node, now: Timestamp) async throws -> [RunRow] {
        var rows: [RunRow] = []
        for run in runs {
            var row = RunRow(run: run, note: "")
            switch run.projection.status {
            case .completed: break
            case .failed, .cancelled:
                let end = run.end
                row.note = FailurePart.line(
                    run.projection.status == .failed ? end?.output?.json.view : nil, cause: end?.cause ?? "")
            case .running where row.state(now).key == "waiting":
                row.note = try await WaitReport.find(run, on: node)?.reason ?? ""
            case .running: break
            }
            rows.append(row)
        }
        return rows
    }

    func state(_ now: Timestamp) -> (key: String, word: String) {
        Self.state(run.projection, now)
    }

    static func state(_ projection: RunProjection, _ now: Timestamp) -> (key: String, word: String) {
        switch RunState(projection) {
        case .queued: ("waiting", "Queued")
        case .running:
            // A call under way counts with the time at which it began.
            projection.wakeAt.map { $0 <= now } ?? false ? ("running", "Running") : ("waiting", "Waiting")
        case .completed: ("completed", "Completed")
        case .failed: ("failed", "Failed")
        case .cancelled: ("cancelled", "Cancelled")
        }
    }

    static func statePart(_ projection: RunProjection, _ now: Timestamp) -> Part {
        let state = state(projection, now)
        return ["key": .text(state.key), "word": .text(state.word)]
    }

    /// - Parameter list: the list with its filters, in which the panel opens.
    func part(list: Link, selected: String?, time: TimeText) -> Part {
        let id = run.id.description
        let projection = run.projection
        let isCron = run.eventName == ScheduledEvent.name
        let isInvoked = run.eventName == "inngest/function.invoked"
        let end = projection.endedAt ?? time.now
        return [
            "id": .text(id), "shortId": .text(id.shortID), "href": Link("runs", id).part,
            "panelHref": list.with("panel", id).part, "selected": .flag(id == selected),
            "state": Self.statePart(projection, time.now), "functionName": .text(run.functionSlug.visible()),
            "triggerKind": isCron ? "cron" : isInvoked ? "invoke" : "event",
            "triggerName": .text(run.eventName.visible()),
            "triggerHref": Link("events", run.eventID.description).part, "note": .text(note.visible()),
            "queued": time.part(run.createdAt), "started": time.part(projection.startedAt),
            "duration": .text(projection.startedAt.map { TimeText.duration(end - $0) } ?? "–"),
        ]
    }
}
