import ApusCore
import ApusEngine
import ApusStore

/// A store with latencies, crashes and outages around state that survives them.
final class SimulatedStore {
    unowned var world: SimulatedWorld!
    private let durable: MemoryStore
    /// How many outages are under way.
    var isDown = 0
    private(set) var commitsUnderWay = 0
    /// What the store held before, for bugs.
    private var past: [(at: Int64, state: MemoryState)] = []

    init(shardCount: Int) {
        durable = MemoryStore(shardCount: shardCount)
    }

    private static let down = StoreError.unavailable("the store is down")

    /// For rules: reads without latency or faults.
    var reader: any StoreReader { durable.reader }

    private func latency() -> Int64 {
        world.strikes(world.scenario.faults.slowStore)
            ? world.random.anyDelay(upTo: 5_000) : world.random.between(0, 4)
    }

    /// Another node claims the shard and gives it up again.
    func takeOver(_ shard: ShardID) {
        _ = try? durable.claim(shard)
    }

    func claim(by host: SimulatedHost, _ done: @escaping (Result<ClaimedShard, StoreError>) -> Void) {
        answer(host, done) { [self] () throws(StoreError) in
            world.rules.claimed(host.id, by: host.memory, in: world)
            let claimed = try durable.claim(host.id)
            return world.bug?.alter(claimed) ?? claimed
        }
    }

    func lastBatch(epoch: UInt64, by host: SimulatedHost, _ done: @escaping (Result<UInt64, StoreError>) -> Void) {
        answer(host, done) { [self] () throws(StoreError) in
            try durable.lastBatch(of: host.id, epoch: epoch)
        }
    }

    /// - Parameter fetch: sees the state of some moment between the question and the answer.
    func read<Value>(
        by host: SimulatedHost,
        _ fetch: @escaping (any StoreReader) throws(StoreError) -> Value,
        _ done: @escaping (Result<Value, StoreError>) -> Void
    ) {
        if world.strikes(world.scenario.faults.readFails) {
            world.coverage.count(.readFailed)
            host.later(latency()) { done(.failure(.unavailable("the read failed"))) }
            return
        }
        answer(host, done) { [self] () throws(StoreError) in try fetch(durable.reader) }
    }

    /// Reads what looks find.
    func look<Value>(
        by host: SimulatedHost,
        _ fetch: @escaping (any StoreReader) throws(StoreError) -> Value,
        _ done: @escaping (Result<Value, StoreError>) -> Void
    ) {
        guard world.bug == .earlyLooks else { return read(by: host, fetch, done) }
        let moment = world.elapsed - 30
        let before = past.last { $0.at <= moment }?.state ?? MemoryState(shardCount: world.scenario.shardCount)
        answer(host, done) { () throws(StoreError) in try fetch(MemoryStore(before).reader) }
    }

    private func answer<Value>(
        _ host: SimulatedHost,
        _ done: @escaping (Result<Value, StoreError>) -> Void,
        _ act: @escaping () throws(StoreError) -> Value
    ) {
        host.later(latency()) { [self] in
            let result: Result<Value, StoreError> = isDown > 0 ? .failure(Self.down) : Result(catching: act)
            if case .success(let page as WakePage) = result, page.isFull { world.coverage.count(.wakePageFull) }
            if case .failure(.unreadable(let reason)) = result { world.report(.projection, reason) }
            host.later(latency()) { done(result) }
        }
    }

    // MARK: - Commit

    func commit(_ batch: Batch, by host: SimulatedHost, _ done: @escaping (Result<Void, StoreError>) -> Void) {
        let faults = world.scenario.faults
        let batch = world.bug?.alter(batch) ?? batch
        if world.strikes(faults.commitLost) {
            world.coverage.count(.batchLost)
            world.note("batch \(batch.number) of shard \(batch.shard) gets lost")
            host.later(latency()) { done(.failure(.unavailable("the connection was lost"))) }
            return
        }
        world.bug?.commitBegins(batch, by: host)
        if world.strikes(faults.crashBeforeCommit) {
            world.after(latency()) { [self] in crash(host) }
            return
        }
        let isUnanswered = world.strikes(faults.commitUnanswered)
        let crashesAfter =
            world.strikes(faults.crashAfterCommit)
            || batch.writes.contains(where: \.beginsLook) && world.strikes(faults.crashBeforeLook)
        commitsUnderWay += 1
        world.after(latency()) { [self] in
            commitsUnderWay -= 1
            // What a dying process had sent to its store may still arrive there.
            guard host.isAlive || world.random.chance(percent: 50) else { return }
            let result = isDown > 0 ? .failure(Self.down) : land(batch, of: host)
            if crashesAfter {
                crash(host)
            } else if isUnanswered {
                world.coverage.count(.batchUnanswered)
                world.note("nobody hears of batch \(batch.number) of shard \(batch.shard)")
                host.later(latency()) { done(.failure(.unavailable("the connection was lost"))) }
            } else {
                host.later(latency()) { done(result) }
            }
        }
        if world.bug == .effectsBeforeCommit { host.later(0) { done(.success(())) } }
    }

    private func land(_ batch: Batch, of host: SimulatedHost) -> Result<Void, StoreError> {
        do throws(StoreError) {
            if let last = try? durable.lastBatch(of: batch.shard, epoch: batch.epoch), last + 1 == batch.number,
                batch.writes.contains(where: \.isPoison)
            {
                throw .rejected("poison")
            }
            try durable.commit(batch)
        } catch {
            world.note("batch \(batch.number) of shard \(batch.shard): \(error)")
            if case .stale = error { world.coverage.count(.batchStale) }
            if case .rejected = error { world.coverage.count(.batchPoisoned) }
            if case .rejected(let reason) = error, reason != "poison" {
                world.report(.release, "shard \(batch.shard) commits what makes no sense: \(reason)")
            }
            return .failure(error)
        }
        world.note("batch \(batch.number) of shard \(batch.shard) lands with \(batch.writes.count) writes")
        if world.bug == .earlyLooks { past.append((world.elapsed, durable.snapshot)) }
        world.rules.batchLanded(batch, of: host, in: world)
        world.onlookers.landed(batch)
        world.bug?.landed(batch, of: host)
        return .success(())
    }

    private func crash(_ host: SimulatedHost) {
        guard host.isAlive else { return }
        world.crash(pause: world.random.anyDelay(upTo: 5_000))
    }
}

extension Write {
    fileprivate var beginsLook: Bool {
        switch self {
        case .lookPending: true
        case .listen(let row): row.looksBack
        default: false
        }
    }

    /// Whether this is what no simulated store accepts, however often it is tried.
    fileprivate var isPoison: Bool {
        switch self {
        case .event(let event):
            return event.name == SimulatedEvent.poison
        case .turn(_, _, _, let turn):
            return turn.entries.contains { entry in
                guard case .stepFinished(let result) = entry else { return false }
                return result.memo.json == Self.poisonedMemo
            }
        default:
            return false
        }
    }

    private static let poisonedMemo = RawJSON(canonical: Array(#"{"data":"poison"}"#.utf8))
}
