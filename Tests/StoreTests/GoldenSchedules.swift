import ApusCore
import ApusEngine
import ApusStore
import Testing

/// What the store of format 3 holds besides ``GoldenWaits``.
enum GoldenSchedules {
    static let schedule = ScheduleRow(
        key: ScheduleKey(function: GoldenValues.functionID, expression: "TZ=Europe/Berlin 0 9 * * mon-fri"),
        last: GoldenValues.now
    )

    static let cancellation = BulkCancellation(
        id: ULID(high: 5, low: 6), app: "shop", function: GoldenValues.functionID, functionSlug: "shop-golden",
        startedAfter: GoldenValues.now, startedBefore: GoldenValues.now + .hours(1), condition: "event.data.n > 1",
        createdAt: GoldenValues.now, finishedAt: GoldenValues.now + .seconds(1), cancelled: 7
    )

    /// A schedule, a paused function and an order to cancel runs.
    static func write(to store: any Store) throws {
        let claimed = try store.claim(0)
        var function = try #require(claimed.state.registry.functions[GoldenValues.functionID])
        function.pausedAt = GoldenValues.now
        try store.commit(
            Batch(
                shard: 0, epoch: claimed.epoch, number: claimed.batch + 1, time: claimed.state.time,
                writes: [.function(function), .schedule(schedule)]
            )
        )
        try store.keep(cancellation)
    }
}
