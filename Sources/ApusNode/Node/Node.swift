import ApusCore
import ApusEngine
import ApusStore
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The engine of one process: its shards on an event loop, the store's threads, calls to apps.
///
/// Everything here may be called from any thread or task.
package final class Node: Sendable {
    package struct Configuration: Sendable {
        package var engine = EngineConfiguration()
        package var client = AppClient.Configuration()
        /// Which addresses requests that apps ask for may reach.
        package var gatewayNetworks = NetworkRules.gateways(opening: .only([]))
        /// Requests that apps ask for, to one host at a time.
        package var gatewayCallsPerHost = 64
        /// How long one of them may take.
        package var gatewayTimeout = TimeAmount.hours(2)
        /// Requests that may wait for their commit at a time; past it senders are asked to wait.
        package var waitingRequests = 20_000
        /// Bytes of events that may wait for their commit at a time.
        package var waitingBytes = 64 << 20
        /// The store's size above which the oldest finished runs are removed; `nil` keeps all.
        package var storeBytes: Int64?
        package var userAgent = "Apus"
        /// `nil` for a server without keys.
        package var signing: AppSigning?
        /// Whether small commits are made on the event loop, which then waits for the disk: for a loop that serves nobody
        /// but this node. They are not handed to another thread and back then.
        package var commitsOnLoop = false
        /// Makes what reaches the apps, when that is not HTTP; it is confined to the event loop.
        package var transport: (@Sendable (any EventLoop, NodeClock) -> any AppTransport)?

        package init() {}
    }

    private let configuration: Configuration
    let store: any Store
    private let loop: any EventLoop
    private let writing = NIOThreadPool(numberOfThreads: 1)
    private let reading = NIOThreadPool(numberOfThreads: 2)
    /// Apart from `writing`, so that commits come in between the short transactions that make room.
    private let upkeep = NIOThreadPool(numberOfThreads: 1)
    let logger: Logger
    let clock: NodeClock
    /// Which runs have changed.
    package let feed = RunFeed()
    /// Who waits for runs to end.
    package let ends = RunEnds()
    /// Runs whose start by an app is being stored.
    let begins = Mutex<Set<ULID>>([])
    /// How long commits take.
    package let commits = CommitMeter()
    private let core: NIOLoopBoundBox<LoopCore>
    private let gateways: GatewayDesk
    let intake: Intake
    private let state: Mutex<PublicState>

    private struct PublicState {
        var registry = Registry()
        var conditions: [ShardID: ShardCondition] = [:]
        var isStopping = false
    }

    /// What lives on the loop.
    private final class LoopCore {
        var shards: [Shard] = []
        var hosts: [LoopHost] = []
        let caller: AppCaller
        /// Where the next event without an id of its own goes.
        var nextShard = 0
        var maintenance: RepeatedTask?

        init(caller: AppCaller) {
            self.caller = caller
        }
    }

    /// - Parameters:
    ///   - loop: decides everything.
    ///   - sockets: has the connections, if that one cannot have any.
    package init(
        store: any Store,
        configuration: Configuration,
        loop: any EventLoop,
        sockets: (any EventLoop)? = nil,
        clock: NodeClock = .wall,
        logger: Logger
    ) {
        let sockets = sockets ?? loop
        self.store = store
        self.configuration = configuration
        self.loop = loop
        self.clock = clock
        self.logger = logger
        intake = Intake(requests: configuration.waitingRequests, bytes: configuration.waitingBytes)
        state = Mutex(PublicState())
        let transport = configuration.transport?(loop, clock) ?? Self.makeHTTP(configuration, clock, sockets)
        let caller = AppCaller(transports: ["http": transport, "https": transport])
        core = NIOLoopBoundBox.makeBoxSendingValue(LoopCore(caller: caller), eventLoop: loop)
        gateways = GatewayDesk(Self.makeGateways(configuration, clock, sockets), loop: sockets, node: loop)
    }

    private static func makeHTTP(
        _ configuration: Configuration, _ clock: NodeClock, _ loop: any EventLoop
    ) -> any AppTransport {
        HTTPTransport(
            client: AppClient(eventLoop: loop, configuration: configuration.client),
            userAgent: configuration.userAgent, clock: clock, signing: configuration.signing, loop: loop
        )
    }

    private static func makeGateways(
        _ configuration: Configuration, _ clock: NodeClock, _ loop: any EventLoop
    ) -> GatewayCaller {
        var settings = AppClient.Configuration()
        settings.callTimeout = configuration.gatewayTimeout
        settings.maxRedirects = 10
        settings.maxConnections = 1_024
        settings.redirects = .asBrowsers
        settings.networks = configuration.gatewayNetworks
        settings.maxIdleConnectionsPerOrigin = configuration.gatewayCallsPerHost
        settings.tls = configuration.client.tls
        settings.lookUp = configuration.client.lookUp
        var limits = GatewayCaller.Limits()
        limits.callsPerHost = configuration.gatewayCallsPerHost
        return GatewayCaller(
            client: AppClient(eventLoop: loop, configuration: settings), userAgent: configuration.userAgent,
            limits: limits, clock: clock, loop: loop
        )
    }

    // MARK: - Life

    /// Starts every shard and returns once all of them take events.
    package func start() async throws {
        writing.start()
        reading.start()
        upkeep.start()
        let (ready, readied) = AsyncStream.makeStream(of: Void.self)
        loop.execute { [self] in makeShards(readied) }
        for await _ in ready { break }
        startMaintenance()
        resumeCancellations()
        resumeReplays()
    }

    private func makeShards(_ readied: AsyncStream<Void>.Continuation) {
        let core = core.value
        for id in 0..<ShardID(store.shardCount) {
            let host = LoopHost(
                shard: id, loop: loop, store: store, writing: writing, reading: reading,
                commitsOnLoop: configuration.commitsOnLoop, clock: clock, meter: commits, logger: logger
            )
            let shard = Shard(
                id: id, shardCount: store.shardCount, configuration: configuration.engine, host: host
            )
            host.onTick = { [unowned shard] in shard.tick() }
            host.onEffect = { [unowned self] effect in perform(effect, of: id) }
            host.onCondition = { [unowned self, unowned shard] condition in
                noteCondition(condition, of: shard)
                if state.withLock({ $0.conditions.values.filter { $0 == .running }.count }) == store.shardCount {
                    readied.yield()
                }
            }
            core.shards.append(shard)
            core.hosts.append(host)
        }
        for shard in core.shards { shard.start() }
    }

    /// Sends no call any more and lets those under way finish, for at most `timeout`. Events are still
    /// taken: what they start is called after the next start.
    package func drain(for timeout: TimeAmount) async {
        let requests = await gateways.figures.underWay
        let (drained, done) = AsyncStream.makeStream(of: Void.self)
        loop.execute { [self] in
            core.value.maintenance?.cancel()
            let caller = core.value.caller
            let open = caller.inFlight + requests
            if open > 0 { logger.notice("waiting for \(open) calls to finish") }
            caller.drain { [gateways] in gateways.drain { done.yield() } }
            loop.scheduleTask(in: timeout) { done.yield() }
        }
        for await _ in drained { break }
    }

    /// Takes nothing new, makes durable what has been decided, and stops. Calls still under way are
    /// cut off and repeated after the next start.
    package func shutdown() async {
        state.withLock { $0.isStopping = true }
        await settle()
        ends.stopAllWaiting()
        await withCheckedContinuation { continuation in
            loop.execute { [self] in
                for host in core.value.hosts { host.cancelTimer() }
                for shard in core.value.shards { shard.stop() }
                core.value.caller.shutdown()
                gateways.shutdown { continuation.resume() }
            }
        }
        try? await upkeep.shutdownGracefully()
        try? await writing.shutdownGracefully()
        try? await reading.shutdownGracefully()
        store.close()
    }

    /// Waits until everything decided so far is durable; a store that does not answer must not hold
    /// up the end for more than five seconds.
    private func settle() async {
        let shardCount = store.shardCount
        let (settled, done) = AsyncStream.makeStream(of: Void.self)
        loop.execute { [self] in
            for shard in core.value.shards {
                shard.submit([Shard.Submission(.tick) { _ in done.yield() }])
            }
            loop.scheduleTask(in: .seconds(5)) { for _ in 0..<shardCount { done.yield() } }
        }
        var waiting = shardCount
        for await _ in settled {
            waiting -= 1
            if waiting == 0 { break }
        }
    }

    private func noteCondition(_ condition: ShardCondition, of shard: Shard) {
        state.withLock {
            $0.conditions[shard.id] = condition
            if condition == .running, let registry = shard.core?.registry { $0.registry = registry }
        }
        switch condition {
        case .starting: logger.debug("shard \(shard.id) starts")
        case .running: logger.debug("shard \(shard.id) runs")
        case .stalled(let reason):
            logger.error("the store does not answer; nothing new is taken", metadata: ["reason": "\(reason)"])
        case .stopped: logger.debug("shard \(shard.id) stopped")
        }
    }

    private func startMaintenance() {
        guard let limit = configuration.storeBytes else { return }
        loop.execute { [self] in
            let store = store
            let logger = logger
            let upkeep = upkeep
            core.value.maintenance = loop.scheduleRepeatedTask(initialDelay: .seconds(10), delay: .seconds(10)) { _ in
                upkeep.submit { state in
                    guard case .active = state else { return }
                    do throws(StoreError) {
                        let removed = try store.removeOldestFinishedRuns(untilSmallerThan: limit, atMost: 500)
                        if removed > 0 { logger.debug("removed \(removed) finished runs to keep the store small") }
                    } catch {
                        logger.warning("the store could not be made smaller", metadata: ["error": "\(error)"])
                    }
                }
            }
        }
    }

    // MARK: - Intake

    /// Makes events durable and starts what listens to them.
    /// - Returns: the internal ids, in the order of the events, once all of them are durable.
    package func ingest(_ events: [SubmittedEvent]) async throws(NodeError) -> [ULID] {
        guard !events.isEmpty else { return [] }
        let bytes = events.reduce(0) { $0 + $1.event.data.bytes.count + $1.event.user.bytes.count + 256 }
        try intake.enter(bytes: bytes)
        defer { intake.leave(bytes: bytes) }
        if store.shardCount == 1 {
            return try ids(try await submit(.events(events, prior: .unasked), to: 0))
        }
        return try await ingestSpread(events)
    }

    /// Each event goes to the shard that its id names; the request is answered when all have committed.
    private func ingestSpread(_ events: [SubmittedEvent]) async throws(NodeError) -> [ULID] {
        var parts: [ShardID: [Int]] = [:]
        for (index, event) in events.enumerated() {
            let home = event.key.map { ShardID($0.low % UInt64(store.shardCount)) } ?? 0
            parts[home, default: []].append(index)
        }
        var all = [ULID?](repeating: nil, count: events.count)
        for (home, indices) in parts {
            let part = indices.map { events[$0] }
            let found = try ids(try await submit(.events(part, prior: .unasked), to: home))
            for (index, id) in zip(indices, found) { all[index] = id }
        }
        return all.compactMap { $0 }
    }

    /// Runs a function by its slug. An unknown one starts nothing.
    /// - Parameter isAwaited: whether to take a place among those who wait for the end of the run.
    package func invoke(
        _ slug: String, _ event: SubmittedEvent, isAwaited: Bool = false
    ) async throws(NodeError) -> Invoked {
        try intake.enter(bytes: event.event.data.bytes.count)
        defer { intake.leave(bytes: event.event.data.bytes.count) }
        let ends = ends
        // The place is taken before anything can become of the run.
        let invoked = try await submit(.invoke(slug: slug, event), to: 0) { answer -> Invoked? in
            guard case .invoked(let event, let run) = answer else { return nil }
            if let run { ends.began(run) }
            return Invoked(event: event, run: run, place: isAwaited ? run.flatMap { ends.enter($0) } : nil)
        }
        guard let invoked else { throw .rejected("the invocation was not understood") }
        return invoked
    }

    /// What has become of an invocation.
    package struct Invoked: Sendable {
        package var event: ULID
        /// The run that it started; `nil` when there is none, or not yet.
        package var run: ULID?
        /// Where to wait for the run's end, to be handed to ``outcome(at:within:)``; `nil` also when too many wait.
        package var place: Int?
    }

    package func register(_ registration: Registration) async throws(NodeError) -> (isModified: Bool, app: UUID16) {
        guard case .registered(let isModified, let app) = try await submit(.register(registration), to: 0) else {
            throw .rejected("the registration was not understood")
        }
        return (isModified, app)
    }

    /// Ends a run, whatever it is doing; nothing happens when it has ended.
    /// - Returns: `false` when there is no such run.
    package func cancel(run id: ULID) async throws -> Bool {
        guard let run = try await read({ reader throws(StoreError) in try reader.run(id: id) }) else { return false }
        guard !run.projection.status.isFinal else { return true }
        try await cancel(row: run.row)
        return true
    }

    func cancel(row: RowID, _ departure: Departure = .cancelled) async throws(NodeError) {
        _ = try await submit(.cancel(run: row, departure), to: home(of: row))
    }

    /// Gives a signal to the run that waits for it.
    /// - Returns: the run's id; `nil` when none waits.
    package func signal(_ name: String, payload: RawJSON) async throws -> ULID? {
        try intake.enter(bytes: payload.bytes.count)
        defer { intake.leave(bytes: payload.bytes.count) }
        let question = ListenerQuestion(.signal(name, run: 0, number: 0))
        let pages = try await read { reader throws(StoreError) in try reader.listeners([question]) }
        let now = clock.now()
        for listener in pages.first?.found ?? [] where listener.condition == name && listener.until >= now {
            let run = listener.run
            guard let id = try await read({ reader throws(StoreError) in try reader.runID(run) }) else { continue }
            let input = Input.signal(name: name, payload: payload, run: run, listener: listener.number)
            if case .signalled(true) = try await submit(input, to: home(of: run)) { return id }
        }
        return nil
    }

    /// Lets a function start nothing and calls none of its runs until it is resumed; sleeps and waits go on.
    /// - Returns: the function; `nil` when there is none of this id or slug.
    package func pause(
        _ reference: String, _ isPaused: Bool, by actor: String = AuditEntry.api
    ) async throws(NodeError) -> FunctionRecord? {
        guard var function = registry.function(named: reference) else { return nil }
        _ = try await submit(.pause(function: function.id, isPaused, by: actor), to: 0)
        function.pausedAt = isPaused ? function.pausedAt ?? clock.now() : nil
        return function
    }

    /// Sets limits in place of those that a function registered; `nil` takes them back.
    /// - Returns: the function; `nil` when there is none of this id.
    package func limit(
        _ id: UUID16, _ limits: LimitOverride?, by actor: String
    ) async throws(NodeError) -> FunctionRecord? {
        guard var function = registry.functions[id] else { return nil }
        _ = try await submit(.limit(function: id, limits, by: actor), to: 0)
        function.override = limits
        return function
    }

    /// Pauses, resumes or sets a schedule.
    /// - Returns: the schedule; `nil` when it is not registered any more.
    package func change(
        _ key: ScheduleKey, _ change: ScheduleChange, by actor: String
    ) async throws(NodeError) -> ScheduleView? {
        _ = try await submit(.schedule(key, change, by: actor), to: 0)
        return await schedules().first { $0.key == key }
    }

    /// Starts a run of a schedule's function now.
    /// - Returns: the id of its event; `nil` when the function is paused or not registered any more.
    package func run(_ key: ScheduleKey, by actor: String) async throws(NodeError) -> ULID? {
        try ids(try await submit(.runSchedule(key, by: actor), to: 0)).first
    }

    func note(_ entry: AuditEntry) async throws(NodeError) {
        _ = try await submit(.audit(entry), to: 0)
    }

    func home(of row: RowID) -> ShardID {
        RowCounters.shard(of: row)
    }

    package func noteSyncFailure(of url: String, because reason: String) {
        loop.execute { [self] in
            core.value.shards[0].submit([Shard.Submission(.syncFailed(url: url, reason: reason))])
        }
    }

    private func ids(_ answer: Answer) throws(NodeError) -> [ULID] {
        guard case .accepted(let ids) = answer else { throw .rejected("the events were not understood") }
        return ids
    }

    func submit(_ input: Input, to shard: ShardID) async throws(NodeError) -> Answer {
        try await submit(input, to: shard) { $0 }
    }

    /// - Parameter read: reads the answer on the loop, before anything else that was decided with it happens.
    private func submit<Value: Sendable>(
        _ input: Input, to shard: ShardID, _ read: @escaping @Sendable (Answer) -> Value
    ) async throws(NodeError) -> Value {
        if state.withLock({ $0.isStopping }) { throw .unavailable("the server is shutting down") }
        let result = await withCheckedContinuation { continuation in
            intake.post(
                Intake.Mail(shard: shard, input: input) { continuation.resume(returning: $0.map(read)) },
                wake: { loop.execute { [self] in drainMailbox() } }
            )
        }
        switch result {
        case .success(let answer): return answer
        case .failure(.unavailable(let reason)): throw .unavailable(reason)
        case .failure(.quarantined(let reason)): throw .rejected(reason)
        }
    }

    private func drainMailbox() {
        let core = core.value
        var byShard: [ShardID: [Shard.Submission]] = [:]
        for mail in intake.collect() {
            byShard[mail.shard, default: []].append(Shard.Submission(mail.input, mail.completion))
        }
        for (shard, submissions) in byShard where Int(shard) < core.shards.count {
            core.shards[Int(shard)].submit(submissions)
        }
    }

    // MARK: - Reading

    /// All apps and functions as of the newest durable change.
    package var registry: Registry { state.withLock { $0.registry } }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Why new events are refused at the moment; `nil` when they are taken.
    package var refusal: String? {
        state.withLock { state in
            if state.isStopping { return "the server is shutting down" }
            for condition in state.conditions.values {
                if case .stalled(let reason) = condition { return reason }
                if condition == .starting { return "the server is starting" }
                if condition == .stopped { return "the server is shutting down" }
            }
            return nil
        }
    }

    /// How much each shard holds in memory.
    package func figures() async -> [ShardID: ShardFigures] {
        let figures = try? await loop.submit { [self] in
            core.value.shards.reduce(into: [ShardID: ShardFigures]()) { $0[$1.id] = $1.core?.figures }
        }.get()
        return figures ?? [:]
    }

    /// Passes answers to requests on while they arrive, when apps ask for that.
    package func passGatewayAnswers(to audience: any GatewayAudience) {
        gateways.pass(to: audience)
    }

    /// What the requests that apps have asked for are doing.
    package func gatewayFigures() async -> GatewayFigures {
        await gateways.figures
    }

    /// Why a run waits for its turn; `nil` when it does not.
    package func standing(of row: RowID) async -> Standing? {
        let home = Int(home(of: row))
        return try? await loop.submit { [self] in core.value.shards[home].core?.standing(of: row) }.get()
    }

    /// What waits for its turn in a function, on all shards.
    /// - Parameter limit: keys that are listed at most.
    package func queue(of function: UUID16, limit: Int) async -> QueueView {
        let views = try? await loop.submit { [self] in
            core.value.shards.compactMap { $0.core?.queueView(of: function, limit: limit) }
        }.get()
        return (views ?? []).reduce(QueueView()) { sum, view in sum.adding(view, limit: limit) }
    }

    /// What has to be known before ticks of a schedule are computed; `nil` when it is not registered.
    func outlook(of key: ScheduleKey) async -> BackfillOutlook? {
        try? await loop.submit { [self] in core.value.shards.first?.core?.outlook(of: key) }.get()
    }

    /// The schedules of all functions.
    package func schedules() async -> [ScheduleView] {
        let views = try? await loop.submit { [self] in core.value.shards.first?.core?.scheduleViews }.get()
        return views ?? []
    }

    /// Reads from the store on a thread that may block.
    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any StoreReader) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await run(on: reading) { store throws(StoreError) in try body(store.reader) }
    }

    /// Changes the store beside the shards, on the thread that commits.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Store) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await run(on: writing, body)
    }

    private func run<Value: Sendable>(
        on threads: NIOThreadPool,
        _ body: @escaping @Sendable (any Store) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let store = store
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            threads.submit { state in
                guard case .active = state else {
                    continuation.resume(returning: .failure(.unavailable("the server is shutting down")))
                    return
                }
                continuation.resume(returning: Result { () throws(StoreError) in try body(store) })
            }
        }
        return try result.get()
    }

    // MARK: - Effects

    private func perform(_ effect: Effect, of shard: ShardID) {
        let core = core.value
        switch effect {
        case .call(let call):
            feed.publish(call.runID)
            core.caller.send(call) { reply in
                core.shards[Int(shard)].submit([Shard.Submission(.reply(call.id, reply))])
            }
        case .gateway(let call):
            gateways.send(call) { [self] report in
                self.core.value.shards[Int(shard)].submit([Shard.Submission(.gateway(report))])
            }
        case .endGateway(let call): gateways.end(call)
        case .probe(let app, let url):
            core.caller.probe(url) { reachable in
                core.shards[Int(shard)].submit([Shard.Submission(.probed(app: app, reachable: reachable))])
            }
        case .send(let receiver, let number, let message):
            deliver(.message(from: shard, number: number, message), to: receiver)
        case .acknowledge(let sender, let number):
            deliver(.acknowledged(by: shard, upTo: number), to: sender)
        case .registryChanged(let registry):
            state.withLock { $0.registry = registry }
            for other in core.shards where other.id != shard {
                deliver(.registry(registry), to: other.id)
            }
        case .changed(let change):
            feed.publish(change.run)
            switch change.what {
            case .started: ends.began(change.run)
            case .finished(let outcome): ends.publish(change.run, outcome)
            case .stepFinished, .attemptFailed: break
            }
            log(change)
        case .load, .readWakes, .findListeners, .findEvents, .readEvents, .readTemplates:
            assertionFailure("reads are carried out by the shard itself")
        }
    }

    /// In a turn of its own, because the sending shard is in the middle of one.
    private func deliver(_ input: Input, to receiver: ShardID) {
        loop.execute { [self] in
            core.value.shards[Int(receiver)].submit([Shard.Submission(input)])
        }
    }

    private func log(_ change: RunChange) {
        switch change.what {
        case .started:
            logger.debug("run \(change.run) started", metadata: ["function": "\(change.function)"])
        case .stepFinished(let name, let outcome):
            logger.debug(
                "run \(change.run) finished step \"\(name)\"",
                metadata: ["function": "\(change.function)", "outcome": "\(outcome)"]
            )
        case .attemptFailed(let attempt, let cause, let retryAt):
            logger.info(
                "run \(change.run) will try again at \(retryAt.rfc3339)",
                metadata: ["function": "\(change.function)", "attempt": "\(attempt)", "cause": "\(cause)"]
            )
        case .finished(let outcome):
            let status = outcome.end.status
            logger.log(
                level: status == .failed ? .warning : .debug,
                "run \(change.run) \(status.name.lowercased())",
                metadata: ["function": "\(change.function)"]
            )
        }
    }
}

/// Why the node did not do what it was asked.
package enum NodeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Too much is waiting, or the store does not answer: the sender should try again.
    case unavailable(String)
    /// The input can never be made durable.
    case rejected(String)

    package var description: String {
        switch self {
        case .unavailable(let reason): "try again later: \(reason)"
        case .rejected(let reason): reason
        }
    }
}
