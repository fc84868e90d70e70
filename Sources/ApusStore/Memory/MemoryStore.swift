import ApusCore
import ApusEngine
import Synchronization

/// A store that forgets everything with the process: the model that other stores are compared with,
/// and what the simulation runs on, with any number of shards.
package final class MemoryStore: Store {
    private let state: Mutex<MemoryState>
    private let idempotencyPeriod: TimeSpan

    /// - Parameters:
    ///   - state: what the store begins with, for example a snapshot of another one.
    ///   - idempotencyPeriod: how long an event's key protects against a second run.
    package init(_ state: MemoryState, idempotencyPeriod: TimeSpan = .hours(24)) {
        self.state = Mutex(state)
        self.idempotencyPeriod = idempotencyPeriod
        shardCount = state.shardCount
    }

    package convenience init(shardCount: Int) {
        self.init(MemoryState(shardCount: shardCount))
    }

    package let shardCount: Int

    package var summary: String { "memory" }

    /// What the store holds now.
    package var snapshot: MemoryState { state.withLock { $0 } }

    package func claim(_ shard: ShardID) throws(StoreError) -> ClaimedShard {
        try state.withLock { state throws(StoreError) in try state.claim(shard) }
    }

    package func commit(_ batch: Batch) throws(StoreError) {
        try state.withLock { state throws(StoreError) in try state.apply(batch) }
    }

    package func lastBatch(of shard: ShardID, epoch: UInt64) throws(StoreError) -> UInt64 {
        try state.withLock { state throws(StoreError) in try state.lastBatch(of: shard, epoch: epoch) }
    }

    package func quarantine(_ report: QuarantineReport) throws(StoreError) {
        state.withLock { $0.quarantine(report) }
    }

    package var reader: any StoreReader { MemoryReader(store: self) }

    package func removeOldestFinishedRuns(
        untilSmallerThan bytes: Int64, atMost count: Int
    ) throws(StoreError) -> Int {
        try state.withLock { state throws(StoreError) in
            try state.removeOldestFinishedRuns(
                untilSmallerThan: bytes, atMost: count, idempotencyPeriod: idempotencyPeriod
            )
        }
    }

    package func close() {}
}

private struct MemoryReader: StoreReader {
    let store: MemoryStore

    func run(_ row: RowID) throws(StoreError) -> LoadedRun? {
        try store.snapshot.loadedRun(row)
    }

    func journal(ofRun id: ULID) throws(StoreError) -> LoadedRun? {
        let state = store.snapshot
        guard let row = state.runsByID[id] else { return nil }
        return try state.loadedRun(row)
    }

    func wakes(of shard: ShardID, after: Wake?, upTo: Timestamp, limit: Int) throws(StoreError) -> WakePage {
        store.snapshot.wakes(of: shard, after: after, upTo: upTo, limit: limit)
    }

    func functionsStarted(by keys: [EventKey], since: Timestamp) throws(StoreError) -> [EventKey: [UUID16]] {
        store.snapshot.functionsStarted(by: keys, since: since)
    }

    func event(id: ULID) throws(StoreError) -> StoredEvent? {
        store.snapshot.event(id: id)
    }

    func events(
        named name: String?, before: RowID?, since: Timestamp?, limit: Int
    ) throws(StoreError) -> [StoredEvent] {
        store.snapshot.events(named: name, before: before, since: since, limit: limit)
    }

    func runs(ofEvent id: ULID) throws(StoreError) -> [StoredRun] {
        try store.snapshot.runs(ofEvent: id)
    }

    func run(id: ULID) throws(StoreError) -> StoredRun? {
        try store.snapshot.storedRun(id: id)
    }

    func latestRuns(before: RowID?, limit: Int) throws(StoreError) -> [StoredRun] {
        try store.snapshot.latestRuns(before: before, limit: limit)
    }

    func quarantined(limit: Int) throws(StoreError) -> [QuarantineReport] {
        store.snapshot.quarantined(limit: limit)
    }
}
