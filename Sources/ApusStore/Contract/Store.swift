import ApusCore
import ApusEngine

/// Where shards keep what they decided.
///
/// Every function blocks and is called from a thread that may block, never from an event loop.
/// A store serves any number of readers while one commit per shard is under way. Any store passes
/// the suite in `Conformance/`.
package protocol Store: AnyObject, Sendable {
    /// One line for people: what the store is and where.
    var summary: String { get }
    /// The number of shards, fixed when the store is created.
    var shardCount: Int { get }

    /// Takes a shard over: bumps its epoch, so that an earlier owner can commit no more, and gives
    /// back what its next owner starts from.
    func claim(_ shard: ShardID) throws(StoreError) -> ClaimedShard

    /// Makes a batch durable, all of it or nothing.
    ///
    /// Writes are applied in order, except that of several projections of a run the last one counts.
    /// The writes are at fault when a row, a run's id, a message's number, a backfill or a run's listener exists
    /// already, when a run is of an event or a function that is not stored, when a kept run, an outcome, a
    /// debounce or a batch is of such a function, when a batch is not there or an event is not its next one,
    /// and when a projection is of a run that does not exist or has ended.
    ///
    /// - Throws: `.stale` when the epoch or the batch number does not follow the stored one;
    ///   `.rejected` when the writes themselves are at fault; `.unavailable` when it is not known
    ///   whether the batch landed.
    func commit(_ batch: Batch) throws(StoreError)

    /// Recovers from a failed commit and says which batch of the shard landed last.
    /// SQLite closes and reopens its file first: a failed fsync must not be retried on the same handle.
    func lastBatch(of shard: ShardID, epoch: UInt64) throws(StoreError) -> UInt64

    /// Sets an input aside whose writes the store can never accept, for people to look at.
    func quarantine(_ report: QuarantineReport) throws(StoreError)

    /// Stores an order to cancel runs, or what has become of it.
    func keep(_ cancellation: BulkCancellation) throws(StoreError)
    /// Removes an order.
    /// - Returns: whether there was one.
    func forgetCancellation(_ id: ULID) throws(StoreError) -> Bool

    /// Stores a new order to repeat runs; of those that have ended the oldest are forgotten.
    func keep(_ replay: Replay) throws(StoreError)
    /// Changes an order to repeat runs, in one step.
    /// - Returns: the order as it is now; `nil` when there is none.
    func updateReplay(_ id: ULID, _ change: (inout Replay) -> Void) throws(StoreError) -> Replay?

    /// Keeps spans that an app made during calls of a run. A span that is there already is replaced; beyond
    /// ``AppSpan/countLimit`` spans of a run no further ones are kept.
    /// - Returns: how many were kept; `nil` when there is no such run.
    func keep(_ spans: [AppSpan], of run: ULID) throws(StoreError) -> Int?

    /// Forgets everything and takes every shard from its owner, who finds that out at the next commit: for tests.
    func reset() throws(StoreError)

    var reader: any StoreReader { get }

    /// Removes the oldest finished runs, and events that no run refers to any more, until the store
    /// takes no more than this.
    ///
    /// Oldest means begun first. Runs of the idempotency period whose event carries a key go last: they
    /// are what makes a repeat of the event harmless. Events that started nothing go with the runs of
    /// their age, but none goes before it has reached all its listeners. The rows of what was removed are
    /// not drawn again.
    /// - Returns: the number of runs removed.
    func removeOldestFinishedRuns(untilSmallerThan bytes: Int64, atMost count: Int) throws(StoreError) -> Int

    /// Lets go of everything; from then on every answer is `.unavailable`. Closing twice is harmless.
    func close()
}

/// Reads what has been committed. Safe to call from several threads at a time.
package protocol StoreReader: Sendable {
    func run(_ row: RowID) throws(StoreError) -> LoadedRun?
    /// Wake-up times after a position and until a time, in order.
    ///
    /// A time that had come already when it was stored is given as 0, which is as due as a time can be:
    /// so the index need not move with every step of a run that is being called.
    func wakes(of shard: ShardID, after: Wake?, upTo: Timestamp, limit: Int) throws(StoreError) -> WakePage
    /// The listeners that each subject may concern: of its topics those with its keys, in the order of
    /// path, run and number, ``ListenerQuestion/page`` of them after the cursor. Of all shards.
    func listeners(_ questions: [ListenerQuestion]) throws(StoreError) -> [ListenerPage]
    /// How many listeners every event of a name has to be compared with, one by one, because they have no
    /// key; the 100 names with the most.
    func listenersWithoutKey() throws(StoreError) -> [(name: String, count: Int)]
    /// The functions that events with these keys, received after a time, have started, in the order of
    /// their runs, and after them those that have taken them into a batch or a debounce; nothing for keys
    /// that started nothing.
    func functionsStarted(by keys: [EventKey], since: Timestamp) throws(StoreError) -> [EventKey: [UUID16]]

    /// Those of the events in these rows that exist, in no order.
    func events(in rows: [RowID]) throws(StoreError) -> [StoredEvent]
    /// What became of all copies of an event besides starting runs of its own, in the order of events and
    /// functions, 1,000 at most.
    func outcomes(ofEvent id: ULID) throws(StoreError) -> [Outcome]
    /// The first copy of an event: a repeated request stores its events again under the same ids.
    func event(id: ULID) throws(StoreError) -> StoredEvent?
    /// Newest first within each shard, 1,000 at most. `before` is the row of the last one of the page
    /// before.
    func events(named name: String?, before: RowID?, since: Timestamp?, limit: Int) throws(StoreError) -> [StoredEvent]
    /// The runs of all copies of an event, oldest first, 1,000 at most; also those of batches and debounces
    /// that have taken it.
    func runs(ofEvent id: ULID) throws(StoreError) -> [StoredRun]
    func run(id: ULID) throws(StoreError) -> StoredRun?
    /// The id of the run in a row.
    func runID(_ row: RowID) throws(StoreError) -> ULID?
    /// Runs that a query asks for, 1,000 at most; looks at some ten thousand before it stops short.
    func runs(_ query: RunQuery, limit: Int) throws(StoreError) -> RunPage
    /// How many runs of all functions, or of some, came into each state, by part of a stretch of time; parts
    /// without any are left out, and nothing is known of minutes that lie more than 30 days back.
    func runCounts(_ parts: MinuteParts, of functions: Set<UUID16>?) throws(StoreError) -> [RunCount]
    /// The same for a whole stretch of time, by function.
    func runCountsByFunction(_ minutes: Range<Int64>) throws(StoreError) -> [UUID16: [RunState: Int]]
    /// How many of the events that are still there came in, by part of a stretch of time; parts without any are
    /// left out. `nil` when there are too many names to count them all.
    func eventCounts(_ parts: MinuteParts, of events: EventChoice) throws(StoreError) -> [EventCount]?
    /// The whole history of a run, oldest first; `nil` when there is no such run.
    func journal(ofRun id: ULID) throws(StoreError) -> LoadedRun?
    /// Who changed what, newest first, 1,000 at most.
    func audit(limit: Int) throws(StoreError) -> [AuditEntry]
    /// Orders to cancel runs, newest first, 1,000 at most.
    func cancellations() throws(StoreError) -> [BulkCancellation]
    /// Orders to repeat runs, newest first.
    func replays() throws(StoreError) -> [Replay]
    /// The spans that an app made during calls of a run, in the order of their ids.
    func spans(ofRun id: ULID) throws(StoreError) -> [AppSpan]
    /// The runs that repeat a run, oldest first, 1,000 at most.
    func runs(repeating id: ULID) throws(StoreError) -> [StoredRun]
    /// Backfills, newest first: those under way, and of those that have ended the newest ``Backfill/kept``.
    func backfills() throws(StoreError) -> [Backfill]
    /// Runs of a function that have not ended and were created in a stretch of time, in the order of rows.
    func livingRuns(
        of function: UUID16, from: Timestamp?, to: Timestamp, after: RowID, limit: Int
    ) throws(StoreError) -> [LivingRun]
    /// Runs that are to start at a time that has not come, in the order of time and row, after a position
    /// and 1,000 at most. Those that wait for their turn are none of them.
    func scheduledStarts(after: Wake, limit: Int) throws(StoreError) -> [ScheduledStart]
    /// An event schedule with its event.
    func eventSchedule(_ id: UUID16) throws(StoreError) -> (schedule: EventSchedule, event: EventTemplate)?
    /// Event schedules of all shards in the order of their ids, after one and 1,000 at most.
    func eventSchedules(after id: UUID16?, limit: Int) throws(StoreError) -> [EventSchedule]
    /// How far the ticks of each shard's event schedules have been dealt with; of those that have had one.
    func tickCursors() throws(StoreError) -> [ShardID: Tick]
    /// The events of schedules, in the order of the ids until they have so many bytes, but of one at least.
    func templates(of schedules: [UUID16], atMost bytes: Int) throws(StoreError) -> TemplatePage
    /// Bytes that the store takes, without what is about to be moved into it.
    func size() throws(StoreError) -> Int64
    /// Newest first, 1,000 at most.
    func quarantined(limit: Int) throws(StoreError) -> [QuarantineReport]
}

package struct ClaimedShard: Sendable {
    package var epoch: UInt64
    /// The number of the last batch that landed; the next is one more.
    package var batch: UInt64
    package var state: ShardState

    package init(epoch: UInt64, batch: UInt64, state: ShardState) {
        self.epoch = epoch
        self.batch = batch
        self.state = state
    }
}

/// The writes of one or more decisions.
package struct Batch: Sendable {
    package var shard: ShardID
    package var epoch: UInt64
    package var number: UInt64
    /// The newest time that a decision of the batch saw.
    package var time: Timestamp
    package var writes: [Write]

    package init(shard: ShardID, epoch: UInt64, number: UInt64, time: Timestamp, writes: [Write]) {
        self.shard = shard
        self.epoch = epoch
        self.number = number
        self.time = time
        self.writes = writes
    }
}

package struct StoredEvent: Hashable, Sendable {
    package var row: RowID
    package var id: ULID
    package var name: String
    package var receivedAt: Timestamp
    package var body: RawJSON

    package init(row: RowID, id: ULID, name: String, receivedAt: Timestamp, body: RawJSON) {
        self.row = row
        self.id = id
        self.name = name
        self.receivedAt = receivedAt
        self.body = body
    }
}

package struct StoredRun: Hashable, Sendable {
    package var row: RowID
    package var id: ULID
    package var function: UUID16
    package var functionSlug: String
    package var eventID: ULID
    package var eventName: String
    package var createdAt: Timestamp
    package var projection: RunProjection
    /// How the run ended, with its output; `nil` while it runs.
    package var end: RunEnd?
    /// The run that it repeats.
    package var origin: ULID?

    package init(
        row: RowID, id: ULID, function: UUID16, functionSlug: String, eventID: ULID, eventName: String,
        createdAt: Timestamp, projection: RunProjection, end: RunEnd?, origin: ULID? = nil
    ) {
        self.row = row
        self.id = id
        self.function = function
        self.functionSlug = functionSlug
        self.eventID = eventID
        self.eventName = eventName
        self.createdAt = createdAt
        self.projection = projection
        self.end = end
        self.origin = origin
    }

    /// Takes over how the run has ended since this was read. What is stored says the same, and also which row of the
    /// journal is the newest now.
    package mutating func finish(_ outcome: RunOutcome) {
        end = outcome.end
        projection.status = outcome.end.status
        projection.startedAt = outcome.startedAt
        projection.endedAt = outcome.endedAt
        projection.wakeAt = nil
    }
}

/// An input that could not be made durable.
package struct QuarantineReport: Hashable, Sendable {
    package var at: Timestamp
    /// What kind of input it was.
    package var input: String
    package var reason: String

    package init(at: Timestamp, input: String, reason: String) {
        self.at = at
        self.input = input
        self.reason = reason
    }
}

package enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another owner has taken the shard, or a batch is out of order.
    case stale(String)
    /// The store understood the writes and refuses them; repeating them is useless.
    case rejected(String)
    /// Disk full, I/O error, lost connection: the outcome may be unknown, and it may pass.
    case unavailable(String)
    /// What is stored cannot be read: damage, or a newer format.
    case unreadable(String)

    package var description: String {
        switch self {
        case .stale(let reason): "the shard has another owner: \(reason)"
        case .rejected(let reason): "the store refuses the batch: \(reason)"
        case .unavailable(let reason): "the store is unavailable: \(reason)"
        case .unreadable(let reason): "the store cannot be read: \(reason)"
        }
    }
}
