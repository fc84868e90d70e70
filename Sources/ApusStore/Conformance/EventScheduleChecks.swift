import ApusCore
import ApusEngine

/// Schedules that send events.
extension StoreConformance {
    static let eventSchedules = [
        Check("event schedules come back with the claim of their shard, and with their events by their ids") {
            harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let schedules = (0..<20).map { EventScheduleSample.schedule($0, now: owner.now) }
            try owner.commit(schedules.map { .eventSchedule($0.schedule, $0.event) })
            if store.shardCount > 1 {
                let other = try Owner(of: 1, store)
                let foreign = EventScheduleSample.schedule(100, now: owner.now)
                try other.commit([.eventSchedule(foreign.schedule, foreign.event), .removeEventSchedule(foreign.id)])
            }
            store = try harness.reopen(store)
            let found = try store.claim(0).state.eventSchedules
            try expectEqual(found.cursor, .none, "the cursor")
            let expected = schedules.map(\.entry).sorted { $0.id < $1.id }
            try expectEqual(found.entries.sorted { $0.id < $1.id }, expected, "the schedules")
            for shard in 1..<ShardID(max(store.shardCount, 1)) {
                try expect(try store.claim(shard).state.eventSchedules.entries.isEmpty, "shard \(shard) has some")
            }
            for sample in schedules {
                let read = try store.reader.eventSchedule(sample.id)
                try expectEqual(read?.schedule, sample.schedule, "the schedule")
                try expectEqual(read?.event, sample.event, "its event")
            }
            try expect(try store.reader.eventSchedule(.zero) == nil, "an unknown schedule")
        },
        Check("a schedule takes the place of another one of its name, is paused, chosen for and removed") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let first = EventScheduleSample.schedule(1, now: owner.now)
            var second = EventScheduleSample.schedule(2, now: owner.now + .hours(1))
            second.schedule.key = first.schedule.key
            second.event.data = try RawJSON(parsing: #"{"n":2}"#)
            try owner.commit([.eventSchedule(first.schedule, first.event)])
            try owner.commit([.eventSchedule(second.schedule, second.event)])
            try expectEqual(try store.reader.eventSchedule(first.id)?.schedule, second.schedule, "the schedule")
            try expectEqual(try store.reader.eventSchedule(first.id)?.event, second.event, "the event")
            let time = owner.now + .hours(2)
            for (paused, due) in [(time, nil), (nil, time)] as [(Timestamp?, Timestamp?)] {
                second.schedule.state = EventSchedule.State(since: time, due: due, pausedAt: paused, catchUp: .skip)
                try owner.commit([
                    .eventSchedulePause(first.id, at: paused, since: time, due: due),
                    .eventScheduleCatchUp(first.id, .skip),
                ])
                try expectEqual(try store.reader.eventSchedule(first.id)?.schedule, second.schedule, "what was set")
            }
            // What is not there is not made by a change.
            try owner.commit([.removeEventSchedule(first.id), .eventScheduleCatchUp(first.id, .all)])
            try expect(try store.reader.eventSchedules(after: nil, limit: 10).isEmpty, "it is still there")
        },
        Check("the cursor comes back with the claim, and what fires once is gone up to it") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            var samples = (0..<8).map { EventScheduleSample.schedule($0, now: owner.now) }.sorted { $0.id < $1.id }
            // All but one at the same moment; one recurs, one is paused.
            let moment = owner.now + .minutes(1)
            for index in samples.indices {
                samples[index].schedule.timing = .at(moment)
                samples[index].schedule.state = EventSchedule.State(since: owner.now, due: moment)
            }
            samples[0].schedule.timing = .cron("* * * * *")
            samples[0].schedule.state.due = nil
            samples[1].schedule.state.due = nil
            samples[1].schedule.state.pausedAt = owner.now
            samples[2].schedule.state.due = moment + .milliseconds(1)
            try owner.commit(samples.map { .eventSchedule($0.schedule, $0.event) })
            let cursor = Tick(at: moment, schedule: samples[5].id)
            try owner.commit([.ticked(Tick(at: moment - .seconds(1), schedule: samples[7].id)), .ticked(cursor)])
            store = try harness.reopen(store)
            let found = try store.claim(0).state.eventSchedules
            try expectEqual(found.cursor, cursor, "the cursor")
            let left = [0, 1, 2, 6, 7].map { samples[$0].id }
            try expectEqual(found.entries.map(\.id).sorted(), left, "the schedules")
            try expectEqual(try store.reader.tickCursors(), [0: cursor], "all cursors")
        },
        Check("event schedules are listed in the order of their ids, page by page") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let samples = (0..<7).map { EventScheduleSample.schedule($0, now: owner.now) }.sorted { $0.id < $1.id }
            try owner.commit(samples.map { .eventSchedule($0.schedule, $0.event) })
            let reader = store.reader
            try expectEqual(try reader.eventSchedules(after: nil, limit: 100), samples.map(\.schedule), "all")
            try expectEqual(
                try reader.eventSchedules(after: samples[2].id, limit: 2), samples[3...4].map(\.schedule), "a page"
            )
            try expect(try reader.eventSchedules(after: samples[6].id, limit: 2).isEmpty, "behind the last")
            try expect(try reader.eventSchedules(after: nil, limit: -1).isEmpty, "a page of none")
        },
        Check("the events of schedules are read up to a number of bytes, but one at least") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let samples = (0..<5).map { EventScheduleSample.schedule($0, now: owner.now) }
            try owner.commit(samples.map { .eventSchedule($0.schedule, $0.event) })
            let ids = [samples[3].id, UUID16.zero, samples[1].id, samples[0].id]
            let all = try store.reader.templates(of: ids, atMost: .max)
            try expectEqual(all.count, 4, "how many have been looked for")
            try expectEqual(
                all.found,
                Dictionary(uniqueKeysWithValues: [3, 1, 0].map { (samples[$0].id, samples[$0].template) }), "the events"
            )
            for bytes in [-1, 0, 1] {
                let first = try store.reader.templates(of: ids, atMost: bytes)
                try expectEqual(first.found, [ids[0]: samples[3].template], "the first event")
                try expectEqual(first.count, 1, "how many have been looked for")
            }
        },
    ]
}

/// Schedules of all kinds.
private struct EventScheduleSample {
    var schedule: EventSchedule
    var event: EventTemplate

    var id: UUID16 { schedule.key.id }
    var template: NamedTemplate { NamedTemplate(schedule: schedule.key.name, event: event) }
    var entry: StoredEventSchedules.Entry {
        StoredEventSchedules.Entry(
            id: id, timing: schedule.timing, state: schedule.state, digest: schedule.digest
        )
    }

    static func schedule(_ number: Int, now: Timestamp) -> EventScheduleSample {
        let data = number % 4 == 3 ? RawJSON.emptyObject : RawJSON(canonical: Array(#"{"n":\#(number)}"#.utf8))
        let event = EventTemplate(
            name: "shop/ünïcode \(number)", data: data, user: number % 3 == 0 ? data : .emptyObject,
            version: number % 2 == 0 ? nil : "v\(number)"
        )
        let isOnce = number % 2 == 0
        let isPaused = number % 5 == 4
        let timing: EventSchedule.Timing =
            isOnce
            ? .at(now + .hours(number)) : .cron(number % 3 == 0 ? "* * * * *" : "TZ=Asia/Tokyo \(number) * * * *")
        let state = EventSchedule.State(
            since: now + .seconds(number), due: isOnce && !isPaused ? now + .hours(number) : nil,
            pausedAt: isPaused ? now : nil, catchUp: CatchUp.allCases[number % 3]
        )
        return EventScheduleSample(
            schedule: EventSchedule(
                key: EventScheduleKey(name: "night/früh \(number)"), timing: timing, eventName: event.name,
                state: state,
                digest: UInt64.max / UInt64(number + 1)
            ),
            event: event
        )
    }
}
