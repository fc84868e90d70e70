import Foundation
import NIOCore

/// The server under test: a child process with a store of its own.
final class ServerProcess: Sendable {
    let port: Int
    /// From the start of the process to its first answer.
    let startupSeconds: Double
    private let process: Process

    var pid: Int32 { process.processIdentifier }

    /// Starts a server in a directory that is empty or that an earlier one has left, and returns once it
    /// answers `GET /health`.
    static func start(in directory: URL, asking loop: any EventLoop) async throws -> ServerProcess {
        let port = try await FreePort.find(on: loop)
        let log = directory.appendingPathComponent("apus.log")
        guard FileManager.default.createFile(atPath: log.path, contents: nil) else {
            throw BenchmarkError("\(log.path) cannot be made")
        }
        let process = Process()
        process.executableURL = try ServerBinary.find()
        // Without discovery and polls: they would reach what else runs on this machine.
        process.arguments = [
            "dev", "--host", "127.0.0.1", "--port", String(port),
            "--data-dir", directory.appendingPathComponent("data").path,
            "--no-discovery", "--no-poll", "--drain-timeout", "1", "--log-level", "warn",
        ]
        let output = try FileHandle(forWritingTo: log)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        let watch = Stopwatch()
        try process.run()
        do {
            try await waitUntilHealthy(process, port: port, log: log, asking: loop)
        } catch {
            await stop(process)
            throw error
        }
        return ServerProcess(port: port, startupSeconds: watch.seconds, process: process)
    }

    private init(port: Int, startupSeconds: Double, process: Process) {
        self.port = port
        self.startupSeconds = startupSeconds
        self.process = process
    }

    private static func waitUntilHealthy(
        _ process: Process, port: Int, log: URL, asking loop: any EventLoop
    ) async throws {
        let watch = Stopwatch()
        while watch.seconds < 20 {
            guard process.isRunning else {
                let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
                throw BenchmarkError("the server ended while it started:\n\(text.suffix(2_000))")
            }
            let answer = try? await ClientConnection.ask(port: port, HTTPMessage.get("/health"), on: loop)
            if answer?.status == 200 { return }
            try await Task.sleep(for: .milliseconds(1))
        }
        throw BenchmarkError("the server did not answer GET /health within 20 s")
    }

    /// Asks the process to end, and makes it end when it does not.
    func stop() async {
        await Self.stop(process)
    }

    private static func stop(_ process: Process) async {
        let watch = Stopwatch()
        process.terminate()
        while process.isRunning {
            if watch.seconds > 15 { kill(process.processIdentifier, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    func usage() throws -> ProcessUsage {
        try ProcessUsage(pid: pid)
    }
}
