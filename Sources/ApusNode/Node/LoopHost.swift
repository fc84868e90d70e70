import ApusCore
import ApusEngine
import ApusStore
import Logging
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Gives a shard its world on a NIO event loop: the loop's timer, threads for the store, sockets
/// for calls. Confined to the loop.
final class LoopHost: ShardHost {
    private let shard: ShardID
    private let loop: any EventLoop
    private let store: any Store
    /// One thread: commits of a store with one writer gain nothing from more.
    private let writing: NIOThreadPool
    private let reading: NIOThreadPool
    private let commitsOnLoop: Bool
    private let logger: Logger
    private var timer: Scheduled<Void>?
    private var timerTime: Timestamp?
    private var clock: NodeClock
    private let meter: CommitMeter

    /// Set once, before the shard starts.
    var onEffect: (Effect) -> Void = { _ in }
    var onCondition: (ShardCondition) -> Void = { _ in }
    var onTick: () -> Void = {}

    init(
        shard: ShardID,
        loop: any EventLoop,
        store: any Store,
        writing: NIOThreadPool,
        reading: NIOThreadPool,
        commitsOnLoop: Bool,
        clock: NodeClock,
        meter: CommitMeter,
        logger: Logger
    ) {
        self.shard = shard
        self.loop = loop
        self.store = store
        self.writing = writing
        self.reading = reading
        self.commitsOnLoop = commitsOnLoop
        self.clock = clock
        self.meter = meter
        self.logger = logger
    }

    var now: Timestamp { clock.now() }

    func randomSeed() -> UInt64 { .random(in: .min ... .max) }

    func wake(at time: Timestamp?) {
        guard time != timerTime else { return }
        timer?.cancel()
        timer = nil
        timerTime = time
        guard let time else { return }
        // The wall clock may step: look again after a minute at the latest.
        let delay = min(max(time.milliseconds - now.milliseconds, 0), 60_000)
        let bound = NIOLoopBound(self, eventLoop: loop)
        timer = loop.scheduleTask(in: .milliseconds(delay)) {
            bound.value.timer = nil
            bound.value.timerTime = nil
            bound.value.onTick()
        }
    }

    func after(_ delay: TimeSpan, _ body: @escaping () -> Void) {
        let bound = NIOLoopBound(body, eventLoop: loop)
        loop.scheduleTask(in: .milliseconds(delay.milliseconds)) { bound.value() }
    }

    func cancelTimer() {
        timer?.cancel()
        timer = nil
        timerTime = nil
    }

    func claim(_ done: @escaping (Result<ClaimedShard, StoreError>) -> Void) {
        let shard = shard
        run(on: writing, { store throws(StoreError) in try store.claim(shard) }, done)
    }

    func commit(_ batch: Batch, _ done: @escaping (Result<Void, StoreError>) -> Void) {
        let (meter, start) = (meter, ContinuousClock.now)
        let commit = { @Sendable (store: any Store) throws(StoreError) in
            try store.commit(batch)
            meter.add(ContinuousClock.now - start)
        }
        guard commitsOnLoop, batch.writes.count <= Self.smallBatch else { return run(on: writing, commit, done) }
        let store = store
        let bound = NIOLoopBound(done, eventLoop: loop)
        // In a turn of its own: what this one has to tell comes first.
        loop.execute { bound.value(Result { () throws(StoreError) in try commit(store) }) }
    }

    /// Writes up to which a batch is made by the loop itself. While it makes a larger one the loop could decide the next.
    private static let smallBatch = 64

    func lastBatch(epoch: UInt64, _ done: @escaping (Result<UInt64, StoreError>) -> Void) {
        let shard = shard
        run(on: writing, { store throws(StoreError) in try store.lastBatch(of: shard, epoch: epoch) }, done)
    }

    func quarantine(_ report: QuarantineReport) {
        logger.error("an input was set aside", metadata: ["input": "\(report.input)", "reason": "\(report.reason)"])
        let logger = logger
        run(on: writing, { store throws(StoreError) in try store.quarantine(report) }) { result in
            if case .failure(let error) = result {
                logger.error("the report could not be stored", metadata: ["error": "\(error)"])
            }
        }
    }

    func functionsStarted(
        by keys: [EventKey],
        since: Timestamp,
        _ done: @escaping (Result<[EventKey: [UUID16]], StoreError>) -> Void
    ) {
        run(
            on: reading,
            { store throws(StoreError) in try store.reader.functionsStarted(by: keys, since: since) },
            done
        )
    }

    func readRun(_ row: RowID, _ done: @escaping (Result<LoadedRun?, StoreError>) -> Void) {
        let logger = logger
        run(on: reading, { store throws(StoreError) in try store.reader.run(row) }) { result in
            if case .failure(let error) = result {
                logger.error("a run could not be read", metadata: ["row": "\(row)", "error": "\(error)"])
            }
            done(result)
        }
    }

    func readWakes(
        after: Wake?,
        upTo: Timestamp,
        limit: Int,
        _ done: @escaping (Result<WakePage, StoreError>) -> Void
    ) {
        let shard = shard
        run(
            on: reading,
            { store throws(StoreError) in
                try store.reader.wakes(of: shard, after: after, upTo: upTo, limit: limit)
            },
            done
        )
    }

    func readListeners(
        _ questions: [ListenerQuestion],
        _ done: @escaping (Result<[ListenerPage], StoreError>) -> Void
    ) {
        run(on: reading, { store throws(StoreError) in try store.reader.listeners(questions) }, done)
    }

    func readEvents(
        named name: String,
        since: Timestamp,
        limit: Int,
        _ done: @escaping (Result<[StoredEvent], StoreError>) -> Void
    ) {
        run(
            on: reading,
            { store throws(StoreError) in
                try store.reader.events(named: name, before: nil, since: since, limit: limit)
            },
            done
        )
    }

    func readEvents(_ rows: [RowID], _ done: @escaping (Result<[StoredEvent], StoreError>) -> Void) {
        run(on: reading, { store throws(StoreError) in try store.reader.events(in: rows) }, done)
    }

    func readTemplates(
        _ schedules: [UUID16], atMost bytes: Int, _ done: @escaping (Result<TemplatePage, StoreError>) -> Void
    ) {
        run(
            on: reading,
            { store throws(StoreError) in try store.reader.templates(of: schedules, atMost: bytes) },
            done
        )
    }

    func perform(_ effect: Effect) {
        onEffect(effect)
    }

    func report(_ condition: ShardCondition) {
        onCondition(condition)
    }

    /// Runs something that blocks on a thread that may, and comes back to the loop.
    private func run<Value: Sendable>(
        on threads: NIOThreadPool,
        _ body: @escaping @Sendable (any Store) throws(StoreError) -> Value,
        _ done: @escaping (Result<Value, StoreError>) -> Void
    ) {
        let loop = loop
        let store = store
        let bound = NIOLoopBound(done, eventLoop: loop)
        threads.submit { state in
            guard case .active = state else { return }
            let result = Result { () throws(StoreError) in try body(store) }
            loop.execute { bound.value(result) }
        }
    }
}

/// The one clock that the engine is given.
package struct NodeClock: Sendable {
    package var now: @Sendable () -> Timestamp

    package init(now: @escaping @Sendable () -> Timestamp) {
        self.now = now
    }

    package static let wall = NodeClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
