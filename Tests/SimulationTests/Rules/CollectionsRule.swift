import ApusCore
import ApusEngine
import ApusStore

/// Debounces and batches: each event is in one series, each series starts one run with the right events at
/// the right time, and the store's rows go with the runs.
final class CollectionsRule {
    /// What the events say into which series they went, in order.
    private var arrivals: [ULID: [Arrival]] = [:]

    private struct Arrival {
        var event: RowID
        var at: Timestamp
        var flows: [FlowControl]
    }

    func check(_ batch: Batch, _ regimes: [[UUID16: FunctionRecord]], in world: SimulatedWorld) {
        var ended: Set<ULID> = []
        var begun: [RunRow] = []
        for write in batch.writes {
            switch write {
            case .outcome(let outcome) where outcome.rule == .debounce || outcome.rule == .batch:
                arrive(outcome, regimes, in: world)
            case .unpend(let run): ended.insert(run)
            case .run(let run): begun.append(run)
            default: break
            }
        }
        for run in begun {
            guard let series = world.rules.flow.series[run.id] else {
                checkSingle(run, regimes, in: world)
                continue
            }
            if !ended.contains(run.id) {
                world.report(.collections, "\(world.rules.name(of: run.row)) begins and is still pending")
            }
            check(run, of: series, in: world)
        }
        for id in ended.sorted() { checkSkip(of: id, in: world) }
    }

    // MARK: - Events

    private func arrive(_ outcome: Outcome, _ regimes: [[UUID16: FunctionRecord]], in world: SimulatedWorld) {
        guard let run = outcome.run, outcome.isTaken, let series = world.rules.flow.series[run] else {
            return world.report(.collections, "event \(outcome.event) went into no series: \(outcome)")
        }
        let regime = Regime(regimes, of: outcome.function)
        let fields = world.rules.looks.event(outcome.event)?.fields ?? EventFields()
        let isRight = regime.sometimes { record in
            let flow = record.flowControl
            guard outcome.rule == .batch else {
                return flow.debounce != nil && !collects(flow, fields)
                    && key(flow.debounce?.key, fields) == series.keyText
            }
            return collects(flow, fields) && key(flow.batch?.key, fields) == series.keyText
        }
        if !isRight { world.report(.collections, "event \(outcome.event) does not belong into \(series)") }
        arrivals[run, default: []].append(Arrival(event: outcome.event, at: outcome.at, flows: regime.flows))
        let isSecond = world.rules.flow.pendings.values.contains { other in
            other.run != run && !other.isClosed && other.function == series.function && other.rule == series.rule
                && other.keyText == series.keyText
                && ShardCore.home(of: other.run, shardCount: world.scenario.shardCount)
                    == ShardCore.home(of: run, shardCount: world.scenario.shardCount)
        }
        if isSecond, !series.isClosed, world.rules.flow.pendings[run] != nil {
            world.report(.collections, "\(series) is not the only one of its key")
        }
    }

    private func collects(_ flow: FlowControl, _ fields: EventFields) -> Bool {
        guard let batch = flow.batch else { return false }
        return batch.condition.map { BatchCondition.holds($0, for: fields) } ?? true
    }

    private func key(_ expression: String?, _ fields: EventFields) -> String {
        expression.map { KeyModel($0)?.value(of: fields) ?? "false" } ?? ""
    }

    // MARK: - Runs

    private func checkSingle(_ run: RunRow, _ regimes: [[UUID16: FunctionRecord]], in world: SimulatedWorld) {
        let fields = world.rules.looks.event(run.event)?.fields ?? EventFields()
        let regime = Regime(regimes, of: run.function)
        if regime.sometimes({ $0.flowControl.batch?.condition != nil }) { world.coverage.count(.batchPassed) }
        if regime.always({ $0.flowControl.debounce != nil || collects($0.flowControl, fields) }) {
            world.report(.collections, "\(world.rules.name(of: run.row)) begins at once")
        }
    }

    private func check(_ run: RunRow, of series: LedgerPending, in world: SimulatedWorld) {
        let arrivals = arrivals[run.id] ?? []
        let events = world.rules.ledger.runs[run.row]?.fold?.start.events ?? []
        let name = world.rules.name(of: run.row)
        guard let first = arrivals.first, let last = arrivals.last else {
            return world.report(.collections, "\(name) begins although no event went into it")
        }
        switch series.rule {
        case .debounce:
            if arrivals.count > 1 { world.coverage.count(.eventDebounced) }
            let expected = latest(of: arrivals, in: world)
            if events != [expected] {
                world.report(.collections, "\(name) is about \(events) instead of the last, \(expected)")
            }
            let silence = last.flows.compactMap(\.debounce?.period).min() ?? .zero
            let timeouts = arrivals.flatMap(\.flows).compactMap(\.debounce?.timeout).min()
            let due = min(last.at + silence, timeouts.map { first.at + $0 } ?? .distantFuture)
            if let timeouts, run.createdAt >= first.at + timeouts, run.createdAt < last.at + silence {
                world.coverage.count(.debounceTimedOut)
            }
            // An older event does not put the run off.
            let isOlder = last.event != expected
            if run.createdAt < due, !isOlder {
                world.report(.collections, "\(name) begins at \(run.createdAt), before \(due)")
            }
        case .batch:
            if events != arrivals.map(\.event) {
                world.report(.collections, "\(name) is about \(events) instead of \(arrivals.map(\.event))")
            }
            let sizes = arrivals.flatMap(\.flows).compactMap(\.batch?.size)
            if events.count > sizes.max() ?? 0 {
                world.report(.collections, "\(name) has \(events.count) events, more than \(sizes)")
            }
            let timeout = first.flows.compactMap(\.batch?.timeout).min() ?? .zero
            let isFull = last.flows.contains { $0.batch.map { $0.size <= events.count } ?? false }
            world.coverage.count(isFull ? .batchFull : .batchTimedOut)
            if !isFull, run.createdAt < first.at + timeout {
                world.report(.collections, "\(name) begins too early with \(events.count) events")
            }
        }
        checkDelay(of: run, after: last.at, series, in: world)
    }

    /// The event with the highest time; of those the last one.
    private func latest(of arrivals: [Arrival], in world: SimulatedWorld) -> RowID {
        var latest: (event: RowID, time: Int64)?
        for arrival in arrivals {
            let time = world.rules.looks.event(arrival.event)?.row.body.view["ts"]?.int ?? 0
            if latest.map({ time >= $0.time }) ?? true { latest = (arrival.event, time) }
        }
        return latest?.event ?? 0
    }

    /// Nothing waits for ever: periods are of seconds.
    private func checkDelay(
        of run: RunRow, after last: Timestamp, _ series: LedgerPending, in world: SimulatedWorld
    ) {
        guard world.scenario.isClockSteady else { return }
        let healed = SimulatedWorld.origin + .milliseconds(world.begunAt + world.scenario.faults.end)
        if run.createdAt > max(last, healed) + .minutes(5) {
            world.report(
                .collections, "\(world.rules.name(of: run.row)) begins at \(run.createdAt), too late for \(series)")
        }
    }

    /// A series that starts no run says why.
    private func checkSkip(of id: ULID, in world: SimulatedWorld) {
        guard world.rules.ledger.rowOfRun[id] == nil, let series = world.rules.flow.series[id] else { return }
        for event in series.members {
            let outcome = world.rules.flow.outcomes[FlowLedger.Fate(event: event, function: series.function)]
            if outcome?.isTaken != false { world.report(.collections, "\(series) ends without a run") }
        }
    }

    /// All runs have ended, so nothing is pending.
    func checkEnd(of world: SimulatedWorld) {
        for series in world.rules.flow.pendings.values {
            world.report(.collections, "\(series) is left over")
        }
        for run in world.rules.ledger.runOrder {
            guard let id = world.rules.ledger.runs[run]?.row.id, world.rules.flow.series[id] != nil,
                arrivals[id] == nil
            else { continue }
            world.report(.collections, "\(world.rules.name(of: run)) has no events")
        }
    }
}
