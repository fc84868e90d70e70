import ApusCore
import ApusEngine
import ApusSQLite
import ApusStore
import Foundation
import NIOCore

/// How long lists of runs take when very many have ended: pages of 50 as people look at them, by the store alone
/// and as pages of the dashboard.
struct Search: Scenario {
    let name = "search"
    let summary = "lists, numbers and pages of runs, with --waits N runs that have ended"

    private static let page = 50
    /// Steps of the long run.
    private static let steps = 10_000

    func measure(_ setup: Setup) async throws -> [Figure] {
        try await setup.withDirectory { directory in
            let data = directory.appendingPathComponent("data")
            let feed = try SearchFeed(directory: data.path)
            defer { feed.close() }
            let filling = Stopwatch()
            try feed.fill(setup.waits)
            var figures = [
                Figure("search: runs stored from begin to end", [Double(setup.waits) / filling.seconds], "runs/s")
            ]
            let long = try feed.addLongRun(steps: Self.steps)
            let middle = feed.begin + .days(3)
            let queries: [(name: String, query: RunQuery)] = [
                ("newest runs", RunQuery()),
                ("newest runs with outputs", RunQuery(hasEnds: true)),
                ("failed runs, 1 in 1,000", RunQuery(states: [.failed])),
                ("runs that live, 20", RunQuery(states: [.queued, .running])),
                ("runs of a function, 1 in 1,000", RunQuery(functions: [feed.rare])),
                ("failed runs of a function, 1 in 1,000,000", RunQuery(states: [.failed], functions: [feed.rare])),
                ("an hour in the middle", RunQuery(from: middle, until: middle + .hours(1))),
                ("ended in an hour in the middle", RunQuery(time: .ended, from: middle, until: middle + .hours(1))),
            ]
            for (name, query) in queries {
                let times = try (0..<Setup.repetitions).map { _ in
                    let watch = Stopwatch()
                    _ = try feed.reader.runs(query, limit: Self.page)
                    return watch.seconds * 1e3
                }
                figures.append(Figure("search: \(name)", times, "ms", target: .below(name == "newest runs" ? 50 : 200)))
            }
            let times = try (0..<Setup.repetitions).map { _ in
                let watch = Stopwatch()
                let week = MinuteParts(from: feed.begin, until: feed.begin + .days(7), count: 48)
                _ = try feed.reader.runCounts(week, of: nil)
                return watch.seconds * 1e3
            }
            figures.append(Figure("search: numbers of a week in 48 parts", times, "ms", target: .below(200)))
            feed.close()
            return figures + (try await pages(in: directory, long: long, function: feed.rareSlug, setup))
        }
    }

    /// The pages as a browser gets them, from the request to the last byte.
    private func pages(in directory: URL, long: String, function: String, _ setup: Setup) async throws -> [Figure] {
        let server = try await ServerProcess.start(in: directory, asking: setup.loadLoop)
        let pages: [(name: String, path: String, target: Double)] = [
            ("runs", "/runs", 50), ("runs of 7 days", "/runs?from=168h", 50),
            ("failed runs of a function", "/runs?from=168h&status=failed&function=\(function)", 200),
            ("a condition that few events meet", "/runs?from=168h&query=event.data.n%20%3D%3D%207", 200),
            ("overview", "/", 200), ("functions", "/functions", 200), ("events", "/events", 200),
            ("a run of 10,000 steps", "/runs/\(long)", 100),
            ("its last rows", "/runs/\(long)/steps?row=9900&count=100", 100),
        ]
        var figures: [Figure] = []
        do {
            for (name, path, target) in pages {
                var (times, bytes): ([Double], Int) = ([], 0)
                // The first one warms what the others find warm, as with people who look twice.
                for turn in 0...Setup.repetitions {
                    let watch = Stopwatch()
                    let answer = try await ClientConnection.ask(
                        port: server.port, HTTPMessage.get(path), on: setup.loadLoop)
                    guard answer.status == 200 else { throw BenchmarkError("GET \(path) answered \(answer.status)") }
                    if turn > 0 { times.append(watch.seconds * 1e3) }
                    bytes = answer.body.readableBytes
                }
                figures.append(Figure("page: \(name)", times, "ms", target: .below(target)))
                figures.append(Figure("page: \(name), size", [Double(bytes) / 1_000], "KB"))
            }
            figures.append(Figure("pages, memory of the server", [try server.usage().residentBytes / 1e6], "MB"))
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
        return figures
    }
}
