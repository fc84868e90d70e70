/// How soon after an event is sent the app is called for it, while little goes on.
struct Latency: Scenario {
    let name = "latency"
    let summary = "event sent to first call, at 50 events a second"

    private static let pause = Duration.milliseconds(20)

    func measure(_ setup: Setup) async throws -> [Figure] {
        try await setup.withServerAndApp { server, app in
            let sender = try await EventSender(port: server.port, connections: 8, on: setup.loadLoop)
            let event = MarkedEvent(name: BenchmarkFunction.withoutSteps.event)
            try await send(event, by: sender, for: min(setup.seconds, 1))
            _ = try await app.takeTimes()
            var times: [Percentiles] = []
            for _ in 0..<Setup.repetitions {
                try await send(event, by: sender, for: setup.seconds)
                try await sender.check()
                times.append(Percentiles(try await app.takeTimes().firstCalls.map { $0 / 1e6 }))
            }
            sender.close()
            return [
                Figure("latency of the first call, p50", times.map { $0.at(0.5) }, "ms", target: .below(3)),
                Figure("latency of the first call, p99", times.map { $0.at(0.99) }, "ms"),
            ]
        }
    }

    private func send(_ event: MarkedEvent, by sender: EventSender, for seconds: Double) async throws {
        let clock = ContinuousClock()
        let end = clock.now + .lasting(seconds)
        var next = clock.now
        while next < end {
            sender.send(event)
            next += Self.pause
            try await Task.sleep(until: next, tolerance: .zero)
        }
        // The last ones arrive.
        try await Task.sleep(for: .milliseconds(200))
    }
}
