import ApusCore
import ApusEngine
import ApusStore

/// Orders to cancel runs, and the runs that they find.
extension ReadSession {
    /// Newest first.
    func cancellations() throws -> [BulkCancellation] {
        let find = try statement(
            """
            SELECT id, app, function, slug, started_after, started_before, condition, created_at, finished_at,
                cancelled, backlog, backlog_key, backlog_target
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
                    condition: find.isNull(6) ? nil : find.text(6), backlog: backlog(find), createdAt: find.time(7),
                    finishedAt: find.time(orNil: 8), cancelled: Int(find.int(9))
                )
            )
        }
        return found
    }

    private func backlog(_ find: Statement) -> BulkCancellation.Backlog? {
        guard find.int(10) != 0 else { return nil }
        return BulkCancellation.Backlog(
            key: find.isNull(11) ? nil : find.text(11), target: find.isNull(12) ? nil : find.uuid(12)
        )
    }

    /// Newest first.
    func backfills() throws -> [Backfill] {
        let find = try statement("SELECT \(Backfill.columns) FROM backfills ORDER BY id DESC LIMIT ?")
        find.bind(1, Int64(rowsPerPage))
        var found: [Backfill] = []
        while try find.step() { found.append(Backfill(find)) }
        return found
    }

    /// Newest first.
    func audit(limit: Int) throws -> [AuditEntry] {
        let find = try statement("SELECT at, actor, action, subject, detail FROM audit ORDER BY row DESC LIMIT ?")
        find.bind(1, Int64(page(limit)))
        var found: [AuditEntry] = []
        while try find.step() {
            guard let action = AuditEntry.Action(rawValue: find.text(2)) else { continue }
            found.append(
                AuditEntry(
                    at: find.time(0), actor: find.text(1), action: action, subject: find.text(3), detail: find.text(4)
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
            SELECT runs.row, events.body, live.started_at, kept.flow FROM live
            CROSS JOIN runs ON runs.row = live.run
            JOIN events ON events.row = runs.event
            LEFT JOIN kept ON kept.run = live.run
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
            found.append(
                LivingRun(
                    row: find.int(0), event: try find.json(1, "the event of run \(find.int(0))"),
                    isStarted: !find.isNull(2), flow: find.isNull(3) ? nil : try RunFlow(decoding: find.bytes(3))
                )
            )
        }
        return found
    }
}
