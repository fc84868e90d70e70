import ApusCore
import ApusEngine
import Synchronization

/// A store that forgets everything with the process: the model that other stores are compared with,
/// and what the simulation runs on, with any number of shards.
package final class MemoryStore: Store {
    private let contents: Mutex<Contents>
    private let idempotencyPeriod: TimeSpan

    /// - Parameters:
    ///   - state: what the store begins with, for example a snapshot of another one.
    ///   - idempotencyPeriod: how long an event's key protects against a second run.
    package init(_ state: MemoryState, idempotencyPeriod: TimeSpan = .hours(24)) {
        contents = Mutex(Contents(state: state))
        self.idempotencyPeriod = idempotencyPeriod
        shardCount = state.shardCount
    }

    /// An empty store.
    package convenience init(shardCount: Int) {
        self.init(MemoryState(shardCount: shardCount))
    }

    package let shardCount: Int

    package var summary: String { "memory" }

    private struct Contents {
        var state: MemoryState
        var isClosed = false
    }

    /// What the store holds now, also after it was closed.
    package var snapshot: MemoryState { contents.withLock { $0.state } }

    package func claim(_ shard: ShardID) throws(StoreError) -> ClaimedShard {
        try change { state throws(StoreError) in try state.claim(shard) }
    }

    package func commit(_ batch: Batch) throws(StoreError) {
        try change { state throws(StoreError) in try state.apply(batch) }
    }

    package func lastBatch(of shard: ShardID, epoch: UInt64) throws(StoreError) -> UInt64 {
        try change { state throws(StoreError) in try state.lastBatch(of: shard, epoch: epoch) }
    }

    package func quarantine(_ report: QuarantineReport) throws(StoreError) {
        try change { state throws(StoreError) in state.quarantine(report) }
    }

    package func keep(_ cancellation: BulkCancellation) throws(StoreError) {
        try change { state throws(StoreError) in state.keep(cancellation) }
    }

    package func forgetCancellation(_ id: ULID) throws(StoreError) -> Bool {
        try change { state throws(StoreError) in state.cancellations.removeValue(forKey: id) != nil }
    }

    package func keep(_ replay: Replay) throws(StoreError) {
        try change { state throws(StoreError) in state.keep(replay) }
    }

    package func updateReplay(_ id: ULID, _ change: (inout Replay) -> Void) throws(StoreError) -> Replay? {
        try self.change { state throws(StoreError) in state.updateReplay(id, change) }
    }

    package func keep(_ spans: [AppSpan], of run: ULID) throws(StoreError) -> Int? {
        try change { state throws(StoreError) in state.keep(spans, of: run) }
    }

    package func reset() throws(StoreError) {
        try change { state throws(StoreError) in state.reset() }
    }

    package var reader: any StoreReader { MemoryReader(store: self) }

    package func removeOldestFinishedRuns(
        untilSmallerThan bytes: Int64, atMost count: Int
    ) throws(StoreError) -> Int {
        try change { state throws(StoreError) in
            let removed = state.removeOldestFinishedRuns(
                untilSmallerThan: bytes, atMost: count, idempotencyPeriod: idempotencyPeriod
            )
            state.removeOldCounts()
            return removed
        }
    }

    package func close() {
        contents.withLock { $0.isClosed = true }
    }

    private func change<Result>(
        _ body: (inout MemoryState) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try contents.withLock { contents throws(StoreError) in
            guard !contents.isClosed else { throw .unavailable("the store is closed") }
            return try body(&contents.state)
        }
    }

    fileprivate func read() throws(StoreError) -> MemoryState {
        try contents.withLock { contents throws(StoreError) in
            guard !contents.isClosed else { throw .unavailable("the store is closed") }
            return contents.state
        }
    }
}

private struct MemoryReader: StoreReader {
    let store: MemoryStore

    func run(_ row: RowID) throws(StoreError) -> LoadedRun? {
        try store.read().loadedRun(row)
    }

    func journal(ofRun id: ULID) throws(StoreError) -> LoadedRun? {
        let state = try store.read()
        guard let row = state.runsByID[id] else { return nil }
        return try state.loadedRun(row)
    }

    func wakes(of shard: ShardID, after: Wake?, upTo: Timestamp, limit: Int) throws(StoreError) -> WakePage {
        try store.read().wakes(of: shard, after: after, upTo: upTo, limit: limit)
    }

    func listeners(_ questions: [ListenerQuestion]) throws(StoreError) -> [ListenerPage] {
        try store.read().listeners(questions)
    }

    func listenersWithoutKey() throws(StoreError) -> [(name: String, count: Int)] {
        try store.read().listenersWithoutKey()
    }

    func runID(_ row: RowID) throws(StoreError) -> ULID? {
        try store.read().runs[row]?.row.id
    }

    func functionsStarted(by keys: [EventKey], since: Timestamp) throws(StoreError) -> [EventKey: [UUID16]] {
        try store.read().functionsStarted(by: keys, since: since)
    }

    func events(in rows: [RowID]) throws(StoreError) -> [StoredEvent] {
        try store.read().events(in: rows)
    }

    func outcomes(ofEvent id: ULID) throws(StoreError) -> [Outcome] {
        try store.read().outcomes(ofEvent: id)
    }

    func event(id: ULID) throws(StoreError) -> StoredEvent? {
        try store.read().event(id: id)
    }

    func events(
        named name: String?, before: RowID?, since: Timestamp?, limit: Int
    ) throws(StoreError) -> [StoredEvent] {
        try store.read().events(named: name, before: before, since: since, limit: limit)
    }

    func runs(ofEvent id: ULID) throws(StoreError) -> [StoredRun] {
        try store.read().runs(ofEvent: id)
    }

    func run(id: ULID) throws(StoreError) -> StoredRun? {
        try store.read().storedRun(id: id)
    }

    func runs(_ query: RunQuery, limit: Int) throws(StoreError) -> RunPage {
        try store.read().runs(query, limit: limit)
    }

    func runCounts(_ parts: MinuteParts, of functions: Set<UUID16>?) throws(StoreError) -> [RunCount] {
        try store.read().runCounts(parts, of: functions)
    }

    func runCountsByFunction(_ minutes: Range<Int64>) throws(StoreError) -> [UUID16: [RunState: Int]] {
        try store.read().runCountsByFunction(minutes)
    }

    func eventCounts(_ parts: MinuteParts, of events: EventChoice) throws(StoreError) -> [EventCount]? {
        try store.read().eventCounts(parts, of: events)
    }

    func size() throws(StoreError) -> Int64 {
        try store.read().bytes
    }

    func audit(limit: Int) throws(StoreError) -> [AuditEntry] {
        try store.read().audit.suffix(min(max(limit, 0), 1_000)).reversed()
    }

    func cancellations() throws(StoreError) -> [BulkCancellation] {
        try store.read().cancellations.values.sorted { $0.id > $1.id }
    }

    func spans(ofRun id: ULID) throws(StoreError) -> [AppSpan] {
        let state = try store.read()
        let spans = state.runsByID[id].flatMap { state.spans[$0] } ?? [:]
        return spans.sorted { $0.key < $1.key }.map(\.value)
    }

    func replays() throws(StoreError) -> [Replay] {
        try store.read().replays.values.sorted { $0.id > $1.id }
    }

    func runs(repeating id: ULID) throws(StoreError) -> [StoredRun] {
        try store.read().runs(repeating: id)
    }

    func backfills() throws(StoreError) -> [Backfill] {
        try store.read().backfills.values.sorted { $0.id > $1.id }
    }

    func livingRuns(
        of function: UUID16, from: Timestamp?, to: Timestamp, after: RowID, limit: Int
    ) throws(StoreError) -> [LivingRun] {
        try store.read().livingRuns(of: function, from: from, to: to, after: after, limit: limit)
    }

    func scheduledStarts(after: Wake, limit: Int) throws(StoreError) -> [ScheduledStart] {
        try store.read().scheduledStarts(after: after, limit: limit)
    }

    func eventSchedule(_ id: UUID16) throws(StoreError) -> (schedule: EventSchedule, event: EventTemplate)? {
        try store.read().eventSchedule(id)
    }

    func eventSchedules(after id: UUID16?, limit: Int) throws(StoreError) -> [EventSchedule] {
        try store.read().eventSchedules(after: id, limit: limit)
    }

    func tickCursors() throws(StoreError) -> [ShardID: Tick] {
        try store.read().tickCursors
    }

    func templates(of schedules: [UUID16], atMost bytes: Int) throws(StoreError) -> TemplatePage {
        try store.read().templates(of: schedules, atMost: bytes)
    }

    func quarantined(limit: Int) throws(StoreError) -> [QuarantineReport] {
        try store.read().quarantined(limit: limit)
    }
}
