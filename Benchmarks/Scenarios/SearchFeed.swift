import ApusCore
import ApusEngine
import ApusSQLite
import ApusStore
import Foundation

/// A store with runs of a week: nearly all have completed, some have failed, a few live.
final class SearchFeed {
    let begin: Timestamp
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
        // Up to now, because pages look back from now.
        begin = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)) - .days(7)
        store = try SQLiteStore(.directory(directory))
        let claimed = try store.claim(0)
        epoch = claimed.epoch
        batch = claimed.batch
        rows = claimed.state.rows
        var registry = Registry()
        let slugs = (0..<20).map { "list-\($0)" }
        let body = BenchmarkRegistration.body(url: "http://127.0.0.1:1/api/inngest", others: slugs)
        let installed = registry.install(try Registration.decode(body), at: begin)
        functions = slugs.compactMap { slug in
            installed.functions.first { $0.configuration.slug.hasSuffix(slug) }
        }
        guard functions.count == slugs.count else { throw BenchmarkError("not all functions were registered") }
        rare = functions[19].id
        try commit([.app(installed.app)] + functions.map { .function($0) }, at: begin)
    }

    var reader: any StoreReader { store.reader }
    var rareSlug: String { functions[19].configuration.slug }

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

    /// A run with very many steps, one after the other, each with a turn of its own.
    /// - Returns: its id.
    func addLongRun(steps: Int) throws -> String {
        let start = begin + .days(7) - .minutes(10)
        let event = EventRow(
            row: draw(&rows.event), id: random.nextULID(now: start), key: nil, name: "bench/event", receivedAt: start,
            body: .emptyObject
        )
        let run = RunRow(
            row: draw(&rows.run), id: random.nextULID(now: start), function: rare, event: event.row, createdAt: start
        )
        let begin = RunStart(id: run.id, function: rare, functionSlug: rareSlug, events: [event.row])
        var writes: [Write] = [.event(event), .run(run)]
        var (head, now) = (RowID(0), start)
        func add(_ entries: [JournalEntry]) {
            let row = draw(&rows.turn)
            writes.append(.turn(row: row, run: run.row, previous: head, Turn(at: now, entries: entries)))
            head = row
            now += .milliseconds(7)
        }
        func job(_ number: Int) -> JournalEntry {
            .scheduled(
                Job(
                    number: JobNumber(number), key: .requested(UInt32(number)), kind: .discovery, due: now,
                    stackPosition: UInt32(number)))
        }
        add([.started(begin), job(0)])
        add([.called(job: 0, generation: 1)])
        for number in 0..<steps {
            guard let id = StepID("step \(number)") else { continue }
            let result = StepResult(
                step: id, outcome: .completed, memo: Self.output,
                label: StepLabel(name: "step \(number)", kind: .run))
            add([
                .answered(job: JobNumber(number), version: nil), .stepFinished(result), job(number + 1),
                .called(job: JobNumber(number + 1), generation: 1),
            ])
            if writes.count > 1_000 {
                try commit(writes, at: now)
                writes = []
            }
        }
        add([
            .answered(job: JobNumber(steps), version: nil),
            .finished(RunEnd(status: .completed, output: Self.output)),
        ])
        let projection = RunProjection(status: .completed, startedAt: start, endedAt: now, wakeAt: nil, head: head)
        writes.append(.projection(run: run.row, projection))
        try commit(writes, at: now)
        return run.id.description
    }
}
