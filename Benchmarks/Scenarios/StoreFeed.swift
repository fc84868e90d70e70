import ApusCore
import ApusEngine
import ApusSQLite
import ApusStore

/// Feeds a store of its own with what a shard would write. Time counts while the store works, not
/// while the writes are made up.
final class StoreFeed {
    private let store: SQLiteStore
    private let epoch: UInt64
    private var batch: UInt64
    private var rows: RowCounters
    private var runs: [OpenRun] = []
    private var order: [Int] = []
    private var random = SplitMix64(seed: 1)
    private var now = Timestamp(milliseconds: 1_800_000_000_000)

    /// A run between two steps.
    private struct OpenRun {
        var row: RowID
        var head: RowID
        var job: JobNumber
    }

    private static let memos = (0..<BenchmarkFunction.mostSteps).map { index in
        RawJSON(canonical: Array("{\"data\":\(BenchmarkFunction.output(ofStep: index))}".utf8))
    }
    private static let eventBody = RawJSON(
        canonical: Array(
            "{\"data\":{\"note\":\"\(String(repeating: "x", count: 150))\"},\"name\":\"bench/event\"}".utf8)
    )

    /// Opens a store that waits for the disk, with runs that have been called once.
    init(directory: String, runs count: Int) throws {
        store = try SQLiteStore(.directory(directory))
        let claimed = try store.claim(0)
        epoch = claimed.epoch
        batch = claimed.batch
        rows = claimed.state.rows
        guard try store.synchronousLevel >= 2 else { throw BenchmarkError("the store does not wait for the disk") }
        if count > 0 { try commit(start(count)) }
        order = Array(runs.indices)
    }

    func close() {
        store.close()
    }

    /// Bytes that the store has appended to its write-ahead log, by its own count.
    var logBytes: Int64 {
        get throws { try store.walBytesWritten }
    }

    /// Finishes steps of runs in random order.
    @discardableResult
    func commitSteps(batch size: Int, seconds: Double) throws -> (steps: Int, seconds: Double) {
        try repeating(seconds) {
            var writes: [Write] = []
            for _ in 0..<size { finishStep(of: nextRun(), &writes) }
            return (writes, size)
        }
    }

    @discardableResult
    func commitEvents(batch size: Int, seconds: Double) throws -> (events: Int, seconds: Double) {
        try repeating(seconds) { ((0..<size).map { _ in .event(event()) }, size) }
    }

    private func repeating(_ seconds: Double, _ make: () -> ([Write], Int)) throws -> (Int, Double) {
        let whole = Stopwatch()
        var count = 0
        var busy = 0.0
        while whole.seconds < seconds {
            now.milliseconds += 1
            let (writes, size) = make()
            let watch = Stopwatch()
            try commit(writes)
            busy += watch.seconds
            count += size
        }
        return (count, busy)
    }

    private func commit(_ writes: [Write]) throws {
        batch += 1
        try store.commit(Batch(shard: 0, epoch: epoch, number: batch, time: now, writes: writes))
    }

    private var turn = 0

    /// Every run once before any comes again.
    private func nextRun() -> Int {
        if turn == order.count {
            order.shuffle(using: &random)
            turn = 0
        }
        turn += 1
        return order[turn - 1]
    }

    private func event() -> EventRow {
        EventRow(
            row: draw(&rows.event), id: random.nextULID(now: now), key: nil, name: "bench/event",
            receivedAt: now, body: Self.eventBody
        )
    }

    /// The app, its functions, and runs whose first call is under way.
    private func start(_ count: Int) throws -> [Write] {
        var registry = Registry()
        let registration = try Registration.decode(BenchmarkRegistration.body(url: "http://127.0.0.1:1/api/inngest"))
        let installed = registry.install(registration, at: now)
        var writes: [Write] = [.app(installed.app)] + installed.functions.map { .function($0) }
        guard let function = installed.functions.last else { throw BenchmarkError("no function was registered") }
        for _ in 0..<count {
            let event = event()
            let run = RunRow(
                row: draw(&rows.run), id: random.nextULID(now: now), function: function.id, event: event.row,
                createdAt: now
            )
            let start = RunStart(
                id: run.id, function: function.id, functionSlug: function.configuration.slug, events: [event.row]
            )
            let head = draw(&rows.turn)
            let job = Job(number: 0, key: .start, kind: .discovery, due: now, stackPosition: 0)
            let first = Turn(at: now, entries: [.started(start), .scheduled(job), .called(job: 0, generation: 1)])
            writes += [
                .event(event), .run(run), .turn(row: head, run: run.row, previous: 0, first),
                .projection(run: run.row, projection(head: head)),
            ]
            runs.append(OpenRun(row: run.row, head: head, job: 0))
        }
        return writes
    }

    private func finishStep(of index: Int, _ writes: inout [Write]) {
        let run = runs[index]
        let step = Int(run.job) % BenchmarkFunction.mostSteps
        let id = BenchmarkFunction.stepIDs[step]
        let label = StepLabel(name: BenchmarkFunction.stepName(step), kind: .run)
        let next = run.job + 1
        let job = Job(number: next, key: .after(id), kind: .discovery, due: now, stackPosition: next)
        let head = draw(&rows.turn)
        let entries: [JournalEntry] = [
            .answered(job: run.job, version: nil),
            .stepFinished(StepResult(step: id, outcome: .completed, memo: Payload(Self.memos[step]), label: label)),
            .scheduled(job),
            .called(job: next, generation: 1),
        ]
        writes.append(.turn(row: head, run: run.row, previous: run.head, Turn(at: now, entries: entries)))
        writes.append(.projection(run: run.row, projection(head: head)))
        runs[index].head = head
        runs[index].job = next
    }

    private func projection(head: RowID) -> RunProjection {
        RunProjection(status: .running, startedAt: now, endedAt: nil, wakeAt: now, head: head)
    }
}
