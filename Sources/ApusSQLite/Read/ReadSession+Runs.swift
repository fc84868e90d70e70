import ApusCore
import ApusEngine
import ApusStore

/// Runs as lists show them.
extension ReadSession {
    private static let columns = """
        SELECT runs.row, runs.id, functions.id, functions.slug, events.id, names.name, runs.created_at,
            runs.origin, \(projection)
        """
    private static let sources = """
        JOIN functions ON functions.row = runs.function
        JOIN events ON events.row = runs.event
        JOIN names ON names.row = events.name
        LEFT JOIN live ON live.run = runs.row
        """

    /// The run in a row, without its end.
    func storedRun(_ row: RowID) throws -> StoredRun? {
        let find = try statement("\(Self.columns) FROM runs \(Self.sources) WHERE runs.row = ?")
        find.bind(1, row)
        defer { find.reset() }
        return try find.step() ? try storedRun(find) : nil
    }

    /// A run by its id.
    func storedRun(id: ULID) throws -> StoredRun? {
        let find = try statement("\(Self.columns) FROM runs \(Self.sources) WHERE runs.id = ?")
        find.bind(1, high: id.high, low: id.low)
        return try storedRuns(find).first
    }

    /// The runs of all copies of an event, oldest first.
    func runs(ofEvent id: ULID) throws -> [StoredRun] {
        let find = try statement(
            """
            \(Self.columns) FROM (
                SELECT runs.row AS own FROM events JOIN runs ON runs.event = events.row WHERE events.id = ?1
                UNION
                SELECT runs.row FROM events JOIN outcomes ON outcomes.event = events.row AND taken = 1
                    JOIN runs ON runs.id = outcomes.run WHERE events.id = ?1
            ) CROSS JOIN runs ON runs.row = own \(Self.sources)
            ORDER BY runs.row LIMIT ?2
            """
        )
        find.bind(1, high: id.high, low: id.low)
        find.bind(2, Int64(rowsPerPage))
        return try storedRuns(find)
    }

    /// The runs that repeat a run, oldest first.
    func runs(repeating id: ULID) throws -> [StoredRun] {
        let find = try statement(
            "\(Self.columns) FROM runs \(Self.sources) WHERE runs.origin = ? ORDER BY runs.row LIMIT ?"
        )
        find.bind(1, high: id.high, low: id.low)
        find.bind(2, Int64(rowsPerPage))
        return try storedRuns(find)
    }

    /// The runs that a statement finds, with their ends.
    private func storedRuns(_ find: Statement) throws -> [StoredRun] {
        var runs: [StoredRun] = []
        while try find.step() {
            var run = try storedRun(find)
            run.end = try end(of: run.projection)
            runs.append(run)
        }
        return runs
    }

    private func storedRun(_ find: Statement) throws -> StoredRun {
        let row = find.int(0)
        return StoredRun(
            row: row, id: find.ulid(1), function: find.uuid(2), functionSlug: find.text(3),
            eventID: find.ulid(4), eventName: find.text(5), createdAt: find.time(6),
            projection: try projection(of: find, from: 8, run: row), end: nil,
            origin: find.isNull(7) ? nil : find.ulid(7)
        )
    }

    /// How a run ended; `nil` while it lives.
    func end(of run: RunProjection) throws -> RunEnd? {
        run.status.isFinal ? try end(head: run.head) : nil
    }
}
