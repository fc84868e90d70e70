import ApusCore
import ApusEngine
import ApusStore

/// Cron triggers.
extension Writer {
    func insert(_ schedule: ScheduleRow) throws {
        let statement = statements.schedule
        bind(schedule.key, to: statement)
        statement.bind(3, schedule.last.milliseconds)
        statement.bind(4, schedule.settings.pausedAt?.milliseconds)
        statement.bind(5, schedule.settings.catchUp.map { Int64($0.rawValue) })
        statement.bind(6, Int64(schedule.settings.overlap.rawValue))
        if let run = schedule.run {
            statement.bind(7, run.row)
            statement.bind(8, high: run.id.high, low: run.id.low)
        }
        statement.bind(9, schedule.buffered?.milliseconds)
        try statement.run()
    }

    func remove(_ schedule: ScheduleKey) throws {
        bind(schedule, to: statements.unschedule)
        try statements.unschedule.run()
    }

    private func bind(_ key: ScheduleKey, to statement: Statement) {
        statement.bind(1, high: key.function.high, low: key.function.low)
        statement.bind(2, key.expression)
    }

    /// All schedules; of the runs of their ticks those that live.
    func schedules() throws -> [ScheduleRow] {
        let find = try statement(
            """
            SELECT function, expression, last, paused_at, catch_up, overlap, live.run, run_id, buffered
            FROM schedules LEFT JOIN live ON live.run = schedules.run ORDER BY function, expression
            """
        )
        var found: [ScheduleRow] = []
        while try find.step() {
            let settings = ScheduleSettings(
                pausedAt: find.time(orNil: 3),
                catchUp: find.isNull(4) ? nil : CatchUp(rawValue: UInt8(truncatingIfNeeded: find.int(4))),
                overlap: Overlap(rawValue: UInt8(truncatingIfNeeded: find.int(5))) ?? .allow
            )
            found.append(
                ScheduleRow(
                    key: ScheduleKey(function: find.uuid(0), expression: find.text(1)), last: find.time(2),
                    settings: settings, run: find.isNull(6) ? nil : TickRun(row: find.int(6), id: find.ulid(7)),
                    buffered: find.time(orNil: 8)
                )
            )
        }
        return found
    }
}
