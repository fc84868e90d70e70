import ApusCore
import ApusEngine
import ApusStore

/// Removing rows.
extension Writer {
    /// Rows and bytes after which a transaction that removes something ends, so that commits do not
    /// wait for long.
    private static let rowsAtOnce = 2_000
    private static let bytesAtOnce: Int64 = 1 << 20
    /// Events looked at in one transaction.
    private static let eventsAtOnce = 500
    /// Pages given back to the disk in one transaction.
    private static let pagesAtOnce: Int64 = 256

    /// Bytes of the database that hold something.
    func usedBytes() throws(SQLiteFailure) -> Int64 {
        let pages = try Statement.int("PRAGMA page_count", on: connection)
        let free = try Statement.int("PRAGMA freelist_count", on: connection)
        return (pages - free) * (try pageSize())
    }

    /// Removes finished runs with their turns and payloads.
    /// - Returns: how many of them, from the start, were removed.
    func remove(_ runs: [FinishedRun]) throws -> Int {
        try transaction {
            try raiseFloors()
            let head = try statement("SELECT head FROM runs WHERE row = ? AND status <> 0")
            let turn = try statement("DELETE FROM journal WHERE row = ? RETURNING previous, turn")
            let payload = try statement("DELETE FROM payloads WHERE row = ? RETURNING length(json)")
            let run = try statement("DELETE FROM runs WHERE row = ?")
            let listeners = try statement("DELETE FROM listeners WHERE run = ?")
            let spans = try statement("DELETE FROM spans WHERE run = ?")
            var rows = 0
            var bytes: Int64 = 0
            for (index, doomed) in runs.enumerated() {
                if rows >= Writer.rowsAtOnce || bytes >= Writer.bytesAtOnce { return index }
                head.bind(1, doomed.row)
                guard try head.step() else { continue }
                var next = head.int(0)
                head.reset()
                while next != 0 {
                    turn.bind(1, next)
                    guard try turn.step() else { break }
                    let (previous, encoded) = (turn.int(0), turn.bytes(1))
                    turn.reset()
                    // A turn that cannot be read goes too, and leaves its payloads behind: the store
                    // must be able to make room whatever it holds.
                    for row in (try? JournalCodec.payloadRows(in: encoded)) ?? [] {
                        payload.bind(1, row)
                        if try payload.step() { bytes += payload.int(0) }
                        payload.reset()
                    }
                    rows += 1
                    bytes += Int64(encoded.count)
                    next = previous
                }
                run.bind(1, doomed.row)
                try run.run()
                listeners.bind(1, doomed.row)
                try listeners.run()
                spans.bind(1, doomed.row)
                try spans.run()
            }
            return runs.count
        }
    }

    /// Removes events that no run refers to and that have reached all their listeners, from a stretch of
    /// which a part is looked at.
    /// - Returns: the newest event that was looked at, `last` when there was none.
    func removeUnusedEvents(after first: RowID, upTo last: RowID) throws -> RowID {
        try transaction {
            let (unused, newest) = try unusedEvents(after: first, upTo: last)
            guard !unused.isEmpty else { return newest ?? last }
            try raiseFloors()
            let remove = try statement("DELETE FROM events WHERE row = ?")
            let outcomes = try statement("DELETE FROM outcomes WHERE event = ?")
            for event in unused {
                remove.bind(1, event.row)
                try remove.run()
                outcomes.bind(1, event.row)
                try outcomes.run()
            }
            try removeNames(Set(unused.map(\.name)))
            return newest ?? last
        }
    }

    private func unusedEvents(
        after first: RowID, upTo last: RowID
    ) throws -> (unused: [(row: RowID, name: Int64)], newest: RowID?) {
        let find = try statement(
            """
            SELECT row, name,
                EXISTS (SELECT 1 FROM runs WHERE runs.event = events.row)
                    OR EXISTS (SELECT 1 FROM looks WHERE looks.event = events.row)
                    OR EXISTS (
                        SELECT 1 FROM outcomes WHERE outcomes.event = events.row AND taken = 1
                            AND (EXISTS (SELECT 1 FROM runs WHERE runs.id = outcomes.run)
                                OR EXISTS (SELECT 1 FROM pendings WHERE pendings.run = outcomes.run))
                    ),
                length(body)
            FROM events WHERE row > ? AND row <= ? ORDER BY row LIMIT ?
            """
        )
        find.bind(1, first)
        find.bind(2, last)
        find.bind(3, Int64(Writer.eventsAtOnce))
        var unused: [(row: RowID, name: Int64)] = []
        var newest: RowID?
        var bytes: Int64 = 0
        while bytes < Writer.bytesAtOnce, try find.step() {
            newest = find.int(0)
            guard find.int(2) == 0 else { continue }
            unused.append((find.int(0), find.int(1)))
            bytes += find.int(3)
        }
        return (unused, newest)
    }

    /// Gives free pages back to the disk while the file is larger than it ought to be.
    /// - Returns: whether more could be given back.
    func shrinkFile(to bytes: Int64) throws -> Bool {
        let excess = try Statement.int("PRAGMA page_count", on: connection) - max(0, bytes) / (try pageSize())
        let free = try Statement.int("PRAGMA freelist_count", on: connection)
        let pages = min(excess, free, Writer.pagesAtOnce)
        guard pages > 0 else { return false }
        try transaction { try Statement.run("PRAGMA incremental_vacuum(\(pages))", on: connection) }
        return pages < min(excess, free)
    }

    private func removeNames(_ rows: Set<Int64>) throws {
        guard !rows.isEmpty else { return }
        let remove = try statement(
            "DELETE FROM names WHERE row = ?1 AND NOT EXISTS (SELECT 1 FROM events WHERE events.name = ?1)"
        )
        for row in rows {
            remove.bind(1, row)
            try remove.run()
        }
        names.forget()
    }

    /// Remembers which rows were drawn, because the next owner of a shard goes by the rows it finds.
    private func raiseFloors() throws {
        let raise = try statement(
            "UPDATE shards SET event_floor = ?, run_floor = ?, turn_floor = ?, payload_floor = ? WHERE shard = ?"
        )
        let find = try statement("SELECT shard FROM shards")
        var shards: [ShardID] = []
        while try find.step() { shards.append(ShardID(truncatingIfNeeded: find.int(0))) }
        for shard in shards {
            let rows = try rowCounters(of: shard)
            raise.bind(1, rows.event)
            raise.bind(2, rows.run)
            raise.bind(3, rows.turn)
            raise.bind(4, rows.payload)
            raise.bind(5, Int64(shard))
            try raise.run()
        }
    }
}
