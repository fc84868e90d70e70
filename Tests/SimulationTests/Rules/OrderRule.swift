import ApusCore
import ApusEngine
import ApusStore

/// Of runs with the same keys the one with the highest priority goes first, and of those the oldest.
final class OrderRule {
    /// Since which batch runs wait for their first call.
    private var waiting: [RowID: Int] = [:]
    private var lastClaims: [ShardID: Int] = [:]

    func claimed(_ shard: ShardID, in world: SimulatedWorld) {
        lastClaims[shard] = world.rules.ledger.landings
    }

    func check(_ batch: Batch, in world: SimulatedWorld) {
        // One that has to be read first may be overtaken meanwhile.
        guard world.scenario.configuration.limits.residentBytes > 1_000_000 else { return }
        let called = batch.writes.compactMap { write -> RowID? in
            guard case .turn(_, let row, _, let turn) = write, world.rules.ledger.runs[row]?.fold?.startedAt == turn.at,
                turn.entries.contains(where: { if case .called = $0 { true } else { false } })
            else { return nil }
            return row
        }
        // In which order they were called within a batch cannot be told.
        for row in called { waiting[row] = nil }
        for row in called {
            for other in overtaken(by: row, in: world) {
                let name = world.rules.name(of: row)
                world.report(.order, "\(name) is called although \(world.rules.name(of: other)) goes before it")
            }
        }
        let landing = world.rules.ledger.landings
        for write in batch.writes {
            switch write {
            case .keep(let run):
                if !run.isStarted, run.waitsSince != nil {
                    waiting[run.run] = waiting[run.run] ?? landing
                } else {
                    waiting[run.run] = nil
                }
            case .unkeep(let run): waiting[run] = nil
            default: break
            }
        }
    }

    /// Runs that have waited since an earlier batch, in this memory, and that should have gone first.
    private func overtaken(by row: RowID, in world: SimulatedWorld) -> [RowID] {
        guard let run = world.rules.ledger.runs[row]?.row, let keys = world.rules.flow.keys[row] else { return [] }
        let shard = RowCounters.shard(of: row)
        return waiting.filter { other, since in
            guard other != row, RowCounters.shard(of: other) == shard, since > lastClaims[shard] ?? 0,
                let waits = world.rules.ledger.runs[other], waits.isLive, waits.row.function == run.function,
                let otherKeys = world.rules.flow.keys[other], otherKeys.countsLike(keys)
            else { return false }
            let place = (waits.row.createdAt - .seconds(otherKeys.priority), other)
            let ownPlace = (run.createdAt - .seconds(keys.priority), row)
            if ownPlace < place, other < row { world.coverage.count(.overtaken) }
            return place < ownPlace
        }.keys.sorted()
    }
}

extension RunKeys {
    /// Whether two runs of a function count for the same limits.
    fileprivate func countsLike(_ other: RunKeys) -> Bool {
        calls == other.calls && runs == other.runs && throttle == other.throttle
    }
}
