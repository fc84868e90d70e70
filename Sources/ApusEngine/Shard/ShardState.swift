import ApusCore

/// What a shard reads from the store when it starts; everything else follows from inputs.
package struct ShardState: Sendable {
    package var registry: Registry
    package var rows: RowCounters
    /// The newest time that the shard has committed; its clock never goes back before it.
    package var time: Timestamp
    /// Messages to other shards that they have not acknowledged.
    package var unacknowledged: [(to: ShardID, number: UInt64, message: Message)]
    /// The next number for a message, by receiver.
    package var nextNumbers: [ShardID: UInt64]
    /// The newest message applied, by sender.
    package var applied: [ShardID: UInt64]
    /// Under which anything is listened to, by whatever shard.
    package var topics: [ListenerTopic]
    /// Looks that were begun and not finished.
    package var looks: InterruptedLooks
    /// Of the shard that owns the registry.
    package var schedules: [ScheduleRow]
    /// Those that are under way, of the same shard.
    package var backfills: [OpenBackfill]
    package var eventSchedules: StoredEventSchedules
    /// Runs that wait for their turn or take up room, in the order of rows.
    package var kept: KeptRuns
    package var arrivals: [Arrival]
    package var pendings: [Pending]

    package init(
        registry: Registry = Registry(),
        rows: RowCounters,
        time: Timestamp = Timestamp(milliseconds: 0),
        unacknowledged: [(to: ShardID, number: UInt64, message: Message)] = [],
        nextNumbers: [ShardID: UInt64] = [:],
        applied: [ShardID: UInt64] = [:],
        topics: [ListenerTopic] = [],
        looks: InterruptedLooks = InterruptedLooks(),
        schedules: [ScheduleRow] = [],
        backfills: [OpenBackfill] = [],
        eventSchedules: StoredEventSchedules = StoredEventSchedules(),
        kept: KeptRuns = KeptRuns(),
        arrivals: [Arrival] = [],
        pendings: [Pending] = []
    ) {
        self.registry = registry
        self.rows = rows
        self.time = time
        self.unacknowledged = unacknowledged
        self.nextNumbers = nextNumbers
        self.applied = applied
        self.topics = topics
        self.looks = looks
        self.schedules = schedules
        self.backfills = backfills
        self.eventSchedules = eventSchedules
        self.kept = kept
        self.arrivals = arrivals
        self.pendings = pendings
    }
}

/// Looks that a crash has interrupted; see `ShardCore.look`.
package struct InterruptedLooks: Sendable {
    /// Events that may not have reached all their listeners.
    package var events: [EventRow]
    /// Listeners that have not seen what was there before them.
    package var listeners: [ListenerRow]

    package init(events: [EventRow] = [], listeners: [ListenerRow] = []) {
        self.events = events
        self.listeners = listeners
    }
}
