import ApusCore
import ApusEngine
import ApusStore

/// Backfills. Their ticks lie apart, so that they are not written again with every step.
extension Writer {
    func insert(_ backfill: OpenBackfill) throws {
        let order = backfill.order
        let insert = try statement(
            """
            INSERT INTO backfills (id, function, expression, slug, from_time, to_time, ticks, started, state, actor,
                created_at, ended_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        insert.bind(1, high: order.id.high, low: order.id.low)
        insert.bind(2, high: order.key.function.high, low: order.key.function.low)
        insert.bind(3, order.key.expression)
        insert.bind(4, order.functionSlug)
        insert.bind(5, order.from.milliseconds)
        insert.bind(6, order.to.milliseconds)
        insert.bind(7, Int64(order.ticks))
        insert.bind(8, Int64(order.started))
        insert.bind(9, Int64(order.state.rawValue))
        insert.bind(10, order.actor)
        insert.bind(11, order.createdAt.milliseconds)
        insert.bind(12, order.endedAt?.milliseconds)
        try insert.run()
        let ticks = try statement("INSERT INTO backfill_ticks (backfill, ticks) VALUES (?, ?)")
        ticks.bind(1, high: order.id.high, low: order.id.low)
        ticks.bind(2, TickList.encode(backfill.ticks))
        try ticks.run()
    }

    /// Notes what has become of an order; of many that have ended the oldest are forgotten.
    func update(_ order: Backfill) throws {
        let update = statements.backfillMoved
        update.bind(1, high: order.id.high, low: order.id.low)
        update.bind(2, Int64(order.started))
        update.bind(3, Int64(order.state.rawValue))
        update.bind(4, order.endedAt?.milliseconds)
        try update.run()
        guard order.state != .running else { return }
        let ticks = try statement("DELETE FROM backfill_ticks WHERE backfill = ?")
        ticks.bind(1, high: order.id.high, low: order.id.low)
        try ticks.run()
        let forget = try statement(
            """
            DELETE FROM backfills WHERE state <> 0 AND id <= (
                SELECT id FROM backfills WHERE state <> 0 ORDER BY id DESC LIMIT 1 OFFSET ?)
            """
        )
        forget.bind(1, Int64(Backfill.kept))
        try forget.run()
    }

    /// Those that are under way, oldest first.
    func openBackfills() throws -> [OpenBackfill] {
        let find = try statement(
            """
            SELECT \(Backfill.columns), backfill_ticks.ticks FROM backfills
            JOIN backfill_ticks ON backfill_ticks.backfill = backfills.id ORDER BY backfills.id
            """
        )
        var found: [OpenBackfill] = []
        while try find.step() {
            let order = Backfill(find)
            do {
                found.append(OpenBackfill(order, ticks: try TickList.decode(find.bytes(12))))
            } catch {
                throw StoreError.unreadable("backfill \(order.id): \(error)")
            }
        }
        return found
    }
}

extension Backfill {
    /// As ``init(_:)`` reads them.
    static let columns = """
        id, function, expression, slug, from_time, to_time, backfills.ticks, started, state, actor, created_at, ended_at
        """

    init(_ find: Statement) {
        self.init(
            id: find.ulid(0), key: ScheduleKey(function: find.uuid(1), expression: find.text(2)),
            functionSlug: find.text(3), from: find.time(4), to: find.time(5), ticks: Int(find.int(6)),
            started: Int(find.int(7)), state: State(rawValue: UInt8(truncatingIfNeeded: find.int(8))) ?? .abandoned,
            actor: find.text(9), createdAt: find.time(10), endedAt: find.time(orNil: 11)
        )
    }
}
