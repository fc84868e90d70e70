import ApusCore
import ApusEngine
import ApusStore

/// A run that lives waits for something, and for nothing that cannot come.
final class ProgressRule {
    func check(_ batch: Batch, in world: SimulatedWorld) {
        for case .turn(_, let row, _, _) in batch.writes {
            guard let run = world.rules.ledger.runs[row], let fold = run.fold, !fold.isFinished else { continue }
            if fold.jobs.isEmpty {
                world.report(.progress, "\(world.rules.name(of: row)) has nothing left to do")
            }
            for step in fold.pending.sorted() where !fold.jobs.contains(where: { $0.step == step }) {
                world.report(.progress, "\(world.rules.name(of: row)) waits for step \(step), for which there is no job")
            }
        }
    }
}
