import ApusCore
import ApusEngine
import ApusStore

/// The history that the golden stores hold, that of format 1 nothing else. Frozen, like `GoldenValues`.
enum GoldenStore {
    static let app = AppRecord(
        id: GoldenValues.appID, name: "shop", url: "http://127.0.0.1:3000/api/inngest", sdkLanguage: "js",
        sdkVersion: "v3.40.0", framework: "express", appVersion: "42", checksum: "c0ffee", error: "it did not answer",
        syncedAt: GoldenValues.now
    )

    static func function() throws -> FunctionRecord {
        let source = GoldenValues.json(
            """
            {"id":"shop-confirm","name":"Confirm","steps":{"step":{"id":"step","name":"step",\
            "retries":{"attempts":3},"runtime":{"type":"http",\
            "url":"http://127.0.0.1:3000/api/inngest?fnId=shop-confirm&stepId=step"}}},\
            "triggers":[{"event":"shop/order.placed"}]}
            """
        )
        return FunctionRecord(
            id: GoldenValues.functionID, app: GoldenValues.appID, version: 3, isArchived: false,
            configuration: try FunctionConfiguration.decode(source: source)
        )
    }

    static let events = [
        EventRow(
            row: 1, id: GoldenValues.eventID, key: GoldenValues.key, name: "shop/order.placed",
            receivedAt: GoldenValues.now,
            body: GoldenValues.json(
                #"{"data":{"total":12.5},"id":"order-17","name":"shop/order.placed","ts":1,"user":{}}"#)
        ),
        EventRow(
            row: 2, id: ULID(high: 1, low: 2), key: nil, name: "shop/ünïcode 👋",
            receivedAt: GoldenValues.now + .seconds(1),
            body: GoldenValues.json(#"{"data":{},"name":"x","ts":2,"user":{}}"#)
        ),
    ]

    /// A run that sleeps and one that has ended, each of the first event.
    static let sleeping = RunRow(
        row: 1, id: GoldenValues.runID, function: GoldenValues.functionID, event: 1, createdAt: GoldenValues.now
    )
    static let ended = RunRow(
        row: 2, id: ULID(high: 3, low: 4), function: GoldenValues.functionID, event: 1, createdAt: GoldenValues.now
    )
    static let sleepingProjection = RunProjection(
        status: .running, startedAt: GoldenValues.now, endedAt: nil, wakeAt: GoldenValues.now + .days(30), head: 2
    )
    static let endedProjection = RunProjection(
        status: .failed, startedAt: GoldenValues.now, endedAt: GoldenValues.now + .seconds(2), wakeAt: nil, head: 4
    )
    static let sleepingTurns = [
        Turn(at: GoldenValues.now, entries: [.started(start(sleeping))]),
        Turn(
            at: GoldenValues.now + .seconds(1),
            entries: [
                .scheduled(
                    Job(
                        number: 1, key: .sleep(GoldenValues.step), kind: .sleep(GoldenValues.step),
                        due: GoldenValues.now + .days(30), stackPosition: 0
                    )
                )
            ]
        ),
    ]
    static let end = RunEnd(
        status: .failed, output: Payload(GoldenValues.large, row: 1), cause: "invalid status code: 500"
    )
    static let endedTurns = [
        Turn(at: GoldenValues.now, entries: [.started(start(ended))]),
        Turn(at: GoldenValues.now + .seconds(2), entries: [.finished(end)]),
    ]
    static let report = QuarantineReport(at: GoldenValues.now, input: "reply", reason: "too large")
    /// What follows from two claims and three batches.
    static let lastEpoch: UInt64 = 2
    static let lastBatch: UInt64 = 3

    static func write(to store: any Store) throws {
        _ = try store.claim(0)
        let epoch = try store.claim(0).epoch
        let batches: [[Write]] = [
            [.app(app), .function(try function())],
            events.map(Write.event) + [
                .run(sleeping), .run(ended),
                .turn(row: 1, run: 1, previous: 0, sleepingTurns[0]),
                .turn(row: 2, run: 1, previous: 1, sleepingTurns[1]),
                .turn(row: 3, run: 2, previous: 0, endedTurns[0]),
                .projection(run: 1, sleepingProjection),
            ],
            [
                .payload(row: 1, GoldenValues.large), .turn(row: 4, run: 2, previous: 3, endedTurns[1]),
                .projection(run: 2, endedProjection),
                .send(to: 5, number: 1, GoldenValues.messages[0]), .send(to: 5, number: 2, GoldenValues.messages[2]),
                .forget(to: 5, upTo: 1), .applied(from: 9, number: 77),
            ],
        ]
        for (index, writes) in batches.enumerated() {
            try store.commit(
                Batch(
                    shard: 0, epoch: epoch, number: UInt64(index + 1),
                    time: GoldenValues.now + .seconds(index), writes: writes
                )
            )
        }
        try store.quarantine(report)
    }

    private static func start(_ run: RunRow) -> RunStart {
        RunStart(id: run.id, function: run.function, functionSlug: "shop-confirm", events: [run.event])
    }
}
