import Foundation

/// What the store alone can take, without a server around it.
struct StoreCommits: Scenario {
    let name = "store"
    let summary = "SQLiteStore alone: steps of 1,000 runs in batches, and events"

    func measure(_ setup: Setup) async throws -> [Figure] {
        var figures: [Figure] = []
        for size in [1, 10, 100, 1_000] { figures += try await measureSteps(setup, batch: size) }
        return figures + [try await measureEvents(setup, batch: 100)]
    }

    private func measureSteps(_ setup: Setup, batch size: Int) async throws -> [Figure] {
        try await setup.withDirectory { directory in
            let feed = try StoreFeed(directory: directory.path, runs: 1_000)
            defer { feed.close() }
            var rates: [Double] = []
            var log: [Double] = []
            try feed.commitSteps(batch: size, seconds: setup.seconds / 50)
            for _ in 0..<Setup.repetitions {
                let before = try feed.logBytes
                let (steps, seconds) = try feed.commitSteps(batch: size, seconds: setup.seconds / 10)
                rates.append(Double(steps) / seconds)
                log.append(Double(try feed.logBytes - before) / Double(steps) / 1e3)
            }
            let name = "store: steps in batches of \(size)"
            return [
                Figure(name, rates, "steps/s"),
                Figure(name + ", log", log, "KB/step", target: size == 100 ? .below(1.5) : nil),
            ]
        }
    }

    private func measureEvents(_ setup: Setup, batch size: Int) async throws -> Figure {
        try await setup.withDirectory { directory in
            let feed = try StoreFeed(directory: directory.path, runs: 0)
            defer { feed.close() }
            try feed.commitEvents(batch: size, seconds: setup.seconds / 50)
            let rates = try (0..<Setup.repetitions).map { _ in
                let (events, seconds) = try feed.commitEvents(batch: size, seconds: setup.seconds / 10)
                return Double(events) / seconds
            }
            return Figure("store: events in batches of \(size)", rates, "events/s")
        }
    }
}
