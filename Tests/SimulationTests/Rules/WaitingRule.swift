import ApusCore
import ApusEngine
import ApusNode

/// No run waits for its turn while there is room for it.
final class WaitingRule {
    /// Milliseconds by which a timer may be late.
    private static let patience: Int64 = 100

    /// Whether the world has nothing else that keeps calls back: apps that do not answer are left alone for a
    /// while, and after a step of the clock timers are late.
    private static func isSimple(_ scenario: Scenario) -> Bool {
        let faults = scenario.faults
        return faults.appOutages.isEmpty && faults.unreachable == 0 && faults.replyLost == 0 && faults.hang == 0
            && scenario.isClockSteady && scenario.configuration.limits.callBytesPerApp > 1_000_000
    }

    /// The shard has decided everything, and all of that is durable.
    func check(_ host: SimulatedHost) {
        let world = host.world
        let waiting = world.rules.flow.waiting[host.id] ?? []
        guard !waiting.isEmpty, Self.isSimple(world.scenario), let core = host.shard.core, host.shard.isSettled,
            world.rules.steps.owner(of: host.id) == host.memory
        else { return }
        let open = world.rules.limits.openCalls(of: host.id, host, in: world)
        for row in waiting.sorted() {
            guard let run = world.rules.ledger.runs[row], run.isLive,
                let function = core.registry.functions[run.row.function], function.pausedAt == nil,
                host.openCalls[function.app, default: 0] < world.scenario.configuration.limits.callsPerApp
            else { continue }
            let flow = function.flowControl
            let isFull =
                world.rules.limits.isFull(for: row, flow, open, of: host.id, in: world)
                || run.fold?.startedAt == nil
                    && !world.rules.pace.isOpen(
                        for: run.row, flow, of: host.id, at: core.time - .milliseconds(Self.patience), in: world
                    )
            // It may be its turn, and it is read first; and answers may not have reached the core yet.
            guard !isFull else { continue }
            let figures = core.figures
            if figures.runsBeingRead == 0, figures.openCalls == host.openCalls.values.reduce(0, +) {
                world.report(.waiting, "\(world.rules.name(of: row)) waits at \(core.time) although it has room")
            }
        }
    }
}
