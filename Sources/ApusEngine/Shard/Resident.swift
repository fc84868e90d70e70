import ApusCore

/// A folded run in a shard's memory, with what the shard keeps beside the fold.
final class Resident {
    var run: Run
    /// The stored bodies of the run's events, in order of arrival.
    let events: [RawJSON]
    /// The run's newest journal row; 0 before the first.
    var head: RowID
    /// What the decision in progress has recorded so far.
    var openTurn: [JournalEntry] = []
    /// Whether the decision in progress has touched the run.
    var isTouched = false
    /// Listeners that the store has.
    var storedListeners: Set<ListenerNumber> = []
    /// Jobs for which the run stands in the queue.
    var queued: Set<JobNumber> = []
    /// What the store has of the run as a kept one; `.unknown` after the run was read.
    var stored: StoredKept
    /// When the store has the run woken.
    var storedAlarm: Timestamp?
    /// Until when a deadline that has come is held back, because an event that came in time is on its way.
    var heldUntil: Timestamp?
    /// The wake-up time that the shard's heap holds for the run.
    var armed: Timestamp?
    /// The batch that holds the run's newest turn.
    var batch: UInt64 = 0
    /// What the run counts for in the shard's memory.
    var accountedBytes = 0
    /// Changes whenever the run is touched, so that older places in the idle queue are void.
    var stamp: UInt64 = 0

    enum StoredKept: Equatable {
        case unknown
        case known(KeptRun?)
    }

    init(run: Run, events: [RawJSON], head: RowID, stored: StoredKept = .unknown) {
        self.run = run
        self.stored = stored
        self.events = events
        self.head = head
        storedListeners = Set(run.listeners.lazy.filter(\.isReachable).map(\.number))
    }

    var row: RowID { run.row }

    /// The stored body of the event that started the run; of several the first.
    var triggerBody: RawJSON { events.first ?? .emptyObject }

    /// A run with no call under way can leave memory and be folded again when something happens; one that
    /// waits for its turn keeps its place.
    var isIdle: Bool {
        run.calls == 0
    }

    /// The earliest time at which the run expires, or at which a job that is neither called nor queued
    /// falls due.
    var nextDue: Timestamp? {
        var next = run.expiresAt
        for job in run.jobs where !queued.contains(job.number) {
            guard case .scheduled(let due) = job.phase else { continue }
            next = next.map { min($0, due) } ?? due
        }
        return next.map { due in heldUntil.map { max(due, $0) } ?? due }
    }

    var estimatedBytes: Int {
        run.residentBytes + events.reduce(0) { $0 + $1.bytes.count }
    }
}
