import ApusCore
import ApusEngine
import ApusStore

/// Runs begin at the pace of their throttle, and events start runs at that of their rate limit; none is
/// dropped that there was room for.
final class PaceRule {
    private var arrivals: [Place: Arrival] = [:]
    private var started: Set<RowID> = []
    /// Debounces and batches that the batch at hand ends.
    private var ended: Set<ULID> = []

    private struct Place: Hashable {
        var shard: ShardID
        var flow: FlowPlace
    }

    /// The theoretical arrival in nanoseconds since 1970; two of them, because it may not be known which of
    /// two configurations was in force.
    private struct Arrival {
        var earliest: Int64
        var latest: Int64
    }

    /// The pace of one configuration.
    private struct Pace {
        var interval: Int64
        var ahead: Int64

        init(_ throttle: FlowControl.Throttle) {
            interval = throttle.period.nanoseconds / Int64(throttle.limit)
            ahead = interval * Int64(throttle.limit + throttle.burst - 1)
        }

        init(_ rate: FlowControl.RateLimit) {
            interval = rate.period.nanoseconds / Int64(rate.limit)
            ahead = interval * Int64(rate.limit / 10)
        }
    }

    func check(_ batch: Batch, _ regimes: [[UUID16: FunctionRecord]], in world: SimulatedWorld) {
        ended = []
        for write in batch.writes {
            switch write {
            case .turn(_, let row, _, let turn):
                guard turn.entries.contains(where: { if case .called = $0 { true } else { false } }),
                    started.insert(row).inserted, let run = world.rules.ledger.runs[row]
                else { continue }
                start(run, at: turn.at, regimes, of: batch.shard, in: world)
            case .unpend(let run):
                ended.insert(run)
            case .run(let run) where world.rules.flow.series[run.id] == nil:
                accept(run.event, run.function, at: run.createdAt, regimes, of: batch.shard, in: world)
            case .outcome(let outcome):
                decide(outcome, regimes, of: batch.shard, in: world)
            default:
                break
            }
        }
    }

    // MARK: - Throttles

    private func start(
        _ run: LedgerRun, at time: Timestamp, _ regimes: [[UUID16: FunctionRecord]], of shard: ShardID,
        in world: SimulatedWorld
    ) {
        let fields = world.rules.looks.event(run.row.event)?.fields ?? EventFields()
        let name = world.rules.name(of: run.row.row)
        if let priority = world.rules.flow.keys[run.row.row]?.priority, priority < 0 {
            world.coverage.count(.priorityDelayed)
            if time < run.row.createdAt + .seconds(-priority) {
                world.report(.pace, "\(name) starts at \(time) in spite of its priority of \(priority)")
            }
        }
        let flows = Regime(regimes, of: run.row.function).flows
        let throttles = flows.compactMap(\.throttle)
        for key in Set(throttles.map(\.key)) {
            let same = throttles.filter { $0.key == key }
            admit(
                .of(.throttle, run.row.function, key, fields), same, isOptional: same.count < flows.count,
                at: time, of: shard, name, in: world
            )
        }
    }

    /// Whether a throttle lets the run start.
    func isOpen(
        for run: RunRow, _ flow: FlowControl, of shard: ShardID, at time: Timestamp, in world: SimulatedWorld
    ) -> Bool {
        guard let throttle = flow.throttle else { return true }
        let fields = world.rules.looks.event(run.event)?.fields ?? EventFields()
        let place = Place(shard: shard, flow: .of(.throttle, run.function, throttle.key, fields))
        return (arrivals[place]?.latest ?? 0) - Pace(throttle).ahead <= time.milliseconds * 1_000_000
    }

    private func admit(
        _ flow: FlowPlace, _ throttles: [FlowControl.Throttle], isOptional: Bool, at time: Timestamp,
        of shard: ShardID, _ name: String, in world: SimulatedWorld
    ) {
        let paces = throttles.map { Pace($0) }
        let place = Place(shard: shard, flow: flow)
        if !isOptional, !isOpen(place, paces, at: time) {
            world.report(.pace, "\(name) starts at \(time), too early for \(throttles) of \(flow)")
        }
        move(place, paces, isOptional: isOptional, at: time)
    }

    // MARK: - Rate limits

    private func decide(
        _ outcome: Outcome, _ regimes: [[UUID16: FunctionRecord]], of shard: ShardID, in world: SimulatedWorld
    ) {
        switch outcome.rule {
        case .rateLimit, .idempotency:
            world.coverage.count(outcome.rule == .idempotency ? .eventIdempotent : .eventRateLimited)
            refuse(outcome, regimes, of: shard, in: world)
        case .debounce:
            accept(outcome.event, outcome.function, at: outcome.at, regimes, of: shard, in: world)
        case .singleton, .pause:
            let isMember = ended.contains { run in
                guard let series = world.rules.flow.series[run] else { return false }
                return series.function == outcome.function && series.members.contains(outcome.event)
            }
            if !isMember {
                accept(outcome.event, outcome.function, at: outcome.at, regimes, of: shard, in: world)
            }
        default:
            break
        }
    }

    private func accept(
        _ event: RowID, _ function: UUID16, at time: Timestamp, _ regimes: [[UUID16: FunctionRecord]],
        of shard: ShardID, in world: SimulatedWorld
    ) {
        let fields = world.rules.looks.event(event)?.fields ?? EventFields()
        let flows = Regime(regimes, of: function).flows
        let rates = flows.compactMap(\.rateLimit)
        guard let first = rates.first, let flow = FlowPlace.optional(.rate, function, first.key, fields) else { return }
        let paces = rates.map { Pace($0) }
        let place = Place(shard: shard, flow: flow)
        let isOptional = rates.count < flows.count
        if !isOptional, !isOpen(place, paces, at: time) {
            world.report(.pace, "event \(event) gets past \(rates) of \(flow) at \(time)")
        }
        move(place, paces, isOptional: isOptional, at: time)
    }

    private func refuse(
        _ outcome: Outcome, _ regimes: [[UUID16: FunctionRecord]], of shard: ShardID, in world: SimulatedWorld
    ) {
        let fields = world.rules.looks.event(outcome.event)?.fields ?? EventFields()
        let rates = Regime(regimes, of: outcome.function).flows.compactMap(\.rateLimit)
        let isRight = rates.contains { rate in
            guard let flow = FlowPlace.optional(.rate, outcome.function, rate.key, fields),
                let arrival = arrivals[Place(shard: shard, flow: flow)]
            else { return false }
            return arrival.latest - Pace(rate).ahead > outcome.at.milliseconds * 1_000_000
        }
        if !isRight {
            world.report(.pace, "event \(outcome.event) is dropped by \(rates) at \(outcome.at) although it may pass")
        }
    }

    // MARK: - Arrivals

    private func isOpen(_ place: Place, _ paces: [Pace], at time: Timestamp) -> Bool {
        guard let arrival = arrivals[place] else { return true }
        return paces.contains { arrival.earliest - $0.ahead <= time.milliseconds * 1_000_000 }
    }

    /// One more has come.
    /// - Parameter isOptional: perhaps without being counted.
    private func move(_ place: Place, _ paces: [Pace], isOptional: Bool, at time: Timestamp) {
        let now = time.milliseconds * 1_000_000
        let intervals = paces.map(\.interval)
        let old = arrivals[place] ?? Arrival(earliest: now, latest: now)
        let earliest = max(old.earliest, now) + (intervals.min() ?? 0)
        let latest = max(old.latest, now) + (intervals.max() ?? 0)
        arrivals[place] = Arrival(earliest: isOptional ? old.earliest : earliest, latest: latest)
    }
}
