import ApusCore
import ApusEngine

/// Carries messages between shards: late, in any order, several times, or not at all.
final class ShardNetwork {
    private unowned let world: SimulatedWorld

    init(world: SimulatedWorld) {
        self.world = world
    }

    func send(_ input: Input, from sender: ShardID, to receiver: ShardID) {
        let faults = world.scenario.faults
        world.coverage.count(.messageSent)
        if world.strikes(faults.messageLost) {
            world.coverage.count(.messageLost)
            world.note("a message from shard \(sender) to \(receiver) is lost")
            return
        }
        deliver(input, to: receiver)
        if world.strikes(faults.messageTwice) {
            world.coverage.count(.messageTwice)
            deliver(input, to: receiver)
        }
    }

    private func deliver(_ input: Input, to receiver: ShardID) {
        let faults = world.scenario.faults
        let delay =
            world.strikes(faults.slowMessage) ? world.random.anyDelay(upTo: 30_000) : world.random.between(0, 5)
        world.after(delay) { [self] in
            world.hosts[Int(receiver)]?.submit(input)
        }
    }

    /// Within a process this neither fails nor changes its order.
    func spread(_ registry: Registry, from sender: ShardID) {
        for receiver in world.hosts.indices where receiver != Int(sender) {
            world.after(0) { [self] in
                world.hosts[receiver]?.submit(.registry(registry))
            }
        }
    }
}
