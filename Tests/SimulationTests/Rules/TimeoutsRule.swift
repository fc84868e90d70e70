import ApusCore
import ApusEngine
import ApusStore

/// No run waits longer for its first call, or lives longer after it, than its function allows. An app may
/// have changed its mind meanwhile, so what counts is the longest time that it has ever allowed.
final class TimeoutsRule {
    /// Milliseconds that a healthy server may be late.
    private static let patience: Int64 = 300_000

    /// Runs whose time is up are not called any more.
    func check(_ batch: Batch, in world: SimulatedWorld) {
        for case .turn(_, let row, _, let turn) in batch.writes {
            guard turn.entries.contains(where: { if case .called = $0 { true } else { false } }),
                let run = world.rules.ledger.runs[row], let fold = run.fold,
                let function = world.apps.function(run.row.function)
            else { continue }
            for expiry in [RunExpiry.start, .finish] {
                guard let due = latest(fold, expiry, function), turn.at > due else { continue }
                // The turn with the first call is the last moment at which the run can have been in time.
                if expiry == .start, let startedAt = fold.startedAt, startedAt <= due { continue }
                let name = world.rules.name(of: row)
                world.report(.timeouts, "\(name) is called at \(turn.at), its \(expiry) was due at \(due)")
            }
        }
    }

    func checkEnd(of world: SimulatedWorld) {
        // When the clock is set, timers are late by as much.
        guard world.scenario.isClockSteady else { return }
        let healed = SimulatedWorld.origin + .milliseconds(world.begunAt + world.scenario.faults.end)
        for row in world.rules.ledger.runOrder {
            guard let run = world.rules.ledger.runs[row], let fold = run.fold, let endedAt = fold.endedAt,
                let function = world.apps.function(run.row.function)
            else { continue }
            for expiry in [RunExpiry.start, .finish] where expiry == .finish || fold.startedAt == nil {
                guard let due = latest(fold, expiry, function) else { continue }
                if endedAt > max(due, healed) + .milliseconds(Self.patience) {
                    let name = world.rules.name(of: row)
                    world.report(.timeouts, "\(name) ended at \(endedAt), its \(expiry) was due at \(due)")
                }
            }
        }
    }

    /// Whether the run can have been cancelled for its age.
    func isOver(_ run: Run, _ expiry: RunExpiry, _ function: SimulatedFunction) -> Bool {
        guard let endedAt = run.endedAt, expiry == .finish || run.startedAt == nil else { return false }
        return times(of: run, expiry, function).contains { $0.map { $0 <= endedAt } ?? false }
    }

    /// When the time of a run is up, by the longest that its function ever allowed; `nil` for never.
    private func latest(_ run: Run, _ expiry: RunExpiry, _ function: SimulatedFunction) -> Timestamp? {
        let times = times(of: run, expiry, function)
        return times.contains(nil) ? nil : times.compactMap(\.self).max()
    }

    private func times(of run: Run, _ expiry: RunExpiry, _ function: SimulatedFunction) -> [Timestamp?] {
        function.timeouts.map { timeouts in
            switch expiry {
            case .start: timeouts.start.map { run.createdAt + $0 }
            case .finish: timeouts.finish.flatMap { span in run.startedAt.map { $0 + span } }
            }
        } + (function.timeouts.isEmpty ? [nil] : [])
    }
}
