/// How many events a server makes durable in a second, and what one costs.
struct Events: Scenario {
    let name = "events"
    let summary = "POST /e on 32 connections"

    private static let connections = 32
    private static let data =
        "{\"currency\":\"EUR\",\"customer\":\"c-20417\",\"items\":[1,2,3],\"order\":\"A-1042\","
        + "\"reference\":\"4f5e1c2a-9b1d-4a57-8f0e-6f3c2b1a0d9e\",\"total\":129900}"

    func measure(_ setup: Setup) async throws -> [Figure] {
        let unmatched = Self.event(named: "bench/unmatched")
        let matched = Self.event(named: BenchmarkFunction.withoutSteps.event)
        let array =
            Array("[".utf8) + Array(repeatElement(unmatched, count: 100).joined(separator: [0x2c])) + Array("]".utf8)
        let variants = [
            // What the HTTP server costs by itself.
            Variant(name: "events: no event, GET /health", source: .same(HTTPMessage.get("/health")), unit: "request"),
            Variant(
                name: "events", source: .same(HTTPMessage.post("/e/bench", body: unmatched)), target: .atLeast(10_000)
            ),
            Variant(
                name: "events: fresh seeds", source: .seeded(SeededRequest(target: "/e/bench", body: unmatched))
            ),
            Variant(
                name: "events: each starts a run", source: .same(HTTPMessage.post("/e/bench", body: matched)),
                startsRuns: true
            ),
            Variant(
                name: "events: 100 a request", source: .same(HTTPMessage.post("/e/bench", body: array)),
                eventsPerRequest: 100
            ),
        ]
        var figures: [Figure] = []
        for variant in variants { figures += try await measure(setup, variant) }
        return figures
    }

    private struct Variant {
        var name: String
        var source: RequestSource
        var unit = "event"
        var eventsPerRequest = 1
        var startsRuns = false
        var target: Target?
    }

    private static func event(named name: String) -> [UInt8] {
        Array("{\"name\":\"\(name)\",\"data\":\(data)}".utf8)
    }

    private func measure(_ setup: Setup, _ variant: Variant) async throws -> [Figure] {
        try await setup.withServerAndApp { server, app in
            let load = try await LoadGenerator(
                port: server.port, connections: Self.connections, on: setup.loadLoop
            )
            // Half the length: there are several variants.
            let seconds = setup.seconds / 2
            var started = try await load.run(variant.source, for: min(seconds, 1)).requests
            var rates: [Double] = []
            var cpu: [Double] = []
            for _ in 0..<Setup.repetitions {
                if variant.startsRuns { try await app.waitForEnds(started, within: 60) }
                let before = try server.usage()
                let sent = try await load.run(variant.source, for: seconds)
                started += sent.requests
                if variant.startsRuns { try await app.waitForEnds(started, within: 60) }
                let events = Double(sent.requests * variant.eventsPerRequest)
                rates.append(events / sent.seconds)
                cpu.append((try server.usage().cpuSeconds - before.cpuSeconds) / events * 1e6)
            }
            load.close()
            return [
                Figure(variant.name, rates, "\(variant.unit)s/s", target: variant.target),
                Figure(variant.name + ", server CPU", cpu, "µs/\(variant.unit)"),
            ]
        }
    }
}
