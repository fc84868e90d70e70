import ApusCore
import ApusEngine

/// The order to cancel all runs of a function that began in a stretch of time, or to drain or move those that
/// wait to start.
package struct BulkCancellation: Hashable, Sendable {
    package var id: ULID
    package var app: String
    package var function: UUID16
    package var functionSlug: String
    /// Runs created earlier are left alone; `nil` means from the first.
    package var startedAfter: Timestamp?
    /// Runs created later are left alone.
    package var startedBefore: Timestamp
    /// An expression over the event that started a run; `nil` means all of them.
    package var condition: String?
    /// What it does with runs that have not started; `nil` for an order that does not care about that.
    package var backlog: Backlog?
    package var createdAt: Timestamp
    /// When every run had been told; `nil` while it is under way.
    package var finishedAt: Timestamp?
    /// Runs that were told so far.
    package var cancelled: Int

    package init(
        id: ULID, app: String, function: UUID16, functionSlug: String, startedAfter: Timestamp?,
        startedBefore: Timestamp, condition: String?, backlog: Backlog? = nil, createdAt: Timestamp,
        finishedAt: Timestamp? = nil, cancelled: Int = 0
    ) {
        self.id = id
        self.app = app
        self.function = function
        self.functionSlug = functionSlug
        self.startedAfter = startedAfter
        self.startedBefore = startedBefore
        self.condition = condition
        self.backlog = backlog
        self.createdAt = createdAt
        self.finishedAt = finishedAt
        self.cancelled = cancelled
    }

    /// Runs that have not been called yet, all of them or those with a key.
    package struct Backlog: Hashable, Sendable {
        /// The value of any of a run's keys.
        package var key: String?
        /// The function that takes them over; `nil` discards them.
        package var target: UUID16?

        package init(key: String? = nil, target: UUID16? = nil) {
            self.key = key
            self.target = target
        }
    }

    /// How many orders a store keeps; the oldest finished ones go first.
    package static let kept = 1_000
}

/// A run that has not ended, with the event that started it.
package struct LivingRun: Hashable, Sendable {
    package var row: RowID
    package var event: RawJSON
    package var isStarted: Bool
    /// How flow control treats the run, as far as the store keeps it apart from the journal.
    package var flow: RunFlow?

    package init(row: RowID, event: RawJSON, isStarted: Bool, flow: RunFlow? = nil) {
        self.row = row
        self.event = event
        self.isStarted = isStarted
        self.flow = flow
    }
}
