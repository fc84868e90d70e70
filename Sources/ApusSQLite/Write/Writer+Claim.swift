import ApusCore
import ApusEngine
import ApusStore

/// Taking a shard over.
extension Writer {
    /// Bumps the epoch and reads what the new owner starts from, in one transaction.
    func claim(_ shard: ShardID) throws -> ClaimedShard {
        try transaction {
            let take = try statement("UPDATE shards SET epoch = epoch + 1 WHERE shard = ? RETURNING epoch, batch, time")
            take.bind(1, Int64(shard))
            guard try take.step() else { throw StoreError.rejected("there is no shard \(shard)") }
            let epoch = UInt64(bitPattern: take.int(0))
            let batch = UInt64(bitPattern: take.int(1))
            let time = Timestamp(milliseconds: take.int(2))
            while try take.step() {}
            let state = ShardState(
                registry: try RegistryRows.read(on: connection),
                rows: try rowCounters(of: shard),
                time: time,
                unacknowledged: try unacknowledged(from: shard),
                nextNumbers: try numbers("SELECT receiver, number FROM sent WHERE sender = ?", shard)
                    .mapValues { $0 + 1 },
                applied: try numbers("SELECT sender, number FROM inbox WHERE receiver = ?", shard),
                topics: try listenedTopics(),
                looks: InterruptedLooks(
                    events: try pendingLooks(of: shard), listeners: try listenersLookingBack(of: shard)
                ),
                schedules: shard == 0 ? try schedules() : [],
                backfills: shard == 0 ? try openBackfills() : [],
                eventSchedules: try eventSchedules(of: shard),
                kept: try keptRuns(of: shard),
                arrivals: try arrivals(of: shard),
                pendings: try pendings(of: shard, shardCount: try shardCount())
            )
            return ClaimedShard(epoch: epoch, batch: batch, state: state)
        }
    }

    /// The number of the newest batch of a shard that this owner still holds.
    func lastBatch(of shard: ShardID, epoch: UInt64) throws -> UInt64 {
        let find = try statement("SELECT epoch, batch FROM shards WHERE shard = ?")
        find.bind(1, Int64(shard))
        guard try find.step() else { throw StoreError.rejected("there is no shard \(shard)") }
        let found = UInt64(bitPattern: find.int(0))
        guard found == epoch else { throw StoreError.stale("shard \(shard) is in epoch \(found), not \(epoch)") }
        return UInt64(bitPattern: find.int(1))
    }

    private func shardCount() throws(SQLiteFailure) -> Int {
        Int(try Statement.int("SELECT count(*) FROM shards", on: connection))
    }

    /// A statement that is used rarely.
    func statement(_ sql: String) throws(SQLiteFailure) -> Statement {
        try Statement(sql, on: connection)
    }

    /// The rows that the shard draws next.
    func rowCounters(of shard: ShardID) throws -> RowCounters {
        RowCounters(
            event: try nextRow(in: "events", floor: "event_floor", of: shard),
            run: try nextRow(in: "runs", floor: "run_floor", of: shard),
            turn: try nextRow(in: "journal", floor: "turn_floor", of: shard),
            payload: try nextRow(in: "payloads", floor: "payload_floor", of: shard)
        )
    }

    /// One more than the newest row that the shard has ever drawn.
    private func nextRow(in table: String, floor: String, of shard: ShardID) throws(SQLiteFailure) -> RowID {
        let find = try statement(
            """
            SELECT max(?2, (SELECT \(floor) FROM shards WHERE shard = ?1),
                coalesce((SELECT row + 1 FROM \(table) WHERE row >= ?2 AND row < ?3 ORDER BY row DESC LIMIT 1), 0))
            """
        )
        let stretch = RowCounters.stretch(of: shard)
        find.bind(1, Int64(shard))
        find.bind(2, stretch.lowerBound)
        find.bind(3, stretch.upperBound)
        guard try find.step() else { return stretch.lowerBound }
        return find.int(0)
    }

    private func unacknowledged(
        from shard: ShardID
    ) throws -> [(to: ShardID, number: UInt64, message: Message)] {
        let find = try statement(
            "SELECT receiver, number, message FROM outbox WHERE sender = ? ORDER BY receiver, number"
        )
        find.bind(1, Int64(shard))
        var found: [(to: ShardID, number: UInt64, message: Message)] = []
        while try find.step() {
            do {
                found.append(
                    (
                        ShardID(truncatingIfNeeded: find.int(0)), UInt64(bitPattern: find.int(1)),
                        try MessageCodec.decode(find.bytes(2))
                    )
                )
            } catch {
                throw StoreError.unreadable("message \(find.int(1)) to shard \(find.int(0)): \(error)")
            }
        }
        return found
    }

    private func numbers(_ sql: String, _ shard: ShardID) throws -> [ShardID: UInt64] {
        let find = try statement(sql)
        find.bind(1, Int64(shard))
        var found: [ShardID: UInt64] = [:]
        while try find.step() {
            found[ShardID(truncatingIfNeeded: find.int(0))] = UInt64(bitPattern: find.int(1))
        }
        return found
    }
}

extension RowCounters {
    /// The rows that a shard may draw.
    static func stretch(of shard: ShardID) -> Range<RowID> {
        // Widened by hand: the next shard of the last one does not fit a ShardID.
        let first = firstRow(of: shard)
        return first..<(first + (firstRow(of: 1) - firstRow(of: 0)))
    }
}
