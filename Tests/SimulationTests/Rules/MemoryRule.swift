import ApusCore
import ApusEngine
import ApusNode

/// What a shard holds in memory is bounded, and nothing of a run stays when it has ended.
final class MemoryRule {
    func readBegan(_ host: SimulatedHost) {
        let most = host.world.scenario.configuration.limits.concurrentLoads
        if host.openReads > most {
            host.world.report(.memory, "shard \(host.id) reads \(host.openReads) runs at a time; \(most) are allowed")
        }
    }

    /// Runs to which nothing is happening leave memory when there is no room for them.
    func check(_ host: SimulatedHost) {
        let world = host.world
        // Only a decision makes room, and only for what was durable before it.
        guard let core = host.shard.core, core.time == world.now, host.heardOfCommitAt < world.elapsed else { return }
        let figures = core.figures
        if figures.residentBytes > world.scenario.configuration.limits.residentBytes, figures.undurableRuns == 0,
            figures.idleRuns > 0
        {
            world.report(.memory, "shard \(host.id) keeps idle runs although it has no room: \(figures)")
        }
    }

    /// Room is taken up by calls alone whose answers have not come, each by as many limits as its run has.
    private func isBalanced(_ host: SimulatedHost, _ figures: ShardFigures) -> Bool {
        figures.openCalls == 0 ? figures.heldSlots == 0 : figures.heldSlots >= figures.openCalls
    }

    /// All runs have ended. A late alarm of one of them may still have it read in vain.
    func checkEnd(of world: SimulatedWorld) {
        for case .some(let host) in world.hosts {
            guard let figures = host.shard.core?.figures else { continue }
            let isEmpty =
                figures.busyRuns + figures.undurableRuns + figures.idleRuns == 0 && figures.residentBytes == 0
                && figures.unacknowledgedMessages == 0 && figures.waitingJobs == 0 && figures.singletons == 0
                && figures.pendings == 0 && isBalanced(host, figures)
                && figures.openCalls == host.openCalls.values.reduce(0, +)
            if !isEmpty {
                world.report(.memory, "shard \(host.id) is at rest with \(host.openCalls) and still holds \(figures)")
            }
        }
    }
}
