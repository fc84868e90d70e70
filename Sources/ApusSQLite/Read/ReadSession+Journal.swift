import ApusCore
import ApusEngine
import ApusStore

/// Runs with their whole history.
extension ReadSession {
    /// - Parameter condition: names one run.
    func loadedRun(_ condition: String, _ bind: (Statement) -> Void) throws -> LoadedRun? {
        let find = try statement(
            """
            SELECT runs.row, \(ReadSession.projection) FROM runs LEFT JOIN live ON live.run = runs.row WHERE \(condition)
            """
        )
        bind(find)
        guard try find.step() else { return nil }
        let row = find.int(0)
        let projection = try projection(of: find, from: 1, run: row)
        find.reset()
        let turns = try turns(upTo: projection.head, of: row)
        return LoadedRun(turns: turns, events: try events(of: turns, run: row), projection: projection)
    }

    /// The columns of a run's projection; of a run that has ended, `live` has no row.
    static let projection = """
        runs.status, coalesce(live.started_at, runs.started_at), runs.ended_at, live.wake_at,
            coalesce(live.head, runs.head, 0)
        """

    /// - Parameter first: where the columns of `ReadSession.projection` begin.
    func projection(of statement: Statement, from first: Int32, run: RowID) throws -> RunProjection {
        guard let status = UInt8(exactly: statement.int(first)).flatMap(RunStatus.init(rawValue:)) else {
            throw StoreError.unreadable("run \(run) has the unknown status \(statement.int(first))")
        }
        return RunProjection(
            status: status,
            startedAt: statement.time(orNil: first + 1),
            endedAt: statement.time(orNil: first + 2),
            wakeAt: statement.time(orNil: first + 3),
            head: statement.int(first + 4)
        )
    }

    /// The turns of a run, oldest first.
    private func turns(upTo head: RowID, of run: RowID) throws -> [Turn] {
        let find = try statement("SELECT previous, turn FROM journal WHERE row = ? AND run = ?")
        var turns: [Turn] = []
        var next = head
        while next != 0 {
            find.bind(1, next)
            find.bind(2, run)
            guard try find.step() else { throw StoreError.unreadable("turn \(next) of run \(run) is missing") }
            let previous = find.int(0)
            // Rows are drawn upwards; a damaged chain that leads up might lead round for ever.
            guard previous < next else { throw StoreError.unreadable("turn \(next) of run \(run) follows \(previous)") }
            let bytes = find.bytes(1)
            find.reset()
            turns.append(try turn(bytes, row: next))
            next = previous
        }
        turns.reverse()
        return turns
    }

    /// How a run ended: an entry of its last turn but for those in which something was noted afterwards.
    func end(head: RowID) throws -> RunEnd? {
        let find = try statement("SELECT turn, previous FROM journal WHERE row = ?")
        var next = head
        while next != 0 {
            find.bind(1, next)
            guard try find.step() else { throw StoreError.unreadable("turn \(next) is missing") }
            let bytes = find.bytes(0)
            let previous = find.int(1)
            find.reset()
            for case .finished(let end) in try turn(bytes, row: next).entries.reversed() { return end }
            next = previous
        }
        return nil
    }

    private func turn(_ bytes: [UInt8], row: RowID) throws -> Turn {
        var failure: (any Error)?
        do {
            return try JournalCodec.decode(bytes) { payload in
                do {
                    return try self.payload(payload)
                } catch {
                    failure = error
                    return nil
                }
            }
        } catch {
            throw failure ?? StoreError.unreadable("turn \(row): \(error)")
        }
    }

    private func payload(_ row: RowID) throws -> RawJSON? {
        let find = try statement("SELECT json FROM payloads WHERE row = ?")
        find.bind(1, row)
        return try find.step() ? find.json(0, "payload \(row)") : nil
    }

    private func events(of turns: [Turn], run: RowID) throws -> [RawJSON] {
        guard case .started(let start)? = turns.first?.entries.first else { return [] }
        let find = try statement("SELECT body FROM events WHERE row = ?")
        return try start.events.map { event in
            find.bind(1, event)
            guard try find.step() else { throw StoreError.unreadable("event \(event) of run \(run) is missing") }
            defer { find.reset() }
            return try find.json(0, "event \(event)")
        }
    }
}
