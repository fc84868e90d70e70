import ApusCore
import ApusEngine
import ApusStore

/// The store has exactly the listeners that can still be reached.
final class ListenersRule {
    func check(_ batch: Batch, in world: SimulatedWorld) {
        for case .turn(_, let row, _, _) in batch.writes {
            guard let fold = world.rules.ledger.runs[row]?.fold else { continue }
            let stored = world.rules.looks.listeners[row] ?? []
            let reachable = Set(fold.listeners.lazy.filter(\.isReachable).map(\.number))
            if stored != reachable {
                world.report(
                    .listeners,
                    "\(world.rules.name(of: row)): the store has the listeners \(stored.sorted()), "
                        + "the journal \(reachable.sorted())"
                )
            }
        }
    }

    /// All runs have ended: nobody listens, and nothing is looked for.
    func checkEnd(of world: SimulatedWorld) {
        let looks = world.rules.looks
        guard looks.isAtRest, looks.listeners.isEmpty else {
            return world.report(
                .listeners,
                "left over: \(looks.openLooks.count) looks, \(looks.openLooksBack.count) looks back, "
                    + "\(looks.listeners.count) runs with listeners"
            )
        }
    }
}
