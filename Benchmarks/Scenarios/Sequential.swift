/// How long a run of ten steps takes while nothing else goes on.
struct Sequential: Scenario {
    let name = "sequential"
    let summary = "one run of ten steps at a time, from its event to its end"

    func measure(_ setup: Setup) async throws -> [Figure] {
        try await setup.withServerAndApp { server, app in
            let sender = try await EventSender(port: server.port, connections: 2, on: setup.loadLoop)
            let event = MarkedEvent(name: BenchmarkFunction.tenSteps.event)
            let count = max(Int(200 * min(setup.seconds / 10, 1)), 10)
            _ = try await run(10, of: event, by: sender, app)
            var times: [Percentiles] = []
            for _ in 0..<Setup.repetitions {
                times.append(Percentiles(try await run(count, of: event, by: sender, app)))
            }
            sender.close()
            return [
                Figure("sequential run of 10 steps, p50", times.map { $0.at(0.5) }, "ms", target: .below(10)),
                Figure("sequential run of 10 steps, p99", times.map { $0.at(0.99) }, "ms"),
            ]
        }
    }

    /// Each run's milliseconds; the end of one sends the event of the next.
    private func run(
        _ count: Int, of event: MarkedEvent, by sender: EventSender, _ app: BenchmarkApp
    ) async throws -> [Double] {
        let ended = try await app.counts.endedRuns
        let left = Countdown(count - 1)
        try await app.onEnd { if left.next() { sender.send(event) } }
        sender.send(event)
        try await app.waitForEnds(ended + count, within: 60)
        try await app.onEnd(nil)
        try await sender.check()
        return try await app.takeTimes().ends.map { $0 / 1e6 }
    }
}
