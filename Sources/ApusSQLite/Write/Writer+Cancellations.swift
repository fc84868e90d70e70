import ApusCore
import ApusStore

/// Orders to cancel runs.
extension Writer {
    /// Stores an order or what has become of it; of very many the oldest finished ones are forgotten.
    func keep(_ cancellation: BulkCancellation) throws {
        try transaction {
            let insert = try statement(
                """
                INSERT OR REPLACE INTO cancellations (id, app, function, slug, started_after, started_before, condition,
                    created_at, finished_at, cancelled, backlog, backlog_key, backlog_target)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
            )
            insert.bind(1, high: cancellation.id.high, low: cancellation.id.low)
            insert.bind(2, cancellation.app)
            insert.bind(3, high: cancellation.function.high, low: cancellation.function.low)
            insert.bind(4, cancellation.functionSlug)
            insert.bind(5, cancellation.startedAfter?.milliseconds)
            insert.bind(6, cancellation.startedBefore.milliseconds)
            insert.bind(7, cancellation.condition)
            insert.bind(8, cancellation.createdAt.milliseconds)
            insert.bind(9, cancellation.finishedAt?.milliseconds)
            insert.bind(10, Int64(cancellation.cancelled))
            insert.bind(11, cancellation.backlog == nil ? 0 : 1)
            insert.bind(12, cancellation.backlog?.key)
            if let target = cancellation.backlog?.target { insert.bind(13, high: target.high, low: target.low) }
            try insert.run()
            let forget = try statement(
                """
                DELETE FROM cancellations WHERE finished_at IS NOT NULL AND id <= (
                    SELECT id FROM cancellations ORDER BY id DESC LIMIT 1 OFFSET ?)
                """
            )
            forget.bind(1, Int64(BulkCancellation.kept))
            try forget.run()
        }
    }

    /// - Returns: whether there was such an order.
    func forgetCancellation(_ id: ULID) throws -> Bool {
        try transaction {
            let forget = try statement("DELETE FROM cancellations WHERE id = ?")
            forget.bind(1, high: id.high, low: id.low)
            return try forget.run() == 1
        }
    }
}
