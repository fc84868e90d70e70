import ApusCore
import Foundation

/// What it costs when very many runs wait for events at the same time, and how soon one of them is
/// called when its event comes.
struct Waits: Scenario {
    let name = "waits"
    let summary = "--waits N runs that wait for an event each, then their events"

    /// Events of one request that starts runs.
    private static let batch = 100
    /// Runs that are started and have not been called; more would measure how they queue.
    private static let inFlight = 5_000
    private static let pairs = 300

    func measure(_ setup: Setup) async throws -> [Figure] {
        try await setup.withDirectory { directory in
            let app = try await BenchmarkApp.start(on: setup.appLoop)
            do {
                let begun = try await begin(setup, app, in: directory)
                let answered = try await answer(setup, app, in: directory)
                try await app.stop()
                return begun + answered
            } catch {
                try? await app.stop()
                throw error
            }
        }
    }

    // MARK: - Many begin to wait

    private func begin(_ setup: Setup, _ app: BenchmarkApp, in directory: URL) async throws -> [Figure] {
        let server = try await ServerProcess.start(in: directory, asking: setup.loadLoop)
        do {
            try await app.register(with: server, asking: setup.loadLoop)
            try await Task.sleep(for: .milliseconds(500))
            let before = try server.usage()
            let watch = Stopwatch()
            try await startRuns(setup, app, server)
            let seconds = watch.seconds
            // The last waits become durable.
            try await Task.sleep(for: .seconds(1))
            let after = try server.usage()
            await server.stop()
            let count = Double(setup.waits)
            let written = after.diskBytes - before.diskBytes
            let store = try FileManager.default.attributesOfItem(atPath: directory.path + "/data/apus.db")
            return [
                Figure("waits: runs that begin to wait", [count / seconds], "runs/s"),
                Figure("waits, server CPU", [(after.cpuSeconds - before.cpuSeconds) / count * 1e6], "µs/wait"),
                memory("waits, memory", after, since: before.residentBytes, setup),
                Figure("waits, written to disk (write_bytes)", [written / count], "B/wait"),
                Figure("waits, store", [((store[.size] as? NSNumber)?.doubleValue ?? .nan) / count], "B/wait"),
            ]
        } catch {
            await server.stop()
            throw error
        }
    }

    private func startRuns(_ setup: Setup, _ app: BenchmarkApp, _ server: ServerProcess) async throws {
        let sender = try await EventSender(port: server.port, connections: 8, on: setup.loadLoop)
        var sent = 0
        while sent < setup.waits {
            try await app.waitForFirstCalls(sent - Self.inFlight, within: 60)
            for _ in 0..<10 where sent < setup.waits {
                let events = (sent..<min(sent + Self.batch, setup.waits)).map { number in
                    #"{"name":"\#(WaitingFunction.event)","data":{"id":"\#(Self.id(number))"}}"#
                }
                sender.send(HTTPMessage.post("/e/bench", body: Array("[\(events.joined(separator: ","))]".utf8)))
                sent += events.count
            }
            try await sender.check()
        }
        try await app.waitForFirstCalls(sent, within: 60)
        try await sender.check()
        sender.close()
    }

    /// What the memory has grown by; small numbers of waits say more about caches than about waits.
    private func memory(_ name: String, _ usage: ProcessUsage, since before: Double, _ setup: Setup) -> Figure {
        let growth = (usage.residentBytes - before) / Double(setup.waits)
        return Figure(name, [growth], "B/wait", target: setup.waits >= 1_000_000 ? .below(200) : nil)
    }

    private static func id(_ number: Int) -> String {
        "wait-\(String(repeating: "0", count: 8 - String(number).count))\(number)"
    }

    // MARK: - Their events come

    private func answer(_ setup: Setup, _ app: BenchmarkApp, in directory: URL) async throws -> [Figure] {
        let empty = try await setup.withServer { try $0.usage().residentBytes }
        let server = try await ServerProcess.start(in: directory, asking: setup.loadLoop)
        do {
            try await Task.sleep(for: .milliseconds(500))
            let started = try server.usage()
            let sender = try await EventSender(port: server.port, connections: 16, on: setup.loadLoop)
            var ids = Identifiers(count: setup.waits)
            let slow = Percentiles(try await answerOneByOne(&ids, sender, app))
            let fast = Percentiles(try await answerSteadily(&ids, setup, sender, app))
            try await sender.check()
            sender.close()
            let after = try server.usage()
            await server.stop()
            return [
                Figure("waits: start with all of them", [server.startupSeconds * 1e3], "ms", target: .below(2_000)),
                memory("waits: start, memory", started, since: empty, setup),
                Figure("waits: event to call, one by one, p50", [slow.at(0.5) / 1e6], "ms", target: .below(5)),
                Figure("waits: event to call, one by one, p99", [slow.at(0.99) / 1e6], "ms"),
                Figure("waits: event to call, 1,000/s, p50", [fast.at(0.5) / 1e6], "ms"),
                Figure("waits: event to call, 1,000/s, p99", [fast.at(0.99) / 1e6], "ms"),
                Figure("waits: all in all, memory", [after.residentBytes / 1e6], "MB"),
            ]
        } catch {
            await server.stop()
            throw error
        }
    }

    /// Ids of waiting runs in an order that is not theirs, each once.
    private struct Identifiers {
        let count: Int
        var position = 0

        mutating func next() -> String {
            position += 1
            // A prime that divides none of the counts in use visits every number once.
            return Waits.id(position * 7_919 % count)
        }
    }

    private func answerOneByOne(
        _ ids: inout Identifiers, _ sender: EventSender, _ app: BenchmarkApp
    ) async throws -> [Double] {
        _ = try await app.takeTimes()
        for _ in 0..<Self.pairs {
            let ended = try await app.counts.endedRuns
            sender.send(MarkedEvent(name: WaitingFunction.answer, id: ids.next()))
            try await app.waitForEnds(ended + 1, within: 30)
        }
        return try await app.takeTimes().ends
    }

    private func answerSteadily(
        _ ids: inout Identifiers, _ setup: Setup, _ sender: EventSender, _ app: BenchmarkApp
    ) async throws -> [Double] {
        let ended = try await app.counts.endedRuns
        // So that no run is woken twice.
        let count = min(Int(setup.seconds * 1_000), setup.waits - Self.pairs)
        let clock = ContinuousClock()
        var next = clock.now
        for _ in 0..<count {
            sender.send(MarkedEvent(name: WaitingFunction.answer, id: ids.next()))
            next += .milliseconds(1)
            try await Task.sleep(until: next, tolerance: .zero)
        }
        try await app.waitForEnds(ended + count, within: 60)
        return try await app.takeTimes().ends
    }
}
