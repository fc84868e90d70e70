import ApusCore
import ApusEngine
import ApusStore

/// What the store of format 8 holds besides ``GoldenFlow``: what people have set about schedules, the run of a tick, a
/// tick that waits, and backfills. Frozen, like `GoldenValues`.
enum GoldenBackfills {
    static let minutely = ScheduleRow(
        key: ScheduleKey(function: GoldenValues.functionID, expression: "* * * * *"),
        last: GoldenValues.now + .seconds(1),
        settings: ScheduleSettings(catchUp: .latest, overlap: .bufferOne),
        run: TickRun(row: 1, id: GoldenValues.runID), buffered: GoldenValues.now + .minutes(1)
    )
    static let paused = ScheduleRow(
        key: GoldenSchedules.schedule.key, last: GoldenValues.now,
        settings: ScheduleSettings(pausedAt: GoldenValues.now + .days(1), overlap: .skip)
    )
    /// In the order of their keys.
    static let schedules = [minutely, paused]

    /// Half done, over a change of the clock, and from before 1970.
    static let open: OpenBackfill = {
        var backfill = OpenBackfill(
            order(low: 7, started: 2),
            ticks: [-86_400_000, 0, 1_743_148_800_000, 1_743_235_200_000].map { Timestamp(milliseconds: $0) }
        )
        backfill.order.ticks = backfill.ticks.count
        return backfill
    }()
    static let stopped: Backfill = {
        var stopped = order(low: 8, started: 1)
        stopped.state = .stopped
        stopped.endedAt = GoldenValues.now + .seconds(5)
        return stopped
    }()

    static func write(to store: any Store) throws {
        let claimed = try store.claim(0)
        var first = open
        first.order.started = 0
        var second = OpenBackfill(stopped, ticks: [.epoch, GoldenValues.now, GoldenValues.now + .hours(1)])
        second.order.state = .running
        second.order.endedAt = nil
        try store.commit(
            Batch(
                shard: 0, epoch: claimed.epoch, number: claimed.batch + 1, time: claimed.state.time,
                writes: schedules.map(Write.schedule) + [.backfill(first), .backfill(second)]
            )
        )
        try store.commit(
            Batch(
                shard: 0, epoch: claimed.epoch, number: claimed.batch + 2, time: claimed.state.time,
                writes: [.backfillMoved(open.order), .backfillMoved(stopped)]
            )
        )
    }

    private static func order(low: UInt64, started: Int) -> Backfill {
        Backfill(
            id: ULID(high: 9, low: low), key: paused.key, functionSlug: "shop-größer",
            from: Timestamp(milliseconds: -86_400_000), to: GoldenValues.now, ticks: 3, started: started,
            actor: "größer", createdAt: GoldenValues.now
        )
    }
}
