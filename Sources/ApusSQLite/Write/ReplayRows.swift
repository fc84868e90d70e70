import ApusCore
import ApusEngine
import ApusStore

/// Orders to repeat runs.
extension Writer {
    func keep(_ replay: Replay) throws {
        try transaction {
            try put(replay)
            let forget = try statement(
                """
                DELETE FROM replays WHERE state > 1 AND id <= (
                    SELECT id FROM replays WHERE state > 1 ORDER BY id DESC LIMIT 1 OFFSET ?)
                """
            )
            forget.bind(1, Int64(Replay.kept))
            try forget.run()
        }
    }

    func updateReplay(_ id: ULID, _ change: (inout Replay) -> Void) throws -> Replay? {
        try transaction {
            let find = try statement("SELECT \(Replay.columns) FROM replays WHERE id = ?")
            find.bind(1, high: id.high, low: id.low)
            guard try find.step() else { return nil }
            var replay = Replay(find)
            find.reset()
            change(&replay)
            try put(replay)
            return replay
        }
    }

    private func put(_ replay: Replay) throws {
        let insert = try statement(
            """
            INSERT OR REPLACE INTO replays (\(Replay.columns))
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        insert.bind(1, high: replay.id.high, low: replay.id.low)
        insert.bind(2, high: replay.function.high, low: replay.function.low)
        insert.bind(3, replay.functionSlug)
        insert.bind(4, replay.states.reduce(0) { $0 | 1 << Int64($1.rawValue) })
        insert.bind(5, replay.from?.milliseconds)
        insert.bind(6, replay.until.milliseconds)
        insert.bind(7, Int64(replay.start.rawValue))
        insert.bind(8, Int64(replay.perMinute))
        insert.bind(9, Int64(replay.found))
        insert.bind(10, Int64(replay.state.rawValue))
        insert.bind(11, replay.progress.position?.createdAt.milliseconds)
        insert.bind(12, replay.progress.position?.row)
        insert.bind(13, Int64(replay.progress.started))
        insert.bind(14, Int64(replay.progress.skipped))
        insert.bind(15, replay.progress.problem)
        insert.bind(16, replay.actor)
        insert.bind(17, replay.createdAt.milliseconds)
        insert.bind(18, replay.endedAt?.milliseconds)
        try insert.run()
    }
}

extension ReadSession {
    /// Newest first.
    func replays() throws -> [Replay] {
        let find = try statement("SELECT \(Replay.columns) FROM replays ORDER BY id DESC LIMIT ?")
        find.bind(1, Int64(rowsPerPage))
        var found: [Replay] = []
        while try find.step() { found.append(Replay(find)) }
        return found
    }
}

extension Replay {
    /// As ``init(_:)`` reads them.
    fileprivate static let columns = """
        id, function, slug, states, from_time, until_time, start, per_minute, found, state, created_after, row_after,
            started, skipped, problem, actor, created_at, ended_at
        """

    fileprivate init(_ find: Statement) {
        let states = find.int(3)
        self.init(
            id: find.ulid(0), function: find.uuid(1), functionSlug: find.text(2),
            states: Set(RunState.allCases.filter { states & 1 << Int64($0.rawValue) != 0 }),
            from: find.time(orNil: 4), until: find.time(5),
            start: Start(rawValue: UInt8(truncatingIfNeeded: find.int(6))) ?? .failure, perMinute: Int(find.int(7)),
            found: Int(find.int(8)), actor: find.text(15), createdAt: find.time(16)
        )
        state = State(rawValue: UInt8(truncatingIfNeeded: find.int(9))) ?? .stopped
        if let created = find.time(orNil: 10) {
            progress.position = RunPosition(createdAt: created, row: find.int(11))
        }
        progress.started = Int(find.int(12))
        progress.skipped = Int(find.int(13))
        progress.problem = find.text(14)
        endedAt = find.time(orNil: 17)
    }
}
