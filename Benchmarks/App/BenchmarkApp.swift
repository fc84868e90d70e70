import NIOCore

/// An app that speaks the protocol by hand and costs next to nothing, on an event loop of its own.
struct BenchmarkApp: Sendable {
    private let channel: any Channel
    private let port: Int
    private let tally: NIOLoopBound<AppTally>

    static func start(on loop: any EventLoop) async throws -> BenchmarkApp {
        let tally = try await loop.submit { NIOLoopBound(AppTally(), eventLoop: loop) }.get()
        let channel = try await AppListener.bind(on: loop) { AppHandler(tally.value) }
        guard let port = channel.localAddress?.port else { throw BenchmarkError("the app has no port") }
        return BenchmarkApp(channel: channel, port: port, tally: tally)
    }

    func stop() async throws {
        try await channel.close()
    }

    /// Tells a server what functions there are.
    func register(with server: ServerProcess, asking loop: any EventLoop) async throws {
        let body = BenchmarkRegistration.body(url: "http://127.0.0.1:\(port)/api/inngest")
        try await AppListener.register(body, with: server, asking: loop)
    }

    var counts: AppTally.Counts {
        get async throws { try await onLoop { $0.counts } }
    }

    /// Times noted since they were last taken.
    func takeTimes() async throws -> (firstCalls: [Double], ends: [Double]) {
        try await onLoop { $0.takeTimes() }
    }

    /// Sets what happens whenever a run has ended.
    func onEnd(_ body: (@Sendable () -> Void)?) async throws {
        try await onLoop { $0.onEnd = body }
    }

    /// Waits until so many runs have ended since the start.
    func waitForEnds(_ count: Int, within seconds: Double) async throws {
        try await wait(for: \.endedRuns, count, "runs have ended", within: seconds)
    }

    /// Waits until so many first calls have come since the start.
    func waitForFirstCalls(_ count: Int, within seconds: Double) async throws {
        try await wait(for: \.firstCalls, count, "first calls have come", within: seconds)
    }

    private func wait(
        for part: KeyPath<AppTally.Counts, Int>, _ count: Int, _ what: String, within seconds: Double
    ) async throws {
        let watch = Stopwatch()
        while true {
            let found = try await counts[keyPath: part]
            if found >= count { return }
            guard watch.seconds < seconds else {
                throw BenchmarkError("only \(found) of \(count) \(what) after \(Int(seconds)) s")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func onLoop<Result: Sendable>(_ body: @escaping @Sendable (AppTally) -> Result) async throws -> Result {
        try await channel.eventLoop.submit { body(tally.value) }.get()
    }
}
