import ApusCore
import ApusEngine
import ApusStore
import Testing

/// What the golden files hold since flow control: further kinds of entries and messages, and a store of
/// format 4. Frozen, like `GoldenValues`.
enum GoldenFlow {
    static let flow = RunFlow(
        priority: .seconds(-120),
        keys: RunFlow.Keys(
            calls: [key(1, "größer 👋"), key(2, "")], runs: key(3, "false"), throttle: key(4, "user-1")
        ),
        singleton: key(5, "cart-1")
    )

    static let invoker = Invoker(
        shard: 63, run: 1 << 41, runID: GoldenValues.runID, step: GoldenValues.textStep
    )

    static let turns: [Turn] = [
        Turn(
            at: GoldenValues.now,
            entries: [
                .keyed(flow), .keyed(.plain), .invokedBy(invoker),
                .waited(Obstacle(.concurrency, key: "größer 👋"), since: GoldenValues.now - .days(2)),
                .waited(Obstacle(.order), since: GoldenValues.now),
            ]
        )
    ]

    static let messages: [Message] = [
        .offer(
            function: GoldenValues.functionID,
            OfferedEvent(row: 1 << 40, body: GoldenStore.events[0].body, startsAt: GoldenValues.now), invoker: invoker
        ),
        .offer(
            function: GoldenValues.functionID,
            OfferedEvent(row: 1, body: .emptyObject, startsAt: GoldenValues.now + .days(1)), invoker: nil
        ),
        .cancel(run: -1, cause: "größer"),
    ]

    static let kept = [
        KeptRun(
            run: 1, function: GoldenValues.functionID, createdAt: GoldenValues.now, isStarted: true, calls: 2,
            waitsSince: nil, flow: flow, id: GoldenValues.runID
        ),
        KeptRun(
            run: 2, function: GoldenValues.functionID, createdAt: GoldenValues.now, isStarted: false, calls: 0,
            waitsSince: GoldenValues.now + .seconds(1), flow: nil
        ),
    ]

    static let arrival = Arrival(key: LimitKey(high: .max, low: 1), time: .max)

    static let batch = Pending(
        run: ULID(high: 1, low: 2), function: GoldenValues.functionID, rule: .batch, key: key(6, "größer"),
        openedAt: GoldenValues.now, firesAt: GoldenValues.now + .seconds(9),
        events: [Pending.Member(event: 2, invoker: invoker), Pending.Member(event: 1)], eventTime: GoldenValues.now,
        bytes: 77, isClosed: true
    )
    static let debounce = Pending(
        run: ULID(high: 2, low: 2), function: GoldenValues.functionID, rule: .debounce, key: key(7, ""),
        openedAt: GoldenValues.now, firesAt: GoldenValues.now + .days(7), events: [Pending.Member(event: 1)],
        eventTime: GoldenValues.now - .days(1), bytes: 5
    )

    static let outcomes = [
        Outcome(
            event: 1, function: GoldenValues.functionID, rule: .batch, at: GoldenValues.now, key: "größer",
            run: batch.run, isTaken: true
        )
    ]

    static let limits: LimitOverride = {
        var limits = LimitOverride()
        limits.concurrency = [FlowControl.Concurrency(limit: 0, key: "event.data.größer", scope: .account)]
        limits.runs = 3
        limits.throttle = LimitOverride.Rate(limit: 1, period: .minutes(90), burst: 2)
        return limits
    }()

    static let entry = AuditEntry(
        at: GoldenValues.now, actor: "größer", action: .limitsSet, subject: "shop-golden", detail: #"{"runs":3}"#
    )

    static let order = BulkCancellation(
        id: ULID(high: 6, low: 6), app: "shop", function: GoldenValues.functionID, functionSlug: "shop-golden",
        startedAfter: nil, startedBefore: GoldenValues.now, condition: nil,
        backlog: BulkCancellation.Backlog(key: "größer", target: GoldenValues.functionID),
        createdAt: GoldenValues.now
    )

    static func write(to store: any Store) throws {
        let claimed = try store.claim(0)
        var function = try #require(claimed.state.registry.functions[GoldenValues.functionID])
        function.override = limits
        var open = batch
        open.events = [batch.events[0]]
        open.isClosed = false
        open.bytes = 70
        try store.commit(
            Batch(
                shard: 0, epoch: claimed.epoch, number: claimed.batch + 1, time: claimed.state.time,
                writes: [.function(function)] + kept.map(Write.keep) + [
                    .arrival(arrival), .pend(open), .join(run: batch.run, batch.events[1], position: 1, bytes: 7),
                    .close(run: batch.run, at: batch.firesAt), .pend(debounce),
                ] + outcomes.map(Write.outcome) + [.audit(entry)]
            )
        )
        try store.keep(order)
    }

    private static func key(_ rule: UInt64, _ text: String) -> FlowKey {
        FlowKey(rule: rule, key: LimitKey(high: .max, low: rule), text: text)
    }
}
