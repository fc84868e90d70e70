import ApusCore
import ApusEngine
import ApusNode
import ApusStore

/// Everything that a world is checked for, while it lives and at its end.
final class Rules {
    let ledger = Ledger()
    let looks = LookLedger()
    let intake = IntakeRule()
    let steps = StepsRule()
    let release = ReleaseRule()
    let projection = ProjectionRule()
    let calls: CallsRule
    let memory = MemoryRule()
    let outcomes = OutcomesRule()
    let progress = ProgressRule()
    let waits = WaitsRule()
    let signals = SignalsRule()
    let cancellations = CancellationsRule()
    let timeouts = TimeoutsRule()
    let listeners = ListenersRule()
    let flow = FlowLedger()
    let regimes = Regimes()
    let limits = LimitsRule()
    let pace = PaceRule()
    let singletons = SingletonsRule()
    let collections = CollectionsRule()
    let kept = KeptRule()
    let order = OrderRule()
    let waiting = WaitingRule()
    let schedules = SchedulesRule()
    let checkpoints = CheckpointsRule()

    init(scenario: Scenario) {
        calls = CallsRule(limits: scenario.configuration.limits)
    }

    /// A batch is about to be known as durable.
    func batchLanded(_ batch: Batch, of host: SimulatedHost, in world: SimulatedWorld) {
        mixIntoTrace(batch, of: world)
        for case .turn(_, _, _, let turn) in batch.writes {
            for entry in turn.entries { world.coverage.count(entry) }
        }
        checkClock(batch, in: world)
        steps.check(batch, in: world)
        checkpoints.check(batch, in: world)
        calls.check(batch, in: world)
        cancellations.check(batch, in: world)
        ledger.record(batch, at: world.elapsed)
        looks.record(batch, landing: ledger.landings, at: world.elapsed)
        checkFlow(batch, of: host, in: world)
        release.check(batch, in: world)
        projection.check(batch, in: world)
        progress.check(batch, in: world)
        timeouts.check(batch, in: world)
        signals.check(batch, in: world)
        listeners.check(batch, in: world)
    }

    private func checkFlow(_ batch: Batch, of host: SimulatedHost, in world: SimulatedWorld) {
        let regimes = regimes.take(batch)
        for write in batch.writes { flow.record(write, regimes, in: world) }
        limits.check(batch, of: host, regimes, in: world)
        pace.check(batch, regimes, in: world)
        singletons.check(batch, regimes, in: world)
        collections.check(batch, regimes, in: world)
        kept.check(batch, in: world)
        order.check(batch, in: world)
        schedules.check(batch, regimes, in: world)
    }

    /// A shard is about to read what it starts from.
    /// - Parameter memory: which of all memories that shards ever had.
    func claimed(_ shard: ShardID, by memory: Int, in world: SimulatedWorld) {
        steps.claimed(shard, by: memory, at: world.elapsed)
        order.claimed(shard, in: world)
        projection.checkAll(of: shard, in: world)
        if looks.openLooks.contains(where: { RowCounters.shard(of: $0) == shard }) {
            world.coverage.count(.lookInterrupted)
        }
        if flow.kept.values.contains(where: { $0.calls > 0 && RowCounters.shard(of: $0.run) == shard }) {
            world.coverage.count(.slotsRestored)
        }
        if !flow.pendings.isEmpty { world.coverage.count(.pendingRestored) }
    }

    func checkEnd(of world: SimulatedWorld) {
        for shard in 0..<ShardID(world.scenario.shardCount) { projection.checkAll(of: shard, in: world) }
        intake.checkEnd(of: world)
        outcomes.checkEnd(of: world)
        memory.checkEnd(of: world)
        waits.checkEnd(of: world)
        signals.checkEnd(of: world)
        cancellations.checkEnd(of: world)
        timeouts.checkEnd(of: world)
        listeners.checkEnd(of: world)
        singletons.checkEnd(of: world)
        collections.checkEnd(of: world)
        kept.checkEnd(of: world)
        schedules.checkEnd(of: world)
        checkpoints.checkEnd(of: world)
        checkRegistries(of: world)
    }

    /// Every shard has heard of every change.
    private func checkRegistries(of world: SimulatedWorld) {
        for case .some(let host) in world.hosts {
            guard let registry = host.shard.core?.registry else { continue }
            if registry.functions != ledger.functions || registry.apps != ledger.apps {
                world.report(.registry, "shard \(host.id) has not heard of a change of the registry")
            }
        }
    }

    func unfinishedWork(in world: SimulatedWorld) -> String {
        var parts = ["\(world.senders.open) senders"]
        for row in ledger.runOrder {
            guard let run = ledger.runs[row], run.isLive, let fold = run.fold else { continue }
            parts.append("run \(fold.id) of \(fold.start.functionSlug) with jobs \(fold.jobs), pending \(fold.pending)")
        }
        if !schedules.isAtRest { parts.append("ticks or backfills of \(schedules.rows.values)") }
        for series in flow.pendings.values { parts.append("\(series)") }
        if !looks.isAtRest { parts.append("looks for events \(looks.openLooks.sorted()) and by listeners") }
        if ledger.hasUnacknowledgedMessages { parts.append("messages between shards") }
        return parts.joined(separator: "; ")
    }

    /// A shard's time never goes back, whatever the wall clock does and however often it starts.
    private func checkClock(_ batch: Batch, in world: SimulatedWorld) {
        if let last = ledger.times[batch.shard], batch.time < last {
            world.report(.clock, "batch \(batch.number) of shard \(batch.shard) is of \(batch.time), after \(last)")
        }
        for case .turn(_, let run, _, let turn) in batch.writes {
            if let last = ledger.runs[run]?.lastTurnAt, turn.at < last {
                world.report(.clock, "a turn of \(name(of: run)) at \(turn.at) follows one at \(last)")
            }
        }
    }

    func name(of run: RowID) -> String {
        guard let record = ledger.runs[run] else { return "run \(run)" }
        return "run \(record.row.id) of \(record.fold?.start.functionSlug ?? "?")"
    }

    private func mixIntoTrace(_ batch: Batch, of world: SimulatedWorld) {
        world.trace.mix(batch.number << 16 | UInt64(batch.shard))
        for write in batch.writes {
            switch write {
            case .turn(let row, let run, _, let turn):
                world.trace.mix(row)
                world.trace.mix(run)
                world.trace.mix(StableHash.of(JournalCodec.encode(turn)))
                world.note("  \(name(of: run)): \(turn.entries.map(Self.summary).joined(separator: ", "))")
            case .event(let event):
                world.trace.mix(event.row)
                world.trace.mix(event.id.low)
            default:
                break
            }
        }
    }

    private static func summary(_ entry: JournalEntry) -> String {
        switch entry {
        case .started(let start): "started(\(start.id))"
        case .scheduled(let job): "scheduled(\(job.number) \(job.kind.summary) attempt \(job.attempt) \(job.wakeTime))"
        case .called(let job, let generation): "called(\(job) generation \(generation))"
        case .answered(let job, _): "answered(\(job))"
        case .attemptFailed(let job, let retryAt, _): "attemptFailed(\(job), again \(retryAt))"
        case .stepFinished(let result): "stepFinished(\(result.label.name) \(result.outcome))"
        case .parallel(let steps, _): "parallel(\(steps.count))"
        case .planMode(let on): "planMode(\(on))"
        case .invoked(let wait): "invoked(\(wait.functionSlug))"
        case .stepNamed(_, let label): "stepNamed(\(label.name))"
        case .finished(let end): "finished(\(end.status) \(end.cause))"
        case .listening(let listener): "listening(\(listener.number) \(listener.name) \(listener.condition ?? ""))"
        case .displaced(let number): "displaced(\(number))"
        case .keyed(let flow):
            "keyed(\(flow.keys.calls.map(\.text)) \(flow.keys.throttle?.text ?? "") \(flow.singleton?.text ?? ""))"
        case .invokedBy(let invoker): "invokedBy(\(invoker.correlation))"
        case .waited(let obstacle, let since): "waited(\(obstacle.rule) \(obstacle.key) since \(since))"
        case .origin(let origin): "origin(\(origin.run) \(origin.start.name))"
        case .woken(let job): "woken(\(job))"
        case .checkpointed(let job): "checkpointed(\(job))"
        case .deferred(let deferral): "deferred(\(deferral.function))"
        case .deferAborted(let key): "deferAborted(\(key))"
        case .annotated(let annotation): "annotated(\(annotation.update.kind))"
        case .stepDescribed(let description): "stepDescribed(\(description.step) \(description.type))"
        case .leftOut(let key, let reason): "leftOut(\(key) \(reason))"
        case .gateway(let call): "gateway(\(call.job) \(call.requests.map(\.host)))"
        case .endpoint(let terms): "endpoint(\(terms.retries) retries)"
        case .hosted(let job, let until): "hosted(\(job) until \(until))"
        case .expires(let expiry, let time): "expires(\(expiry) \(time.map(String.init(describing:)) ?? "never"))"
        }
    }
}

extension Job.Kind {
    fileprivate var summary: String {
        switch self {
        case .discovery: "discovery"
        case .target(let step): "target \(step.description.prefix(6))"
        case .sleep(let step): "sleep \(step.description.prefix(6))"
        case .deadline(let step): "deadline \(step.description.prefix(6))"
        }
    }
}
