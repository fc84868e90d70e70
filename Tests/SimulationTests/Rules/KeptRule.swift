import ApusCore
import ApusEngine
import ApusStore

/// The store tells a shard that begins of every run that waits for its turn or takes up room, and of no
/// other.
final class KeptRule {
    func check(_ batch: Batch, in world: SimulatedWorld) {
        var concerned: Set<RowID> = []
        for write in batch.writes {
            switch write {
            case .turn(_, let run, _, _), .unkeep(let run): concerned.insert(run)
            case .keep(let run): concerned.insert(run.run)
            default: break
            }
        }
        for run in concerned.sorted() { check(run, at: batch.time, in: world) }
    }

    private func check(_ row: RowID, at time: Timestamp, in world: SimulatedWorld) {
        guard let run = world.rules.ledger.runs[row], let fold = run.fold else { return }
        let kept = world.rules.flow.kept[row]
        let keys = world.rules.flow.keys[row]
        let calls = fold.jobs.count(where: \.isCalling)
        let takesRoom =
            fold.flow != nil
            && (calls > 0 || keys?.singleton != nil || keys?.runs != nil && fold.startedAt != nil)
        let waiting = fold.jobs.filter { $0.isCall && !$0.isCalling && $0.wakeTime <= time }
        let isNeeded = !fold.isFinished && (takesRoom || calls == 0 && !waiting.isEmpty)
        let name = world.rules.name(of: row)
        guard let kept else {
            if !fold.isFinished, takesRoom { world.report(.kept, "\(name) takes up room and is not kept") }
            // Without a row the alarm has to bring it.
            let alarm = run.projection?.wakeAt ?? .distantFuture
            if !fold.isFinished, calls == 0, let job = waiting.first(where: { $0.wakeTime < alarm }) {
                world.report(.kept, "\(name) waits with \(job) and would be forgotten")
            }
            return
        }
        if !isNeeded { world.report(.kept, "\(name) is kept for nothing") }
        if takesRoom, kept.calls != calls {
            world.report(.kept, "\(name) has \(calls) calls open, kept are \(kept.calls)")
        }
        if kept.isStarted != (fold.startedAt != nil) || kept.function != run.row.function || kept.flow != fold.flow {
            world.report(.kept, "\(name) is kept as \(kept)")
        }
        if calls == 0, !waiting.isEmpty, kept.waitsSince == nil, (run.projection?.wakeAt ?? .distantFuture) > time {
            world.report(.kept, "\(name) waits, and is kept as one that does not")
        }
    }

    func checkEnd(of world: SimulatedWorld) {
        for run in world.rules.flow.kept.keys.sorted() {
            world.report(.kept, "\(world.rules.name(of: run)) has ended and is kept")
        }
    }
}
