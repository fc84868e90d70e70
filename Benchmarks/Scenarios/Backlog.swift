import ApusCore
import Foundation
import NIOCore

/// What it costs when very many runs wait for a limit, and how fast they are let go when there is room.
struct Backlog: Scenario {
    let name = "backlog"
    let summary = "--waits N runs that wait for their turn, over \(Self.keys) keys of which each lets one call go"

    static let keys = 10_000
    /// Events of one request that starts runs.
    private static let batch = 200
    /// Events that are under way at a time.
    private static let underWay = 20_000

    func measure(_ setup: Setup) async throws -> [Figure] {
        try await setup.withDirectory { directory in
            let app = try await BenchmarkApp.start(on: setup.appLoop)
            do {
                let filled = try await fill(setup, app, in: directory)
                let emptied = try await empty(setup, app, in: directory)
                try await app.stop()
                return filled + emptied
            } catch {
                try? await app.stop()
                throw error
            }
        }
    }

    /// No run may start, and very many are to.
    private func fill(_ setup: Setup, _ app: BenchmarkApp, in directory: URL) async throws -> [Figure] {
        let server = try await ServerProcess.start(in: directory, asking: setup.loadLoop)
        do {
            try await app.register(with: server, asking: setup.loadLoop)
            try await limit(to: 0, server, setup)
            try await Task.sleep(for: .milliseconds(500))
            let before = try server.usage()
            let watch = Stopwatch()
            let sender = try await EventSender(port: server.port, connections: 8, on: setup.loadLoop)
            var sent = 0
            while sent < setup.waits {
                for _ in 0..<(Self.underWay / Self.batch) where sent < setup.waits {
                    let events = (sent..<min(sent + Self.batch, setup.waits)).map { number in
                        #"{"name":"\#(LimitedFunction.event)","data":{"key":"key-\#(number % Self.keys)"}}"#
                    }
                    sender.send(HTTPMessage.post("/e/bench", body: Array("[\(events.joined(separator: ","))]".utf8)))
                    sent += events.count
                }
                try await sender.drain()
            }
            let seconds = watch.seconds
            sender.close()
            // The last of them become durable.
            try await Task.sleep(for: .seconds(1))
            let after = try server.usage()
            await server.stop()
            let count = Double(setup.waits)
            return [
                Figure("backlog: runs that begin to wait", [count / seconds], "runs/s"),
                Figure("backlog, server CPU", [(after.cpuSeconds - before.cpuSeconds) / count * 1e6], "µs/run"),
                Figure("backlog, memory", [(after.residentBytes - before.residentBytes) / count], "B/run"),
                Figure(
                    "backlog, written to disk (write_bytes)", [(after.diskBytes - before.diskBytes) / count], "B/run"
                ),
            ]
        } catch {
            await server.stop()
            throw error
        }
    }

    /// A new process finds them all, and lets them go.
    private func empty(_ setup: Setup, _ app: BenchmarkApp, in directory: URL) async throws -> [Figure] {
        let idle = try await setup.withServer { try $0.usage().residentBytes }
        let server = try await ServerProcess.start(in: directory, asking: setup.loadLoop)
        do {
            try await Task.sleep(for: .milliseconds(500))
            let started = try server.usage()
            let ended = try await app.counts.endedRuns
            try await limit(to: 1, server, setup)
            let watch = Stopwatch()
            try await Task.sleep(for: .lasting(setup.seconds))
            let gone = try await app.counts.endedRuns - ended
            let seconds = watch.seconds
            let after = try server.usage()
            await server.stop()
            let isFull = setup.waits >= 1_000_000
            return [
                Figure(
                    "backlog: start with all of them", [server.startupSeconds * 1e3], "ms",
                    target: isFull ? .below(5_000) : nil
                ),
                Figure(
                    "backlog: start, memory", [(started.residentBytes - idle) / Double(setup.waits)], "B/run",
                    target: isFull ? .below(300) : nil
                ),
                Figure("backlog: admissions", [Double(gone) / seconds], "runs/s", target: .atLeast(5_000)),
                Figure(
                    "backlog: admissions, server CPU",
                    [(after.cpuSeconds - started.cpuSeconds) / Double(max(gone, 1)) * 1e6], "µs/run"
                ),
            ]
        } catch {
            await server.stop()
            throw error
        }
    }

    private func limit(to limit: Int, _ server: ServerProcess, _ setup: Setup) async throws {
        let body = #"{"concurrency":[{"key":"\#(LimitedFunction.key)","limit":\#(limit)}]}"#
        let request = HTTPMessage.put("/v1/functions/\(LimitedFunction.slug)/limits", body: Array(body.utf8))
        let answer = try await ClientConnection.ask(port: server.port, request, on: setup.loadLoop)
        guard answer.status == 200 else {
            throw BenchmarkError("the limit was answered with \(answer.status): \(String(buffer: answer.body))")
        }
    }
}
