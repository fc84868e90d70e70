import Foundation
import NIOCore
import NIOPosix

/// What all scenarios share.
struct Setup: Sendable {
    /// How often each timed run is repeated.
    static let repetitions = 3

    /// The length of one timed run.
    let seconds: Double
    /// Runs that wait at the same time, where waits are measured.
    let waits: Int
    /// Event schedules, where those are measured.
    let schedules: Int
    /// Where stores are kept while they are measured.
    let directory: URL
    /// Sends requests; a thread of its own, so that it disturbs the app as little as it can.
    let loadLoop: any EventLoop
    /// Runs the app that the server calls.
    let appLoop: any EventLoop
    private let loadGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let appGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    init(seconds: Double, waits: Int, schedules: Int) throws {
        self.seconds = seconds
        self.waits = waits
        self.schedules = schedules
        directory = FileManager.default.temporaryDirectory
        loadLoop = loadGroup.next()
        appLoop = appGroup.next()
    }

    func end() async throws {
        try await loadGroup.shutdownGracefully()
        try await appGroup.shutdownGracefully()
    }

    /// Runs something with a new directory, which is removed afterwards.
    func withDirectory<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
        let path = directory.appendingPathComponent("apus-bench-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        // What cannot be removed is for the system's own cleaning of temporary files.
        defer { try? FileManager.default.removeItem(at: path) }
        return try await body(path)
    }

    /// Runs something with a server of its own, whose store is new and which is stopped afterwards.
    func withServer<Result>(_ body: (ServerProcess) async throws -> Result) async throws -> Result {
        try await withDirectory { directory in
            let server = try await ServerProcess.start(in: directory, asking: loadLoop)
            do {
                let result = try await body(server)
                await server.stop()
                return result
            } catch {
                await server.stop()
                throw error
            }
        }
    }

    /// Runs something with a server and an app that has registered with it.
    func withServerAndApp<Result>(
        _ body: (ServerProcess, BenchmarkApp) async throws -> Result
    ) async throws -> Result {
        try await withServer { server in
            let app = try await BenchmarkApp.start(on: appLoop)
            do {
                try await app.register(with: server, asking: loadLoop)
                let result = try await body(server, app)
                try await app.stop()
                return result
            } catch {
                try? await app.stop()
                throw error
            }
        }
    }
}

extension Duration {
    /// A length as the scenarios count it.
    static func lasting(_ seconds: Double) -> Duration { .microseconds(Int64(seconds * 1_000_000)) }
}
