import ApusCore
import ApusEngine
import ApusStore

/// Orders to cancel runs, and the runs that they find.
extension ReadSession {
    /// Newest first.
    func cancellations() throws -> [BulkCancellation] {
        let find = try statement(
            """
            SELECT id, app, function, slug, started_after, started_before, condition, created_at, finished_at, cancelled
            FROM cancellations ORDER BY id DESC LIMIT ?
            """
        )
        find.bind(1, Int64(rowsPerPage))
        var found: [BulkCancellation] = []
        while try find.step() {
            found.append(
                BulkCancellation(
                    id: find.ulid(0), app: find.text(1), function: find.uuid(2), functionSlug: find.text(3),
                    startedAfter: find.time(orNil: 4), startedBefore: find.time(5),
                    condition: find.isNull(6) ? nil : find.text(6), createdAt: find.time(7),
                    finishedAt: find.time(orNil: 8), cancelled: Int(find.int(9))
                )
            )
        }
        return found
    }

    func livingRuns(
        of function: UUID16, from: Timestamp?, to: Timestamp, after: RowID, limit: Int
    ) throws -> [LivingRun] {
        let find = try statement(
            """
            SELECT runs.row, events.body FROM live
            CROSS JOIN runs ON runs.row = live.run
            JOIN events ON events.row = runs.event
            WHERE live.run > ? AND runs.function = (SELECT row FROM functions WHERE id = ?)
                AND runs.created_at >= ? AND runs.created_at <= ?
            ORDER BY live.run LIMIT ?
            """
        )
        find.bind(1, after)
        find.bind(2, high: function.high, low: function.low)
        find.bind(3, from?.milliseconds ?? .min)
        find.bind(4, to.milliseconds)
        find.bind(5, Int64(page(limit)))
        var found: [LivingRun] = []
        while try find.step() {
            found.append(LivingRun(row: find.int(0), event: try find.json(1, "the event of run \(find.int(0))")))
        }
        return found
    }
}
