import ApusCore
import ApusEngine
import ApusStore

/// Makes room, a little at a time: what is to go is looked for beside the writer, and removed in
/// transactions that are short enough for commits in between.
///
/// Finished runs go in the order in which they began. Runs of the last 24 hours whose event carries
/// a key are what makes a repeat of that event harmless, so they go only when nothing else can.
struct Pruning {
    /// Bytes that the store may take.
    let limit: Int64
    /// Runs to remove at most.
    let count: Int
    /// Runs removed so far.
    private(set) var removedRuns = 0
    private var stage = Stage.unneeded
    /// The newest run that was looked at in this stage.
    private var cursor = RowID.min
    /// The newest event that was looked at in this stage, by shard.
    private var eventCursors: [ShardID: RowID] = [:]

    /// Runs looked for at a time.
    private static let runsAtOnce = 64

    private enum Stage {
        case unneeded
        case needed
        case events
        case done
    }

    init(limit: Int64, count: Int) {
        self.limit = limit
        self.count = count
    }

    /// Does the next part of the work.
    /// - Returns: `false` when there is nothing left to do.
    mutating func advance(_ store: SQLiteStore) throws(StoreError) -> Bool {
        guard removedRuns < count, try store.write({ try $0.usedBytes() }) > limit else { return false }
        switch stage {
        case .unneeded, .needed:
            let atMost = min(Pruning.runsAtOnce, count - removedRuns)
            let (after, isNeeded) = (cursor, stage == .needed)
            let found = try store.read { try $0.finishedRuns(after: after, areNeeded: isNeeded, limit: atMost) }
            if found.isEmpty { nextStage() } else { try remove(found, store) }
        case .events:
            for shard in 0..<ShardID(store.shardCount) {
                try removeEvents(upTo: RowCounters.stretch(of: shard).upperBound - 1, of: shard, store)
            }
            stage = .done
        case .done:
            return false
        }
        return true
    }

    private mutating func nextStage() {
        stage = stage == .unneeded ? .needed : .events
        cursor = .min
        eventCursors = [:]
    }

    private mutating func remove(_ runs: [FinishedRun], _ store: SQLiteStore) throws(StoreError) {
        let number = try store.write { writer in try writer.remove(runs) }
        removedRuns += number
        var newest: [ShardID: RowID] = [:]
        for run in runs.prefix(number) {
            cursor = run.row
            let shard = RowCounters.shard(of: run.event)
            newest[shard] = max(newest[shard] ?? .min, run.event)
        }
        for (shard, row) in newest { try removeEvents(upTo: row, of: shard, store) }
    }

    /// Removes events of a shard that no run refers to.
    private mutating func removeEvents(upTo row: RowID, of shard: ShardID, _ store: SQLiteStore) throws(StoreError) {
        var after = eventCursors[shard] ?? (RowCounters.firstRow(of: shard) - 1)
        while after < row {
            let from = after
            after = try store.write { try $0.removeUnusedEvents(after: from, upTo: row) }
            if stage == .events, try store.write({ try $0.usedBytes() }) <= limit { return }
        }
        eventCursors[shard] = after
    }
}

/// A run that can be removed.
struct FinishedRun {
    var row: RowID
    /// The first of its events.
    var event: RowID
}

extension ReadSession {
    /// Finished runs in the order in which they began.
    /// - Parameter areNeeded: those that make a repeat of their event harmless, or the others.
    func finishedRuns(after row: RowID, areNeeded: Bool, limit: Int) throws -> [FinishedRun] {
        let find = try statement(
            """
            SELECT runs.row, runs.event FROM runs CROSS JOIN events ON events.row = runs.event
            WHERE runs.row > ? AND runs.status <> 0
                AND (events.key IS NOT NULL AND events.received_at > (SELECT max(time) FROM shards) - ?) = ?
            ORDER BY runs.row LIMIT ?
            """
        )
        find.bind(1, row)
        find.bind(2, idempotencyPeriod.milliseconds)
        find.bind(3, areNeeded ? 1 : 0)
        find.bind(4, Int64(limit))
        var found: [FinishedRun] = []
        while try find.step() { found.append(FinishedRun(row: find.int(0), event: find.int(1))) }
        return found
    }
}
