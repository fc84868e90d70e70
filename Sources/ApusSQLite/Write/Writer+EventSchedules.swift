import ApusCore
import ApusEngine
import ApusStore

/// Schedules that send an event.
extension Writer {
    func applyEventSchedule(_ write: Write, of shard: ShardID) throws {
        switch write {
        case .eventSchedule(let schedule, let event): try insert(schedule, event, shard)
        case .eventSchedulePause(let id, let time, let since, let due):
            let statement = statements.eventSchedulePause
            statement.bind(1, high: id.high, low: id.low)
            statement.bind(2, time?.milliseconds)
            statement.bind(3, since.milliseconds)
            statement.bind(4, due?.milliseconds)
            try statement.run()
        case .eventScheduleCatchUp(let id, let policy):
            statements.eventScheduleCatchUp.bind(1, high: id.high, low: id.low)
            statements.eventScheduleCatchUp.bind(2, Int64(policy.rawValue))
            try statements.eventScheduleCatchUp.run()
        case .removeEventSchedule(let id):
            statements.removeEventSchedule.bind(1, high: id.high, low: id.low)
            try statements.removeEventSchedule.run()
        case .ticked(let tick):
            for statement in [statements.ticked, statements.forgetFired] {
                statement.bind(1, Int64(shard))
                statement.bind(2, tick.at.milliseconds)
                statement.bind(3, high: tick.schedule.high, low: tick.schedule.low)
                try statement.run()
            }
        default: break
        }
    }

    private func insert(_ schedule: EventSchedule, _ event: EventTemplate, _ shard: ShardID) throws {
        let statement = statements.eventSchedule
        statement.bind(1, high: schedule.key.id.high, low: schedule.key.id.low)
        statement.bind(2, Int64(shard))
        statement.bind(3, schedule.key.name)
        switch schedule.timing {
        case .cron(let expression): statement.bind(4, expression)
        case .at(let time): statement.bind(5, time.milliseconds)
        }
        statement.bind(6, schedule.state.since.milliseconds)
        statement.bind(7, schedule.state.due?.milliseconds)
        statement.bind(8, schedule.state.pausedAt?.milliseconds)
        statement.bind(9, Int64(schedule.state.catchUp.rawValue))
        statement.bind(10, Int64(bitPattern: schedule.digest))
        statement.bind(11, schedule.eventName)
        statement.bind(12, event.stored.bytes)
        try statement.run()
    }

    /// What a shard has to know of them before it begins.
    func eventSchedules(of shard: ShardID) throws -> StoredEventSchedules {
        var found = StoredEventSchedules()
        let position = try statement("SELECT at, id FROM tick_cursors WHERE shard = ?")
        position.bind(1, Int64(shard))
        if try position.step() { found.cursor = Tick(at: position.time(0), schedule: position.uuid(1)) }
        position.reset()
        let find = try statement(
            "SELECT id, cron, at, since, due, paused_at, catch_up, digest FROM event_schedules WHERE shard = ?"
        )
        find.bind(1, Int64(shard))
        // Many share an expression.
        var expressions: [String: String] = [:]
        while try find.step() {
            let timing: EventSchedule.Timing
            if find.isNull(1) {
                timing = .at(find.time(2))
            } else {
                let text = find.text(1)
                let expression = expressions[text] ?? text
                expressions[expression] = expression
                timing = .cron(expression)
            }
            found.entries.append(
                StoredEventSchedules.Entry(
                    id: find.uuid(0), timing: timing, state: find.eventScheduleState(from: 3),
                    digest: UInt64(bitPattern: find.int(7))
                )
            )
        }
        return found
    }
}

extension Statement {
    /// From four columns: since, due, paused_at, catch_up.
    func eventScheduleState(from column: Int32) -> EventSchedule.State {
        EventSchedule.State(
            since: time(column), due: time(orNil: column + 1), pausedAt: time(orNil: column + 2),
            catchUp: CatchUp(rawValue: UInt8(truncatingIfNeeded: int(column + 3))) ?? .latest
        )
    }
}
