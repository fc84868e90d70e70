import ApusCore
import ApusEngine
import ApusStore

/// A run that lives waits for something that can come, and for nothing else.
final class ProgressRule {
    func check(_ batch: Batch, in world: SimulatedWorld) {
        for case .turn(_, let row, _, _) in batch.writes {
            guard let run = world.rules.ledger.runs[row], let fold = run.fold, !fold.isFinished else { continue }
            if fold.jobs.isEmpty {
                world.report(.progress, "\(world.rules.name(of: row)) has nothing left to do")
            }
            for step in fold.pending.sorted() where !fold.jobs.contains(where: { $0.step == step }) {
                world.report(
                    .progress, "\(world.rules.name(of: row)) waits for step \(step), for which there is no job")
            }
            if !fold.jobs.contains(where: \.isCall) { checkParked(run, fold, in: world) }
        }
    }

    /// A run that will not be called by itself waits for exactly what its function waits for.
    private func checkParked(_ run: LedgerRun, _ fold: Run, in world: SimulatedWorld) {
        guard let program = world.apps.program(of: run.row.function) else { return }
        var memos: [StepID: RawJSON] = [:]
        for (step, memo) in fold.memos.entries { memos[step] = memo }
        let replay = Interpreter.run(program, memos: memos, stack: fold.stack)
        let losers = Set(replay.found.filter(\.isLoser).map(\.id))
        // Siblings of a parallel group are joined: the function hears of the first when the last is done.
        guard fold.pending.isSubset(of: losers) else { return }
        let name = world.rules.name(of: run.row.row)
        guard case .blocked = replay.outcome else {
            return world.report(.progress, "\(name) waits for \(fold.jobs), although its function could end")
        }
        for found in replay.found where !found.isLoser && !fold.jobs.contains(where: { $0.step == found.id }) {
            world.report(.progress, "\(name) waits for \(fold.jobs), although step \(found.userID) could be done")
        }
    }
}

extension Job {
    /// Whether the app hears of the job, now or later.
    fileprivate var isCall: Bool {
        switch kind {
        case .discovery, .target: true
        case .sleep, .deadline: false
        }
    }
}
