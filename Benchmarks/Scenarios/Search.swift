import ApusCore
import ApusEngine
import ApusSQLite
import ApusStore
import Foundation

/// How long lists of runs take when very many have ended: pages of 50 as people look at them, by the store alone.
struct Search: Scenario {
    let name = "search"
    let summary = "SQLiteStore alone: lists and numbers of runs, with --waits N runs that have ended"

    private static let page = 50

    func measure(_ setup: Setup) async throws -> [Figure] {
        try await setup.withDirectory { directory in
            let feed = try SearchFeed(directory: directory.path)
            defer { feed.close() }
            let filling = Stopwatch()
            try feed.fill(setup.waits)
            var figures = [
                Figure("search: runs stored from begin to end", [Double(setup.waits) / filling.seconds], "runs/s")
            ]
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
            return figures + [Figure("search: numbers of a week by the minute", times, "ms", target: .below(200))]
        }
    }
}

/// A store with runs of a week: nearly all have completed, some have failed, a few live.
private final class SearchFeed {
    let begin = Timestamp(milliseconds: 1_800_000_000_000)
    /// A function that few runs are of.
    private(set) var rare = UUID16.zero
    private var functions: [FunctionRecord] = []
    private let store: SQLiteStore
    private let epoch: UInt64
    private var batch: UInt64
    private var rows: RowCounters
    private var random = SplitMix64(seed: 1)

    private static let runsPerBatch = 500
    private static let living = 20
    private static let output = Payload(RawJSON(canonical: Array(#"{"ok":true}"#.utf8)))

    init(directory: String) throws {
        store = try SQLiteStore(.directory(directory))
        let claimed = try store.claim(0)
        epoch = claimed.epoch
        batch = claimed.batch
        rows = claimed.state.rows
        var registry = Registry()
        let registration = try Registration.decode(BenchmarkRegistration.body(url: "http://127.0.0.1:1/api/inngest"))
        let installed = registry.install(registration, at: begin)
        guard let model = installed.functions.last else { throw BenchmarkError("no function was registered") }
        functions = (0..<20).map { number in
            var function = model
            function.id = .v5(namespace: model.id, name: "\(number)")
            return function
        }
        rare = functions[19].id
        try commit([.app(installed.app)] + functions.map { .function($0) }, at: begin)
    }

    var reader: any StoreReader { store.reader }

    func close() {
        store.close()
    }

    func fill(_ count: Int) throws {
        var made = 0
        while made < count {
            let size = min(Self.runsPerBatch, count - made)
            var writes: [Write] = []
            var now = begin
            for index in made..<made + size {
                now = begin + .milliseconds(Int64(index) * 7 * 86_400_000 / Int64(count))
                add(index, isLiving: count - index <= Self.living, at: now, &writes)
            }
            try commit(writes, at: now)
            made += size
        }
    }

    private func add(_ index: Int, isLiving: Bool, at now: Timestamp, _ writes: inout [Write]) {
        let function = index % 1_000 == 7 ? functions[19] : functions[index % 19]
        let event = EventRow(
            row: draw(&rows.event), id: random.nextULID(now: now), key: nil, name: "bench/event", receivedAt: now,
            body: .emptyObject
        )
        let run = RunRow(
            row: draw(&rows.run), id: random.nextULID(now: now), function: function.id, event: event.row,
            createdAt: now
        )
        let start = RunStart(
            id: run.id, function: function.id, functionSlug: function.configuration.slug, events: [event.row]
        )
        let head = draw(&rows.turn)
        let status: RunStatus = isLiving ? .running : index % 1_000 == 3 || index == 7 ? .failed : .completed
        var entries: [JournalEntry] = [.started(start)]
        if !isLiving { entries.append(.finished(RunEnd(status: status, output: Self.output))) }
        let projection = RunProjection(
            status: status, startedAt: now, endedAt: isLiving ? nil : now + .milliseconds(40), wakeAt: nil, head: head
        )
        writes += [
            .event(event), .run(run), .turn(row: head, run: run.row, previous: 0, Turn(at: now, entries: entries)),
            .projection(run: run.row, projection),
        ]
    }

    private func commit(_ writes: [Write], at now: Timestamp) throws {
        batch += 1
        try store.commit(Batch(shard: 0, epoch: epoch, number: batch, time: now, writes: writes))
    }
}
