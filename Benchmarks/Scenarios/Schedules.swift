import ApusCore
import Foundation
import GRDB
import NIOCore

/// What very many event schedules cost, and how late their events are when many fall on one second.
struct Schedules: Scenario {
    let name = "schedules"
    let summary = "--schedules N of them, of which \(Self.busy) send their events within a second, then at one moment"

    static let busy = 10_000
    private static let event = "bench/due"
    /// Requests that are under way at a time.
    private static let underWay = 5_000

    func measure(_ setup: Setup) async throws -> [Figure] {
        try await setup.withDirectory { directory in
            let idle = try await setup.withServer { try $0.usage().residentBytes }
            var figures = try await withServer(setup, directory) { server in
                let watch = Stopwatch()
                try await create(setup.schedules, server, setup) { number in
                    let minute = number % 60
                    let day = number / 1_440 % 28 + 1
                    return ("idle-\(number)", #""cron":"\#(minute) \#(number / 60 % 24) \#(day) 1 *""#)
                }
                return [Figure("schedules: made over HTTP", [Double(setup.schedules) / watch.seconds], "1/s")]
            }
            figures += try await withServer(setup, directory) { server in
                let bytes = try server.usage().residentBytes - idle
                let isFull = setup.schedules >= 100_000
                return [
                    Figure(
                        "schedules: start with all of them", [server.startupSeconds * 1e3], "ms",
                        target: isFull ? .below(2_000) : nil
                    ),
                    Figure("schedules: start, memory", [bytes / Double(setup.schedules)], "B/schedule"),
                ]
                    + (try await spread(server, setup, directory)) + (try await together(server, setup, directory))
            }
            return figures
        }
    }

    /// Once each, evenly over a second.
    private func spread(_ server: ServerProcess, _ setup: Setup, _ directory: URL) async throws -> [Figure] {
        let begin = Self.now + 30_000
        try await create(Self.busy, server, setup) { number in
            ("once-\(number)", #""at":\#(begin + Int64(number * 1_000 / Self.busy))"#)
        }
        return try await lateness(
            "spread over a second", in: directory, from: begin, to: begin + 999, server, .below(50))
    }

    /// All on the same minute.
    private func together(_ server: ServerProcess, _ setup: Setup, _ directory: URL) async throws -> [Figure] {
        // None of them is to tick while others are still being made.
        while Self.now % 60_000 > 30_000 { try await Task.sleep(for: .milliseconds(100)) }
        try await create(Self.busy, server, setup) { ("minute-\($0)", #""cron":"* * * * *""#) }
        let minute = (Self.now / 60_000 + 1) * 60_000
        return try await lateness("on one minute", in: directory, from: minute, to: minute, server, nil)
    }

    private func create(
        _ count: Int, _ server: ServerProcess, _ setup: Setup, _ schedule: (Int) -> (name: String, timing: String)
    ) async throws {
        let sender = try await EventSender(port: server.port, connections: 64, on: setup.loadLoop)
        defer { sender.close() }
        for start in stride(from: 0, to: count, by: Self.underWay) {
            for number in start..<min(start + Self.underWay, count) {
                let (name, timing) = schedule(number)
                let event = #"{"name":"\#(Self.event)","data":{"customer":\#(number),"note":"a hundred bytes or so"}}"#
                let body = #"{"name":"\#(name)",\#(timing),"event":\#(event)}"#
                sender.send(HTTPMessage.post("/v1/schedules", body: Array(body.utf8)))
            }
            try await sender.drain()
        }
    }

    /// From the time of each tick until its event can be read from the disk's file by another process.
    private func lateness(
        _ what: String, in directory: URL, from begin: Int64, to end: Int64, _ server: ServerProcess, _ target: Target?
    ) async throws -> [Figure] {
        guard Self.now < begin - 1_000 else { throw BenchmarkError("making the schedules took too long") }
        var configuration = Configuration()
        configuration.readonly = true
        let path = directory.appendingPathComponent("data/apus.db").path
        let database = try DatabaseQueue(path: path, configuration: configuration)
        var row = try await database.read { try Int64.fetchOne($0, sql: "SELECT max(row) FROM events") ?? 0 }
        while Self.now < begin - 100 { try await Task.sleep(for: .milliseconds(10)) }
        let before = try server.usage()
        // While they come, a look costs next to nothing; their times are read afterwards.
        let first = row
        var looks: [(row: Int64, at: Int64)] = []
        while row < first + Int64(Self.busy), Self.now < end + 60_000 {
            let last = row
            row = try await database.read { database in
                try Int64.fetchOne(database, sql: "SELECT max(row) FROM events") ?? last
            }
            if row > last { looks.append((row, Self.now)) }
            try await Task.sleep(for: .milliseconds(1))
        }
        let used = try server.usage().cpuSeconds - before.cpuSeconds
        let ticks = try await database.read { database in
            try Row.fetchAll(
                database, sql: "SELECT row, json_extract(CAST(body AS TEXT), '$.ts') FROM events WHERE row > ?",
                arguments: [first]
            ).map { (row: $0[0] as Int64, at: $0[1] as Int64) }
        }
        let late = ticks.filter { (begin...end).contains($0.at) }.compactMap { tick in
            looks.first { $0.row >= tick.row }.map { Double($0.at - tick.at) }
        }
        guard late.count == Self.busy else { throw BenchmarkError("\(late.count) of \(Self.busy) events came") }
        let percentiles = Percentiles(late)
        return [
            Figure("schedules: late, \(Self.busy) \(what), p50", [percentiles.at(0.5)], "ms"),
            Figure("schedules: late, \(Self.busy) \(what), p99", [percentiles.at(0.99)], "ms", target: target),
            Figure("schedules: \(what), server CPU", [used / Double(Self.busy) * 1e6], "µs/tick"),
        ]
    }

    private func withServer(
        _ setup: Setup, _ directory: URL, _ body: (ServerProcess) async throws -> [Figure]
    ) async throws -> [Figure] {
        let server = try await ServerProcess.start(in: directory, asking: setup.loadLoop)
        do {
            let figures = try await body(server)
            await server.stop()
            return figures
        } catch {
            await server.stop()
            throw error
        }
    }

    /// By the wall clock, which the server keeps to.
    private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }
}
