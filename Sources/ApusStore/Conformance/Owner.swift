import ApusCore
import ApusEngine

/// Somebody who owns a shard and writes to it, as a node would.
final class Owner {
    let store: any Store
    let shard: ShardID
    private(set) var epoch: UInt64
    private(set) var batch: UInt64
    /// The rows that the next writes draw.
    var rows: RowCounters
    /// What the shard was claimed with.
    let state: ShardState
    /// A millisecond later with every batch.
    var now: Timestamp
    /// Where ids come from.
    var random: SplitMix64

    /// Claims a shard.
    init(of shard: ShardID = 0, _ store: any Store, seed: UInt64 = 1) throws {
        self.store = store
        self.shard = shard
        let claimed = try store.claim(shard)
        epoch = claimed.epoch
        batch = claimed.batch
        rows = claimed.state.rows
        state = claimed.state
        now = max(claimed.state.time, Timestamp(milliseconds: 1_700_000_000_000))
        random = SplitMix64(seed: seed &+ claimed.epoch &* 1_000 &+ UInt64(shard))
    }

    /// The next batch with these writes, not committed.
    func next(_ writes: [Write]) -> Batch {
        Batch(shard: shard, epoch: epoch, number: batch + 1, time: now, writes: writes)
    }

    /// Commits the next batch.
    func commit(_ writes: [Write]) throws(StoreError) {
        try store.commit(next(writes))
        batch += 1
        now += .milliseconds(1)
    }

    // MARK: - Rows

    /// An event that is not stored yet.
    /// - Parameter body: JSON, brought into canonical form.
    func event(_ name: String = "shop/order.placed", key: EventKey? = nil, id: ULID? = nil, body: String = "{}") throws
        -> EventRow
    {
        EventRow(
            row: draw(&rows.event), id: id ?? random.nextULID(now: now), key: key, name: name,
            receivedAt: now, body: try RawJSON(parsing: body)
        )
    }

    /// A run that is not stored yet.
    func run(of event: EventRow, function: FunctionRecord = Sample.function) -> RunRow {
        RunRow(
            row: draw(&rows.run), id: random.nextULID(now: now), function: function.id, event: event.row,
            createdAt: now
        )
    }

    /// A run with its first turn: the writes, and what has been written.
    func started(_ event: EventRow, function: FunctionRecord = Sample.function, wakeAt: Timestamp? = nil) -> StartedRun
    {
        let row = run(of: event, function: function)
        let start = RunStart(
            id: row.id, function: function.id, functionSlug: function.configuration.slug, events: [event.row]
        )
        let job = Job(number: 0, key: .start, kind: .discovery, due: wakeAt ?? now, stackPosition: 0)
        let turn = Turn(at: now, entries: [.started(start), .scheduled(job)])
        let head = draw(&rows.turn)
        let projection = RunProjection(
            status: .running, startedAt: nil, endedAt: nil, wakeAt: wakeAt ?? now, head: head
        )
        return StartedRun(
            row: row, turns: [turn], projection: projection,
            writes: [
                .run(row), .turn(row: head, run: row.row, previous: 0, turn),
                .projection(run: row.row, projection),
            ]
        )
    }

    /// The run's next turn, with the projection that it changes.
    func writes(_ entries: [JournalEntry], to run: inout StartedRun, wakeAt: Timestamp? = nil) -> [Write] {
        let turn = Turn(at: now, entries: entries)
        let head = draw(&rows.turn)
        let previous = run.projection.head
        run.turns.append(turn)
        run.projection.head = head
        run.projection.wakeAt = wakeAt
        run.projection.startedAt = run.projection.startedAt ?? now
        for case .finished(let end) in entries {
            run.projection.status = end.status
            run.projection.endedAt = now
            run.projection.wakeAt = nil
        }
        return [
            .turn(row: head, run: run.row.row, previous: previous, turn),
            .projection(run: run.row.row, run.projection),
        ]
    }

    /// Stores the sample app and function, which runs need.
    func register() throws {
        try commit([.app(Sample.app), .function(Sample.function)])
    }

    /// Stores an event and a run of it that ended at once.
    @discardableResult
    func finishedRun(_ event: EventRow, output: Payload? = nil) throws -> StartedRun {
        var run = started(event)
        var writes: [Write] = [.event(event)] + run.writes
        if let output, let row = output.row { writes.append(.payload(row: row, output.json)) }
        writes += self.writes([.finished(RunEnd(status: .completed, output: output))], to: &run)
        try commit(writes)
        return run
    }
}

/// A run as it ought to be stored.
struct StartedRun {
    var row: RunRow
    var turns: [Turn]
    var projection: RunProjection
    var writes: [Write]
}
