import ApusCore
import ApusEngine
import ApusStore

/// One batch, one transaction.
extension Writer {
    /// - Throws: `.stale`, `.rejected`, or what SQLite answers; the batch has then left nothing behind, unless
    ///   the failure breaks the connection.
    func commit(_ batch: Batch) throws {
        try transaction {
            try advance(batch)
            var progress = Progress(batch.writes)
            for write in batch.writes { try apply(write, of: batch, &progress) }
            for (run, projection) in progress.projections { try update(run, projection, at: batch.time, &progress) }
            try add(progress.counts)
        }
    }

    private func advance(_ batch: Batch) throws {
        statements.advance.bind(1, Int64(bitPattern: batch.number))
        statements.advance.bind(2, batch.time.milliseconds)
        statements.advance.bind(3, Int64(batch.shard))
        statements.advance.bind(4, Int64(bitPattern: batch.epoch))
        guard try statements.advance.run() == 1 else {
            throw StoreError.stale(
                "batch \(batch.number) in epoch \(batch.epoch) does not follow what shard \(batch.shard) holds"
            )
        }
    }

    private func apply(_ write: Write, of batch: Batch, _ progress: inout Progress) throws {
        let shard = batch.shard
        switch write {
        case .event(let event): try insert(event)
        case .run(let run): try insert(run, at: batch.time, &progress)
        case .turn(let row, let run, let previous, let turn):
            statements.turn.bind(1, row)
            statements.turn.bind(2, run)
            statements.turn.bind(3, previous)
            statements.turn.bind(4, JournalCodec.encode(turn))
            try statements.turn.run()
        case .projection: break
        case .extended(let run, let head):
            statements.extend.bind(1, run)
            statements.extend.bind(2, head)
            guard try statements.extend.run() == 1 else {
                throw StoreError.rejected("the journal of run \(run) goes on, which does not exist or lives")
            }
        case .payload(let row, let json):
            statements.payload.bind(1, row)
            statements.payload.bind(2, json.bytes)
            try statements.payload.run()
        case .app(let app): try insert(app)
        case .function(let function): try functions.write(function)
        case .send(let receiver, let number, let message):
            statements.send.bind(4, MessageCodec.encode(message))
            try run(statements.send, shard, receiver, number)
            try run(statements.sent, shard, receiver, number)
        case .forget(let receiver, let number): try run(statements.forget, shard, receiver, number)
        case .applied(let sender, let number): try run(statements.applied, shard, sender, number)
        case .listen(let listener): try insert(listener)
        case .unlisten(let run, let number): try self.run(statements.unlisten, run, number)
        case .unlistenAll(let run): try self.run(statements.unlistenAll, run)
        case .lookedBack(let run, let number): try self.run(statements.lookedBack, run, number)
        case .lookPending(let event): try run(statements.lookPending, event)
        case .lookDone(let event): try run(statements.lookDone, event)
        case .schedule(let row): try insert(row)
        case .unschedule(let key): try remove(key)
        case .backfill(let backfill): try insert(backfill)
        case .backfillMoved(let order): try update(order)
        case .eventSchedule, .eventSchedulePause, .eventScheduleCatchUp, .removeEventSchedule, .ticked:
            try applyEventSchedule(write, of: shard)
        default: try applyFlow(write, of: shard)
        }
    }

    private func run(_ statement: Statement, _ row: RowID, _ number: ListenerNumber? = nil) throws {
        statement.bind(1, row)
        if let number { statement.bind(2, Int64(number)) }
        try statement.run()
    }

    private func insert(_ listener: ListenerRow) throws {
        let statement = statements.listen
        statement.bind(1, listener.run)
        statement.bind(2, Int64(listener.number))
        statement.bind(3, try topics.row(of: listener.topic))
        statement.bind(4, Int64(bitPattern: listener.key))
        statement.bind(5, listener.condition)
        statement.bind(6, listener.since.milliseconds)
        statement.bind(7, listener.until.milliseconds)
        statement.bind(8, listener.looksBack ? 1 : 0)
        try statement.run()
    }

    private func run(_ statement: Statement, _ shard: ShardID, _ other: ShardID, _ number: UInt64) throws {
        statement.bind(1, Int64(shard))
        statement.bind(2, Int64(other))
        statement.bind(3, Int64(bitPattern: number))
        try statement.run()
    }

    private func insert(_ event: EventRow) throws {
        let statement = statements.event
        statement.bind(1, event.row)
        statement.bind(2, high: event.id.high, low: event.id.low)
        if let key = event.key { statement.bind(3, high: key.high, low: key.low) }
        statement.bind(4, try names.row(of: Array(event.name.utf8)))
        statement.bind(5, event.receivedAt.milliseconds)
        statement.bind(6, event.body.bytes)
        try statement.run()
    }

    private func insert(_ run: RunRow, at time: Timestamp, _ progress: inout Progress) throws {
        let statement = statements.run
        statement.bind(1, run.row)
        statement.bind(2, high: run.id.high, low: run.id.low)
        let function = try functions.row(of: run.function)
        statement.bind(3, function)
        statement.bind(4, run.event)
        statement.bind(5, run.createdAt.milliseconds)
        if let origin = run.origin { statement.bind(6, high: origin.high, low: origin.low) }
        try statement.run()
        progress.count(.queued, of: function, at: run.createdAt)
        let projection = progress.takeProjection(of: run.row) ?? .untouched
        if projection.status.isFinal {
            try end(run.row, projection, &progress)
        } else {
            try write(run.row, projection, at: time, with: statements.begin)
        }
    }

    private func update(
        _ run: RowID, _ projection: RunProjection, at time: Timestamp, _ progress: inout Progress
    ) throws {
        let isLive: Bool
        if projection.status.isFinal {
            statements.leave.bind(1, run)
            isLive = try statements.leave.run() == 1
            if isLive { try end(run, projection, &progress) }
        } else {
            let isStep = try write(run, projection, at: time, with: statements.step) == 1
            isLive = try isStep || write(run, projection, at: time, with: statements.rearm) == 1
        }
        guard isLive else { throw StoreError.rejected("a projection of run \(run), which does not exist or has ended") }
    }

    /// - Returns: the number of rows that changed.
    @discardableResult
    private func write(
        _ run: RowID, _ projection: RunProjection, at time: Timestamp, with statement: Statement
    ) throws -> Int {
        statement.bind(1, run)
        statement.bind(2, projection.head)
        statement.bind(3, projection.startedAt?.milliseconds)
        statement.bind(4, projection.wakeAt?.milliseconds)
        statement.bind(5, projection.wakeAt.map { $0 <= time ? 0 : $0.milliseconds })
        return try statement.run()
    }

    private func end(_ run: RowID, _ projection: RunProjection, _ progress: inout Progress) throws {
        statements.end.bind(1, run)
        statements.end.bind(2, Int64(projection.status.rawValue))
        statements.end.bind(3, projection.startedAt?.milliseconds)
        statements.end.bind(4, projection.endedAt?.milliseconds)
        statements.end.bind(5, projection.head)
        defer { statements.end.reset() }
        guard try statements.end.step() else { return }
        progress.count(
            RunState(projection), of: statements.end.int(0), at: projection.endedAt ?? Timestamp(milliseconds: 0))
    }

    private func insert(_ app: AppRecord) throws {
        let statement = statements.app
        statement.bind(1, high: app.id.high, low: app.id.low)
        statement.bind(2, app.name)
        statement.bind(3, app.url)
        statement.bind(4, app.sdkLanguage)
        statement.bind(5, app.sdkVersion)
        statement.bind(6, app.framework)
        statement.bind(7, app.appVersion)
        statement.bind(8, app.checksum)
        statement.bind(9, app.error)
        statement.bind(10, app.syncedAt.milliseconds)
        try statement.run()
    }
}

/// What a batch comes to, besides its single rows.
private struct Progress {
    /// The last projection of each run; the ones before it would only be overwritten.
    private var last: [RowID: RunProjection] = [:]
    /// The runs that came into a state.
    private(set) var counts: [CountRow: Int64] = [:]

    init(_ writes: [Write]) {
        for case .projection(let run, let projection) in writes { last[run] = projection }
    }

    /// What a run that the same batch makes is inserted with.
    mutating func takeProjection(of run: RowID) -> RunProjection? {
        last.removeValue(forKey: run)
    }

    /// Those of other runs in the order of rows, so that neighbours are found in the cache.
    var projections: [(key: RowID, value: RunProjection)] {
        last.sorted { $0.key < $1.key }
    }

    mutating func count(_ state: RunState, of function: Int64, at time: Timestamp) {
        counts[CountRow(minute: time.milliseconds / 60_000, function: function, state: state), default: 0] += 1
    }
}

extension RunProjection {
    /// Of a run without a turn.
    fileprivate static let untouched = RunProjection(
        status: .running, startedAt: nil, endedAt: nil, wakeAt: nil, head: 0
    )
}
