import ApusCore
import ApusEngine
import ApusStore

/// Which runs an event has resumed or cancelled, as far as their journals say so.
///
/// Nothing leads from an event to them, so the newest runs that lived when it came are looked at.
struct EventEffects: Sendable {
    private(set) var resumed: [StoredRun] = []
    private(set) var cancelled: [StoredRun] = []
    /// How far the search went, when it did not go to the end.
    private(set) var note: String?

    /// Runs that are looked at, and journals among them.
    private static let (runs, journals) = (200, 50)
    /// How long after an event the runs that it has cancelled may have ended.
    private static let delay = TimeSpan.seconds(5)

    init(_ event: StoredEvent, _ reader: any StoreReader) throws(StoreError) {
        let query = RunQuery(
            after: RunPosition(createdAt: event.receivedAt + .milliseconds(1), row: .min), hasEnds: true)
        let page = try reader.runs(query, limit: Self.runs)
        let living = page.runs.filter { $0.projection.endedAt.map { $0 >= event.receivedAt } ?? true }
        var journals = 0
        for run in living {
            if isCancelled(run, by: event) {
                cancelled.append(run)
                continue
            }
            guard journals < Self.journals else { break }
            journals += 1
            guard let history = try reader.journal(ofRun: run.id),
                history.turns.contains(where: { turn in
                    turn.at >= event.receivedAt && Self.resumes(turn, event)
                })
            else { continue }
            resumed.append(run)
        }
        let isCut = page.next != nil && page.runs.count == Self.runs || journals == Self.journals
        if isCut { note = "Of the runs that lived when it came, only the newest were looked at." }
    }

    /// The result of a wait is the event itself.
    private static func resumes(_ turn: Turn, _ event: StoredEvent) -> Bool {
        turn.entries.contains { entry in
            guard case .stepFinished(let result) = entry, result.label.kind == .waitForEvent else { return false }
            return result.memo.json == event.body
        }
    }

    private func isCancelled(_ run: StoredRun, by event: StoredEvent) -> Bool {
        guard let end = run.end, end.status == .cancelled, let ended = run.projection.endedAt else { return false }
        return end.cause == "cancelled by the event \(event.name)" && ended - event.receivedAt <= Self.delay
    }
}
