import ApusCore
import ApusEngine
import ApusStore

/// What the golden files hold since runs wait for events and signals: further kinds of entries and
/// messages, and a store of format 2. Frozen, like `GoldenValues`.
enum GoldenWaits {
    static let turns: [Turn] = [
        Turn(
            at: GoldenValues.now,
            entries: [
                .expires(.start, at: GoldenValues.now + .hours(2)),
                .expires(.finish, at: nil),
                .listening(
                    listener(
                        3, .event(GoldenValues.step, isRace: true), "shop/order.paid",
                        #"async.data.id == "order-17" && async.data.total > 10.5"#
                    )
                ),
                .listening(listener(.max, .cancellation, "shop/ünïcode 👋", nil)),
                .listening(
                    listener(4, .signal(GoldenValues.otherStep, isRace: false, replaces: true), "signal \u{0}", nil)
                ),
                .listening(
                    listener(5, .signal(GoldenValues.textStep, isRace: true, replaces: false), "signal", "false")
                ),
                .displaced(4),
                .stepNamed(GoldenValues.step, StepLabel(name: "paid", kind: .waitForEvent)),
                .stepNamed(GoldenValues.otherStep, StepLabel(name: "", kind: .waitForSignal)),
            ]
        )
    ]

    static let messages: [Message] = [
        .matched(run: 1 << 41 + 3, listener: .max, event: 1 << 40 + 9, body: GoldenStore.events[0].body),
        .displace(run: -1, listener: 300),
    ]

    /// With a key and without, with every part and with as little as there can be.
    static let keyed = row(1, 3, "shop/order.paid", "data\u{1f}id", key: paidKey, #"async.data.id == "order-17""#)
    static let residual = row(1, .max, "shop/order.paid", "", key: 0, nil)
    static let signal = row(
        1, 4, "", "", key: ListenerKey.of(signal: "signal \u{0}"), "signal \u{0}", looksBack: true)
    static let lookingBack = row(1, 0, "shop/ünïcode 👋", "", key: 0, "async.data.total > 10.5", looksBack: true)
    static let rows = [keyed, residual, signal, lookingBack]
    /// The hash that `order-17` had when the file was made, which must never change.
    static let paidKey: UInt64 = 11_142_798_879_190_219_469

    /// What finds the first two.
    static let paid = EventFacts(
        name: "shop/order.paid", receivedAt: GoldenValues.now, body: GoldenValues.json(#"{"data":{"id":"order-17"}}"#)
    )
    /// What has not reached its listeners.
    static let pending = GoldenStore.events[0]
    /// What follows from another claim and another batch.
    static let lastEpoch = GoldenStore.lastEpoch + 1
    static let lastBatch = GoldenStore.lastBatch + 1

    /// Adds to what `GoldenStore` has written.
    static func write(to store: any Store) throws {
        let claimed = try store.claim(0)
        try store.commit(
            Batch(
                shard: 0, epoch: claimed.epoch, number: claimed.batch + 1, time: claimed.state.time,
                writes: rows.map(Write.listen) + [
                    .listen(row(1, 9, "shop/order.paid", "", key: 0, nil)), .unlisten(run: 1, number: 9),
                    .listen(row(2, 1, "shop/gone", "", key: 0, nil)), .unlistenAll(run: 2),
                    .lookPending(event: 1), .lookPending(event: 2), .lookDone(event: 2),
                ]
            )
        )
    }

    private static func listener(
        _ number: ListenerNumber, _ purpose: Listener.Purpose, _ name: String, _ condition: String?
    ) -> Listener {
        Listener(
            number: number, purpose: purpose, name: name, condition: condition, since: GoldenValues.now - .hours(1),
            until: Timestamp(milliseconds: 1 << 52)
        )
    }

    private static func row(
        _ run: RowID, _ number: ListenerNumber, _ name: String, _ path: String, key: UInt64, _ condition: String?,
        looksBack: Bool = false
    ) -> ListenerRow {
        ListenerRow(
            run: run, number: number, topic: ListenerTopic(name: name, path: path), key: key, condition: condition,
            since: GoldenValues.now, until: GoldenValues.now + .days(30), looksBack: looksBack
        )
    }
}
