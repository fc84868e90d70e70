/// How long a server with an empty store takes from the start of its process to its first answer.
struct Startup: Scenario {
    let name = "startup"
    let summary = "process start to GET /health, empty store"

    func measure(_ setup: Setup) async throws -> [Figure] {
        var times: [Double] = []
        for _ in 0..<10 {
            times.append(try await setup.withServer { $0.startupSeconds * 1_000 })
        }
        return [Figure("startup", times, "ms", target: .below(150))]
    }
}
