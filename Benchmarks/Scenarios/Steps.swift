/// How many steps become durable in a second, and what one costs.
struct Steps: Scenario {
    let name = "steps"
    let summary = "durable steps with 100 runs of ten steps in flight"

    private static let inFlight = 100

    func measure(_ setup: Setup) async throws -> [Figure] {
        try await setup.withServerAndApp { server, app in
            let sender = try await EventSender(port: server.port, connections: 16, on: setup.loadLoop)
            let event = MarkedEvent(name: BenchmarkFunction.tenSteps.event)
            let left = Countdown(.max)
            try await app.onEnd { if left.next() { sender.send(event) } }
            for _ in 0..<Self.inFlight { sender.send(event) }
            try await Task.sleep(for: .lasting(min(setup.seconds / 5, 2)))

            var rates: [Double] = []
            var cpu: [Double] = []
            var disk: [Double] = []
            var ownCPU: [Double] = []
            for _ in 0..<Setup.repetitions {
                let watch = Stopwatch()
                let (countsBefore, before, own) = (try await app.counts, try server.usage(), try ProcessUsage.own)
                try await Task.sleep(for: .lasting(setup.seconds))
                let (counts, after) = (try await app.counts, try server.usage())
                let steps = Double(max(counts.durableSteps - countsBefore.durableSteps, 1))
                rates.append(steps / watch.seconds)
                cpu.append((after.cpuSeconds - before.cpuSeconds) / steps * 1e6)
                ownCPU.append((try ProcessUsage.own.cpuSeconds - own.cpuSeconds) / steps * 1e6)
                disk.append((after.diskBytes - before.diskBytes) / steps / 1e3)
            }
            // Whatever was started must also end.
            try await app.waitForEnds(Self.inFlight + left.stop(), within: 30)
            try await sender.check()
            sender.close()
            return [
                Figure("steps", rates, "steps/s", target: .atLeast(4_000)),
                Figure("steps, server CPU", cpu, "µs/step"),
                // Takes from what the server could use.
                Figure("steps, CPU of the app and the load", ownCPU, "µs/step"),
                // The log, and the pages that are copied from it into the database.
                Figure("steps, written to disk (write_bytes)", disk, "KB/step"),
            ]
        }
    }
}
