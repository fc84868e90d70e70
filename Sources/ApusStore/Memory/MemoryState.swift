import ApusCore
import ApusEngine

/// Everything that a store holds, as a value: what the next batch does follows from it alone.
///
/// A copy is a snapshot of the state after some batch; it costs nothing until one of the two changes.
package struct MemoryState: Sendable {
    var shards: [Shard]
    var apps: [UUID16: AppRecord] = [:]
    var functions: [UUID16: FunctionRecord] = [:]

    // Events, with the rows of each id and key.
    var events = MemoryTable<EventRow>()
    var eventsByID: [ULID: [RowID]] = [:]
    var eventsByKey: [EventKey: [RowID]] = [:]

    // Runs, with the row of each id and the rows of each event.
    var runs = MemoryTable<Run>()
    var runsByID: [ULID: RowID] = [:]
    var runsByEvent: [RowID: [RowID]] = [:]
    /// When runs need attention; 0 for times that had come already when they were stored.
    var alarms: [RowID: Timestamp] = [:]

    var journal = MemoryTable<JournalRow>()
    var payloads = MemoryTable<RawJSON>()

    /// By run and number.
    var listeners: [RowID: [ListenerNumber: ListenerRow]] = [:]
    /// Events that have not reached all their listeners.
    var looks: Set<RowID> = []

    /// Messages by number, encoded.
    var outbox: [Link: [UInt64: [UInt8]]] = [:]
    /// The newest number sent.
    var sent: [Link: UInt64] = [:]
    /// The newest number applied.
    var applied: [Link: UInt64] = [:]

    /// Oldest first.
    var quarantine: [QuarantineReport] = []
    var schedules: [ScheduleKey: ScheduleRow] = [:]
    var backfills: [ULID: Backfill] = [:]
    /// Encoded; of those that are under way.
    var backfillTicks: [ULID: [UInt8]] = [:]
    var eventSchedules: [UUID16: EventScheduleRow] = [:]
    /// How far the ticks of each shard's event schedules have been dealt with.
    var tickCursors: [ShardID: Tick] = [:]
    /// What shards have to know of runs before they begin.
    var kept: [RowID: KeptRun] = [:]
    var arrivals: [ShardID: [LimitKey: Int64]] = [:]
    var pendings: [ULID: Pending] = [:]
    /// By event and function.
    var outcomes: [RowID: [UUID16: Outcome]] = [:]
    var runCounts: [RunCountKey: Int] = [:]
    /// Oldest first.
    var audit: [AuditEntry] = []
    /// Orders to cancel runs.
    var cancellations: [ULID: BulkCancellation] = [:]
    var replays: [ULID: Replay] = [:]
    /// By run and id.
    var spans: [RowID: [UInt64: AppSpan]] = [:]
    /// Bytes of what is stored, roughly as a file would need them.
    var bytes: Int64 = 0

    struct Shard: Hashable, Sendable {
        var epoch: UInt64 = 0
        var batch: UInt64 = 0
        var time = Timestamp(milliseconds: 0)
    }

    struct Run: Sendable {
        var row: RunRow
        var projection: RunProjection
    }

    struct EventScheduleRow: Sendable {
        var shard: ShardID
        var schedule: EventSchedule
        /// Everything but the name of its event.
        var event: RawJSON
    }

    /// A turn is kept encoded, so that whatever uses this store puts the codec to the test as well.
    struct JournalRow: Sendable {
        var run: RowID
        var previous: RowID
        var turn: [UInt8]
    }

    /// From one shard to another.
    struct Link: Hashable, Sendable {
        var from: ShardID
        var to: ShardID
    }

    /// An empty store.
    package init(shardCount: Int) {
        shards = Array(repeating: Shard(), count: shardCount)
    }

    /// The number of shards.
    package var shardCount: Int { shards.count }

    /// Takes a shard over.
    package mutating func claim(_ shard: ShardID) throws(StoreError) -> ClaimedShard {
        try check(shard)
        shards[Int(shard)].epoch += 1
        let found = shards[Int(shard)]
        let state = ShardState(
            registry: Registry(apps: Array(apps.values), functions: Array(functions.values)),
            rows: RowCounters(
                event: events.end(of: shard), run: runs.end(of: shard),
                turn: journal.end(of: shard), payload: payloads.end(of: shard)
            ),
            time: found.time,
            unacknowledged: try unacknowledged(from: shard),
            nextNumbers: MemoryState.numbers(sent.filter { $0.key.from == shard }, by: \.to).mapValues { $0 + 1 },
            applied: MemoryState.numbers(applied.filter { $0.key.to == shard }, by: \.from),
            topics: Set(listeners.values.joined().map(\.value.topic)).sorted(),
            looks: interruptedLooks(of: shard),
            schedules: shard == 0 ? schedules.values.map(withLivingRun).sorted { $0.key < $1.key } : [],
            backfills: shard == 0 ? try openBackfills() : [],
            eventSchedules: StoredEventSchedules(
                cursor: tickCursors[shard] ?? .none,
                entries: eventSchedules.values.filter { $0.shard == shard }.map {
                    StoredEventSchedules.Entry(
                        id: $0.schedule.key.id, timing: $0.schedule.timing, state: $0.schedule.state,
                        digest: $0.schedule.digest
                    )
                }
            ),
            kept: KeptRuns(
                kept.values.filter { RowCounters.shard(of: $0.run) == shard }.sorted { $0.run < $1.run }
            ),
            arrivals: (arrivals[shard] ?? [:]).map { Arrival(key: $0.key, time: $0.value) }
                .sorted { $0.key < $1.key },
            pendings: pendings.values
                .filter { ShardCore.home(of: $0.run, shardCount: shardCount) == shard }
                .sorted { $0.run < $1.run }
        )
        return ClaimedShard(epoch: found.epoch, batch: found.batch, state: state)
    }

    private func withLivingRun(_ schedule: ScheduleRow) -> ScheduleRow {
        guard let run = schedule.run, runs[run.row]?.projection.status.isFinal ?? true else { return schedule }
        var schedule = schedule
        schedule.run = nil
        return schedule
    }

    /// The newest batch of a shard, for the owner that is still in this epoch.
    package func lastBatch(of shard: ShardID, epoch: UInt64) throws(StoreError) -> UInt64 {
        try check(shard)
        let found = shards[Int(shard)]
        guard found.epoch == epoch else {
            throw .stale("shard \(shard) is in epoch \(found.epoch), not \(epoch)")
        }
        return found.batch
    }

    /// Sets an input aside; of very many the oldest are forgotten.
    package mutating func quarantine(_ report: QuarantineReport) {
        quarantine.append(report)
        quarantine.removeFirst(max(0, quarantine.count - 10_000))
    }

    private func check(_ shard: ShardID) throws(StoreError) {
        guard Int(shard) < shards.count else { throw .rejected("there is no shard \(shard)") }
    }

    private func unacknowledged(
        from shard: ShardID
    ) throws(StoreError) -> [(to: ShardID, number: UInt64, message: Message)] {
        var found: [(to: ShardID, number: UInt64, message: Message)] = []
        for link in outbox.keys.filter({ $0.from == shard }).sorted(by: { $0.to < $1.to }) {
            for (number, bytes) in (outbox[link] ?? [:]).sorted(by: { $0.key < $1.key }) {
                do {
                    found.append((link.to, number, try MessageCodec.decode(bytes)))
                } catch {
                    throw .unreadable("message \(number) to shard \(link.to): \(error)")
                }
            }
        }
        return found
    }

    private static func numbers(_ links: [Link: UInt64], by side: (Link) -> ShardID) -> [ShardID: UInt64] {
        Dictionary(uniqueKeysWithValues: links.map { (side($0.key), $0.value) })
    }
}
