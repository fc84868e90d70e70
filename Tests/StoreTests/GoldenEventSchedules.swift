import ApusCore
import ApusEngine
import ApusStore

/// What the store of format 8 holds besides ``GoldenBackfills``: schedules that send events, and how far their ticks
/// are. Frozen, like `GoldenValues`.
enum GoldenEventSchedules {
    static let recurring = EventSchedule(
        key: EventScheduleKey(name: "Bericht für 👋 17"), timing: .cron("TZ=Europe/Berlin 0 9 1 * *"),
        eventName: "invoice/due",
        state: EventSchedule.State(since: GoldenValues.now, pausedAt: GoldenValues.now + .days(1), catchUp: .all),
        digest: 0xfedc_ba98_7654_3210
    )
    static let once = EventSchedule(
        key: EventScheduleKey(name: "once"), timing: .at(GoldenValues.now + .days(2)), eventName: "invoice/due",
        state: EventSchedule.State(since: GoldenValues.now, due: GoldenValues.now + .days(2)), digest: 1
    )
    static let event = EventTemplate(
        name: "invoice/due", data: RawJSON(canonical: Array(#"{"customer":17}"#.utf8)),
        user: RawJSON(canonical: Array(#"{"id":"ü"}"#.utf8)), version: "2026-01-01"
    )
    static let cursor = Tick(at: GoldenValues.now + .seconds(7), schedule: once.key.id)

    static func write(to store: any Store) throws {
        let claimed = try store.claim(0)
        try store.commit(
            Batch(
                shard: 0, epoch: claimed.epoch, number: claimed.batch + 1, time: claimed.state.time,
                writes: [.eventSchedule(recurring, event), .eventSchedule(once, event), .ticked(cursor)]
            )
        )
    }
}
