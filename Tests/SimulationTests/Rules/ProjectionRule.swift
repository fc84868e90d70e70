import ApusCore
import ApusEngine
import ApusStore

/// What the `runs` table says of a run is what its journal says.
final class ProjectionRule {
    func check(_ batch: Batch, in world: SimulatedWorld) {
        for case .turn(_, let run, let previous, _) in batch.writes {
            guard let record = world.rules.ledger.runs[run], let fold = record.fold else {
                return world.report(.projection, "a turn of run \(run), which does not exist, follows \(previous)")
            }
            compare(record.projection, fold, of: record, in: world)
        }
    }

    /// Folds what the store gives back, as a shard does when it loads a run.
    func checkAll(of shard: ShardID, in world: SimulatedWorld) {
        let ledger = world.rules.ledger
        for row in ledger.runOrder where RowCounters.shard(of: row) == shard {
            guard let stored = try? world.store.reader.run(row), let record = ledger.runs[row] else {
                return world.report(.projection, "\(world.rules.name(of: row)) cannot be read from the store")
            }
            guard case .started(let start)? = stored.turns.first?.entries.first, let first = stored.turns.first else {
                return world.report(.projection, "the journal of \(world.rules.name(of: row)) has no beginning")
            }
            var fold = Run(row: row, start: start, createdAt: first.at)
            for turn in stored.turns { fold.apply(turn) }
            compare(stored.projection, fold, of: record, in: world)
            guard fold == record.fold else {
                return world.report(.projection, "\(world.rules.name(of: row)) reads back differently")
            }
            guard !stored.events.isEmpty else {
                return world.report(.projection, "\(world.rules.name(of: row)) has lost its event")
            }
        }
    }

    private func compare(_ projection: RunProjection?, _ fold: Run, of record: LedgerRun, in world: SimulatedWorld) {
        var expected = RunProjection(of: fold, head: record.head, at: record.lastTurnAt ?? fold.createdAt)
        guard projection != expected else { return }
        // Jobs of one that waits for its turn have fallen due since; its expiry is still ahead.
        if let projection, let wakeAt = projection.wakeAt, let expiresAt = fold.expiresAt, wakeAt <= expiresAt,
            world.rules.flow.kept[fold.row]?.waitsSince != nil,
            fold.jobs.contains(where: { $0.wakeTime == wakeAt }) || wakeAt == expiresAt
        {
            expected.wakeAt = wakeAt
            if projection == expected { return }
        }
        world.report(
            .projection,
            "run \(fold.id): the projection says \(projection.map { "\($0)" } ?? "nothing"), the journal \(expected)"
        )
    }
}
