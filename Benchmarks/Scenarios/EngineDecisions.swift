import ApusCore
import ApusEngine

/// What the engine's decisions cost, without store and I/O.
struct EngineDecisions: Scenario {
    let name = "engine"
    let summary = "ShardCore.decide alone"

    func measure(_ setup: Setup) async throws -> [Figure] {
        let seconds = setup.seconds / 20
        var steps: [Double] = []
        var events: [Double] = []
        for _ in 0..<Setup.repetitions {
            steps.append(try EngineDrive(runs: 100).nanosecondsPerStep(seconds: seconds))
            events.append(try EngineDrive(runs: 0).nanosecondsPerEvent(seconds: seconds))
        }
        return [
            // Also a tenth of an event, a start and an end.
            Figure("engine: a step of 10", steps, "ns/step"),
            Figure("engine: an event that starts nothing", events, "ns/event"),
        ]
    }
}
