import ApusCore
import ApusEngine
import ApusStore

/// What the store of format 9 holds besides ``GoldenEventSchedules``: a run that repeats another one, and orders to
/// repeat many. Frozen, like `GoldenValues`.
enum GoldenReplays {
    static let run = RunRow(
        row: 3, id: ULID(high: 5, low: 6), function: GoldenValues.functionID, event: 1,
        createdAt: GoldenValues.now + .seconds(3), origin: GoldenStore.ended.id
    )
    static let turn = Turn(
        at: GoldenValues.now + .seconds(3),
        entries: [
            .started(
                RunStart(
                    id: run.id, function: run.function, functionSlug: "shop-confirm", events: [1]
                )
            ),
            .origin(RunOrigin(run: GoldenStore.ended.id, start: .failure, replay: paused.id)),
            .woken(job: 0),
        ]
    )
    static let projection = RunProjection(
        status: .running, startedAt: nil, endedAt: nil, wakeAt: GoldenValues.now + .days(30), head: 5
    )
    static let paused: Replay = {
        var replay = Replay(
            id: ULID(high: 7, low: 8), function: GoldenValues.functionID, functionSlug: "shop-confirm",
            states: [.failed, .cancelled], from: GoldenValues.now - .days(1), until: GoldenValues.now,
            start: .failure, perMinute: 17, found: 4_711, actor: "größer 👋", createdAt: GoldenValues.now
        )
        replay.state = .paused
        replay.progress.position = RunPosition(createdAt: GoldenValues.now, row: 2)
        replay.progress.started = 2
        replay.progress.skipped = 1
        replay.progress.problem = "the run has no step"
        return replay
    }()
    static let finished: Replay = {
        var replay = Replay(
            id: ULID(high: 6, low: 8), function: GoldenValues.functionID, functionSlug: "shop-confirm",
            states: [.completed], from: nil, until: GoldenValues.now, start: .beginning, perMinute: 1, found: 0,
            actor: "", createdAt: GoldenValues.now
        )
        replay.move(to: .finished, at: GoldenValues.now + .seconds(1))
        return replay
    }()

    static func write(to store: any Store) throws {
        let claimed = try store.claim(0)
        try store.commit(
            Batch(
                shard: 0, epoch: claimed.epoch, number: claimed.batch + 1, time: claimed.state.time,
                writes: [
                    .run(run), .turn(row: 5, run: 3, previous: 0, turn), .projection(run: 3, projection),
                ]
            )
        )
        try store.keep(paused)
        try store.keep(finished)
    }
}
