import ApusCore
import ApusEngine
import ApusNode
import ApusStore

/// The world as one shard's memory sees it. When the memory is lost, so is everything that was to
/// come back to it.
final class SimulatedHost: ShardHost {
    unowned let world: SimulatedWorld
    let id: ShardID
    /// Which of all memories that shards ever had.
    let memory: Int
    private(set) var isAlive = true
    private(set) var condition = ShardCondition.starting
    private(set) var shard: Shard!
    /// Calls that the app has not answered yet, by app.
    var openCalls: [UUID16: Int] = [:]
    /// Runs that the shard is reading; what it began before it had to start again counts no more.
    private(set) var openReads = 0
    private var starts = 0
    /// Under which functions what is not committed yet may have been decided, in their order.
    private var registries: [[UUID16: FunctionRecord]] = []
    private var registryStamp: UInt64 = 0
    private(set) var heardOfCommitAt: Int64 = 0
    private var timerTime: Timestamp?
    private var timerStamp = 0

    init(world: SimulatedWorld, shard id: ShardID, memory: Int) {
        self.world = world
        self.id = id
        self.memory = memory
        shard = Shard(
            id: id, shardCount: world.scenario.shardCount, configuration: world.scenario.configuration, host: self
        )
    }

    func die() {
        isAlive = false
    }

    /// Comes back to the shard later, if its memory still exists then.
    func later(_ delay: Int64, _ body: @escaping () -> Void) {
        world.after(delay) { [self] in
            if isAlive { body() }
        }
    }

    func submit(_ input: Input, _ completion: Shard.Completion? = nil) {
        shard.submit([Shard.Submission(input, completion)])
        world.rules.memory.check(self)
    }

    /// The shard may have another registry than when this was last noted.
    private func noteRegistry() {
        guard let functions = shard?.core?.registry.functions else { return }
        // Comparing them whole, again and again, would take more time than all the rest of a world.
        var stamp = UInt64(functions.count)
        for function in functions.values {
            let pausedAt = UInt64(bitPattern: function.pausedAt?.milliseconds ?? 0)
            stamp &+= (UInt64(function.version) &+ pausedAt << 8) &* (function.id.low | 1)
        }
        guard registries.isEmpty || stamp != registryStamp else { return }
        registryStamp = stamp
        registries.append(functions)
    }

    // MARK: - Time

    var now: Timestamp { world.now }

    func randomSeed() -> UInt64 { world.random.next() }

    func wake(at time: Timestamp?) {
        noteRegistry()
        world.rules.waiting.check(self)
        guard time != timerTime else { return }
        timerTime = time
        timerStamp += 1
        guard let time else { return }
        let stamp = timerStamp
        // The wall clock may step: look again after a while at the latest. A real timer is late, too.
        let delay = min(max(time.milliseconds - now.milliseconds, 0), world.scenario.pollInterval)
        later(delay + 1) { [self] in
            guard stamp == timerStamp else { return }
            timerTime = nil
            shard.tick()
            world.rules.memory.check(self)
        }
    }

    func after(_ delay: TimeSpan, _ body: @escaping () -> Void) {
        later(delay.milliseconds, body)
    }

    // MARK: - Store

    func claim(_ done: @escaping (Result<ClaimedShard, StoreError>) -> Void) {
        starts += 1
        openReads = 0
        registries = []
        world.store.claim(by: self, done)
    }

    func commit(_ batch: Batch, _ done: @escaping (Result<Void, StoreError>) -> Void) {
        noteRegistry()
        if world.rules.regimes.commits(batch, under: registries) { registries = registries.suffix(1) }
        world.store.commit(batch, by: self) { [self] result in
            heardOfCommitAt = world.elapsed
            done(result)
        }
    }

    func lastBatch(epoch: UInt64, _ done: @escaping (Result<UInt64, StoreError>) -> Void) {
        world.store.lastBatch(epoch: epoch, by: self, done)
    }

    func quarantine(_ report: QuarantineReport) {
        world.coverage.count(.inputSetAside)
        world.note("shard \(id) sets aside (\(report.reason)): \(report.input.prefix(200))")
    }

    func functionsStarted(
        by keys: [EventKey],
        since: Timestamp,
        _ done: @escaping (Result<[EventKey: [UUID16]], StoreError>) -> Void
    ) {
        world.store.read(
            by: self, { reader throws(StoreError) in try reader.functionsStarted(by: keys, since: since) }, done)
    }

    func readRun(_ row: RowID, _ done: @escaping (Result<LoadedRun?, StoreError>) -> Void) {
        openReads += 1
        let starts = starts
        world.coverage.count(.runLoadedCold)
        if world.rules.flow.kept[row]?.waitsSince != nil { world.coverage.count(.parkedRunLoaded) }
        world.rules.memory.readBegan(self)
        world.store.read(by: self, { reader throws(StoreError) in try reader.run(row) }) { [self] result in
            if starts == self.starts { openReads -= 1 }
            done(result)
        }
    }

    func readWakes(
        after: Wake?,
        upTo: Timestamp,
        limit: Int,
        _ done: @escaping (Result<WakePage, StoreError>) -> Void
    ) {
        let id = id
        world.store.read(
            by: self,
            { reader throws(StoreError) in
                try reader.wakes(of: id, after: after, upTo: upTo, limit: limit)
            }, done)
    }

    func readListeners(
        _ questions: [ListenerQuestion],
        _ done: @escaping (Result<[ListenerPage], StoreError>) -> Void
    ) {
        let most = world.scenario.listenerPage
        world.store.look(
            by: self,
            { reader throws(StoreError) in
                try reader.listeners(questions).map { $0.cut(to: most) }
            }, done)
    }

    func readEvents(
        named name: String,
        since: Timestamp,
        limit: Int,
        _ done: @escaping (Result<[StoredEvent], StoreError>) -> Void
    ) {
        world.store.look(
            by: self,
            { reader throws(StoreError) in
                try reader.events(named: name, before: nil, since: since, limit: limit)
            }, done)
    }

    func readEvents(_ rows: [RowID], _ done: @escaping (Result<[StoredEvent], StoreError>) -> Void) {
        world.store.read(by: self, { reader throws(StoreError) in try reader.events(in: rows) }, done)
    }

    func readTemplates(
        _ schedules: [UUID16], atMost bytes: Int, _ done: @escaping (Result<TemplatePage, StoreError>) -> Void
    ) {
        world.store.look(
            by: self,
            { reader throws(StoreError) in
                try reader.templates(of: schedules, atMost: bytes)
            }, done)
    }

    // MARK: - Effects

    func perform(_ effect: Effect) {
        guard isAlive else { return }
        world.rules.release.check(effect, of: id, in: world)
        switch effect {
        case .call(let call):
            world.apps.receive(call, from: self)
        case .probe(let app, _):
            world.apps.probe(app, from: self)
        case .send(let receiver, let number, let message):
            world.network.send(.message(from: id, number: number, message), from: id, to: receiver)
        case .acknowledge(let sender, let number):
            world.network.send(.acknowledged(by: id, upTo: number), from: id, to: sender)
        case .registryChanged(let registry):
            world.network.spread(registry, from: id)
        case .changed(let change):
            world.note("run \(change.run) \(change.what)")
        case .gateway, .endGateway: break
        case .load, .readWakes, .findListeners, .findEvents, .readEvents, .readTemplates:
            world.report(.release, "shard \(id) hands a read to its host: \(effect)")
        }
    }

    func report(_ condition: ShardCondition) {
        self.condition = condition
        world.note("shard \(id) \(condition)")
    }
}

extension ListenerPage {
    /// The same from a store that tells of fewer at once.
    fileprivate func cut(to count: Int) -> ListenerPage {
        guard found.count > count else { return self }
        return ListenerPage(subject: subject, found: Array(found.prefix(count)), next: found[count - 1].cursor)
    }
}
