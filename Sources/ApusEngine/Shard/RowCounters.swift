import ApusCore

/// Draws row numbers. Each shard has a stretch of its own in every table, so rows of several shards
/// in one database never collide and each shard appends at its own end.
package struct RowCounters: Hashable, Sendable {
    package var event: RowID
    package var run: RowID
    package var turn: RowID
    package var payload: RowID

    /// Bits below the shard's number: a trillion rows a shard.
    private static let shardShift: RowID = 40

    package init(event: RowID, run: RowID, turn: RowID, payload: RowID) {
        self.event = event
        self.run = run
        self.turn = turn
        self.payload = payload
    }

    /// The counters of a shard whose tables are empty.
    package static func empty(shard: ShardID) -> RowCounters {
        let base = firstRow(of: shard)
        return RowCounters(event: base, run: base, turn: base, payload: base)
    }

    /// The rows that a shard may draw: from `firstRow(of: shard)` up to the next shard's first.
    package static func firstRow(of shard: ShardID) -> RowID { RowID(shard) << shardShift + 1 }

    package static func shard(of row: RowID) -> ShardID { ShardID(truncatingIfNeeded: row >> shardShift) }
}

/// Advances a counter and gives the number it had.
package func draw(_ counter: inout RowID) -> RowID {
    defer { counter += 1 }
    return counter
}
