import ApusCore
import ApusEngine
import ApusStore

/// Schedules that send an event.
extension ReadSession {
    private static let columns = "name, cron, at, since, due, paused_at, catch_up, digest, event_name"

    static let eventSchedulesQuery = "SELECT \(columns) FROM event_schedules WHERE id > ? ORDER BY id LIMIT ?"

    func eventSchedule(_ id: UUID16) throws -> (schedule: EventSchedule, event: EventTemplate)? {
        let find = try statement("SELECT \(Self.columns), event FROM event_schedules WHERE id = ?")
        find.bind(1, high: id.high, low: id.low)
        defer { find.reset() }
        guard try find.step() else { return nil }
        let schedule = schedule(find)
        let event = try find.json(9, "the event of schedule \(schedule.key.name)")
        return (schedule, EventTemplate(name: schedule.eventName, stored: event))
    }

    /// In the order of ids.
    func eventSchedules(after id: UUID16?, limit: Int) throws -> [EventSchedule] {
        let find = try statement(Self.eventSchedulesQuery)
        if let id { find.bind(1, high: id.high, low: id.low) } else { find.bind(1, [UInt8]()) }
        find.bind(2, Int64(page(limit)))
        var found: [EventSchedule] = []
        while try find.step() { found.append(schedule(find)) }
        return found
    }

    func tickCursors() throws -> [ShardID: Tick] {
        let find = try statement("SELECT shard, at, id FROM tick_cursors")
        var found: [ShardID: Tick] = [:]
        while try find.step() {
            found[ShardID(truncatingIfNeeded: find.int(0))] = Tick(at: find.time(1), schedule: find.uuid(2))
        }
        return found
    }

    /// In the order of the ids, until they have so many bytes.
    func templates(of schedules: [UUID16], atMost limit: Int) throws -> TemplatePage {
        let find = try statement("SELECT name, event_name, event FROM event_schedules WHERE id = ?")
        var page = TemplatePage()
        var bytes = 0
        for id in schedules where page.count == 0 || bytes < limit {
            page.count += 1
            find.bind(1, high: id.high, low: id.low)
            if try find.step() {
                let name = find.text(0)
                let event = try find.json(2, "the event of schedule \(name)")
                bytes += event.bytes.count
                page.found[id] = NamedTemplate(
                    schedule: name, event: EventTemplate(name: find.text(1), stored: event)
                )
            }
            find.reset()
        }
        return page
    }

    private func schedule(_ find: Statement) -> EventSchedule {
        EventSchedule(
            key: EventScheduleKey(name: find.text(0)),
            timing: find.isNull(1) ? .at(find.time(2)) : .cron(find.text(1)), eventName: find.text(8),
            state: find.eventScheduleState(from: 3), digest: UInt64(bitPattern: find.int(7))
        )
    }
}
