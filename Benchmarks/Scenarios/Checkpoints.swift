/// How many steps apps can report in a second while their calls go on, and how long a run of reported steps takes.
struct Checkpoints: Scenario {
    let name = "checkpoints"
    let summary = "steps reported while calls go on, one or ten a report"

    private static let inFlight = 64

    func measure(_ setup: Setup) async throws -> [Figure] {
        try await setup.withServer { server in
            let app = try await CheckpointingApp.start(on: setup.appLoop, with: server)
            let sender = try await EventSender(port: server.port, connections: 16, on: setup.loadLoop)
            var figures: [Figure] = []
            for (plan, target) in [
                (CheckpointingApp.Plan(steps: 100, perReport: 1), 10_000.0),
                (CheckpointingApp.Plan(steps: 100, perReport: 10), 40_000.0),
            ] {
                figures += try await rate(of: plan, target: target, server, app, sender, setup)
            }
            figures += try await duration(app, sender, setup)
            sender.close()
            try await app.stop()
            return figures
        }
    }

    private func rate(
        of plan: CheckpointingApp.Plan, target: Double, _ server: ServerProcess, _ app: CheckpointingApp,
        _ sender: EventSender, _ setup: Setup
    ) async throws -> [Figure] {
        let event = MarkedEvent(name: plan.event)
        let left = Countdown(.max)
        let before = try await app.counts.runs
        try await app.onEnd { if left.next() { sender.send(event) } }
        for _ in 0..<Self.inFlight { sender.send(event) }
        try await Task.sleep(for: .lasting(min(setup.seconds / 5, 2)))
        var rates: [Double] = []
        var cpu: [Double] = []
        var ownCPU: [Double] = []
        var disk: [Double] = []
        for _ in 0..<Setup.repetitions {
            let watch = Stopwatch()
            let (start, usage, own) = (try await app.counts.steps, try server.usage(), try ProcessUsage.own)
            try await Task.sleep(for: .lasting(setup.seconds))
            let (end, after) = (try await app.counts.steps, try server.usage())
            let steps = Double(max(end - start, 1))
            rates.append(steps / watch.seconds)
            cpu.append((after.cpuSeconds - usage.cpuSeconds) / steps * 1e6)
            ownCPU.append((try ProcessUsage.own.cpuSeconds - own.cpuSeconds) / steps * 1e6)
            disk.append((after.diskBytes - usage.diskBytes) / steps / 1e3)
        }
        try await wait(for: before + Self.inFlight + left.stop(), of: app)
        try await app.onEnd(nil)
        _ = try await app.takeTimes()
        try await sender.check()
        let name = "checkpoints, \(plan.perReport) a report"
        return [
            Figure(name, rates, "steps/s", target: .atLeast(target)),
            Figure("\(name), server CPU", cpu, "µs/step"),
            Figure("\(name), CPU of the app and the load", ownCPU, "µs/step"),
            Figure("\(name), written to disk", disk, "KB/step"),
        ]
    }

    /// One run at a time, from its event to the answer that ends it.
    private func duration(_ app: CheckpointingApp, _ sender: EventSender, _ setup: Setup) async throws -> [Figure] {
        let event = MarkedEvent(name: CheckpointingApp.Plan(steps: 10, perReport: 1).event)
        let count = max(Int(200 * min(setup.seconds / 10, 1)), 10)
        var times: [Percentiles] = []
        for round in 0...Setup.repetitions {
            let ended = try await app.counts.runs
            let left = Countdown(count - 1)
            try await app.onEnd { if left.next() { sender.send(event) } }
            sender.send(event)
            try await wait(for: ended + count, of: app)
            try await app.onEnd(nil)
            let taken = try await app.takeTimes()
            // The first round warms up.
            if round > 0 { times.append(Percentiles(taken)) }
        }
        return [
            Figure("checkpointed run of 10 steps, p50", times.map { $0.at(0.5) }, "ms", target: .below(5)),
            Figure("checkpointed run of 10 steps, p99", times.map { $0.at(0.99) }, "ms"),
        ]
    }

    private func wait(for runs: Int, of app: CheckpointingApp) async throws {
        let watch = Stopwatch()
        while try await app.counts.runs < runs {
            try await app.check()
            guard watch.seconds < 60 else { throw BenchmarkError("runs do not end") }
            try await Task.sleep(for: .milliseconds(2))
        }
        try await app.check()
    }
}
