/// What a server uses that has nothing to do.
struct Idle: Scenario {
    let name = "idle"
    let summary = "memory and CPU of a server with nothing to do"

    func measure(_ setup: Setup) async throws -> [Figure] {
        try await setup.withServerAndApp { server, _ in
            try await Task.sleep(for: .lasting(setup.seconds))
            let before = try server.usage()
            let watch = Stopwatch()
            try await Task.sleep(for: .lasting(2 * setup.seconds))
            let after = try server.usage()
            let cpu = (after.cpuSeconds - before.cpuSeconds) / watch.seconds * 100
            return [
                Figure("idle, memory", [before.residentBytes / 1e6], "MB", target: .below(60)),
                Figure("idle, CPU", [cpu], "% of a core", target: .below(0.3)),
            ]
        }
    }
}
