import ApusCore
import ApusEngine
import ApusStore

/// Of the runs of a singleton one lives, besides those whose place it has taken and that are being
/// cancelled; nothing is skipped for a run that does not live.
final class SingletonsRule {
    /// Runs whose place another one has taken, with that one.
    private var displaced: [RowID: RowID] = [:]

    func check(_ batch: Batch, _ regimes: [[UUID16: FunctionRecord]], in world: SimulatedWorld) {
        for write in batch.writes {
            switch write {
            case .run(let run): begin(run, regimes, in: world)
            case .outcome(let outcome) where outcome.rule == .singleton: skip(outcome, regimes, in: world)
            default: break
            }
        }
    }

    private func begin(_ run: RunRow, _ regimes: [[UUID16: FunctionRecord]], in world: SimulatedWorld) {
        guard let place = world.rules.flow.keys[run.row]?.singleton else { return }
        let others = (world.rules.flow.runs[place] ?? []).filter { other in
            other < run.row && RowCounters.shard(of: other) == RowCounters.shard(of: run.row)
                && displaced[other] == nil
                && (world.rules.ledger.runs[other]?.isLive == true || wasCancelled(other, by: run, in: world))
        }
        let mayCancel = Regime(regimes, of: run.function).sometimes { $0.flowControl.singleton?.mode == .cancel }
        for other in others {
            displaced[other] = run.row
            if mayCancel { continue }
            world.report(
                .singletons,
                "\(world.rules.name(of: run.row)) begins although \(world.rules.name(of: other)) of \(place) lives"
            )
        }
    }

    private func wasCancelled(_ other: RowID, by run: RunRow, in world: SimulatedWorld) -> Bool {
        world.rules.ledger.runs[other]?.fold?.end?.cause.contains("run \(run.id) of the same singleton") ?? false
    }

    private func skip(_ outcome: Outcome, _ regimes: [[UUID16: FunctionRecord]], in world: SimulatedWorld) {
        world.coverage.count(.singletonSkipped)
        let fields = world.rules.looks.event(outcome.event)?.fields ?? EventFields()
        let singletons = Regime(regimes, of: outcome.function).flows.compactMap(\.singleton).filter { $0.mode == .skip }
        let landing = world.rules.ledger.landings
        let isRight = singletons.contains { singleton in
            guard let place = FlowPlace.optional(.singleton, outcome.function, singleton.key, fields) else {
                return false
            }
            return (world.rules.flow.runs[place] ?? []).contains { run in
                // It may have ended with the same batch.
                (world.rules.ledger.runs[run]?.endedLanding ?? 0) >= landing
            }
        }
        if !isRight {
            world.report(.singletons, "event \(outcome.event) is skipped although no run of \(singletons) lives")
        }
    }

    /// Whether the run has given way to another one of its singleton.
    func isDisplaced(_ run: RowID) -> Bool { displaced[run] != nil }

    func checkEnd(of world: SimulatedWorld) {
        for (run, successor) in displaced {
            guard let end = world.rules.ledger.runs[run]?.fold?.end, end.status != .cancelled else { continue }
            world.report(
                .singletons,
                "\(world.rules.name(of: run)) ended \(end.status) although \(world.rules.name(of: successor)) took its place"
            )
        }
    }
}
