import ApusCore
import ApusEngine
import ApusStore
import Logging
import NIOPosix
import Synchronization
import Testing

@testable import ApusNode

@Suite("Orders to repeat runs")
struct ReplayTests {
    @Test("a run that the store refuses to keep is left out, with the reason, and the others are repeated")
    func refused() async throws {
        let store = RefusingStore()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let node = Node(
            store: store, configuration: .init(), loop: loop,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await node.start()
        let function = FunctionConfiguration(
            slug: "shop-fail", name: "fail", triggers: [.event(name: "shop/order", filter: .every)],
            stepURL: "http://127.0.0.1:1/api/inngest?fnId=shop-fail&stepId=step", retries: 0
        )
        _ = try await node.register(
            Registration(appName: "shop", url: "http://127.0.0.1:1/api/inngest", functions: [function], checksum: ""))
        for _ in 0..<3 { _ = try await node.ingest([SubmittedEvent(IncomingEvent(name: "shop/order"))]) }
        let failed = RunQuery(states: [.failed])
        let runs = try await eventually("three runs fail") {
            let found = try store.reader.runs(failed, limit: 10).runs
            return found.count == 3 ? found : nil
        }
        store.refuse(runs[1].id)
        let record = try #require(node.registry.function(named: "shop-fail"))
        let wish = Node.ReplayWish(
            function: record, states: [.failed], from: nil, until: nil, start: .failure, perMinute: 60_000)
        let order = try await node.order(wish, by: "test").replay
        let ended = try await eventually("the order ends") {
            try store.reader.replays().first { $0.id == order.id && !$0.state.isOpen }
        }
        #expect(ended.state == .finished)
        #expect(ended.progress.started == 2)
        #expect(ended.progress.skipped == 1)
        #expect(ended.progress.problem.contains("\(runs[1].id)"))
        await node.shutdown()
    }

    private func eventually<Value>(_ what: String, _ find: () throws -> Value?) async throws -> Value {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if let found = try find() { return found }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Missing(what: what)
    }

    private struct Missing: Error {
        var what: String
    }
}

/// A store in memory that refuses what repeats some runs.
private final class RefusingStore: Store {
    private let inner = MemoryStore(shardCount: 1)
    private let refused = Mutex<Set<ULID>>([])

    func refuse(_ origin: ULID) {
        refused.withLock { _ = $0.insert(origin) }
    }

    func commit(_ batch: Batch) throws(StoreError) {
        let refused = refused.withLock { $0 }
        for case .run(let run) in batch.writes where run.origin.map(refused.contains) ?? false {
            throw .rejected("it repeats a run that nothing may repeat")
        }
        try inner.commit(batch)
    }

    var summary: String { inner.summary }
    var shardCount: Int { inner.shardCount }
    var reader: any StoreReader { inner.reader }
    func claim(_ shard: ShardID) throws(StoreError) -> ClaimedShard { try inner.claim(shard) }
    func lastBatch(of shard: ShardID, epoch: UInt64) throws(StoreError) -> UInt64 {
        try inner.lastBatch(of: shard, epoch: epoch)
    }
    func quarantine(_ report: QuarantineReport) throws(StoreError) { try inner.quarantine(report) }
    func keep(_ cancellation: BulkCancellation) throws(StoreError) { try inner.keep(cancellation) }
    func forgetCancellation(_ id: ULID) throws(StoreError) -> Bool { try inner.forgetCancellation(id) }
    func keep(_ replay: Replay) throws(StoreError) { try inner.keep(replay) }
    func updateReplay(_ id: ULID, _ change: (inout Replay) -> Void) throws(StoreError) -> Replay? {
        try inner.updateReplay(id, change)
    }
    func keep(_ spans: [AppSpan], of run: ULID) throws(StoreError) -> Int? { try inner.keep(spans, of: run) }
    func reset() throws(StoreError) { try inner.reset() }
    func removeOldestFinishedRuns(untilSmallerThan bytes: Int64, atMost count: Int) throws(StoreError) -> Int {
        try inner.removeOldestFinishedRuns(untilSmallerThan: bytes, atMost: count)
    }
    func close() { inner.close() }
}
