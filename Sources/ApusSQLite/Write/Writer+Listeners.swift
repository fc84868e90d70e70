import ApusCore
import ApusEngine
import ApusStore

/// What a shard's next owner has to know of listeners.
extension Writer {
    /// One look into the index of listeners a topic, however many listeners there are.
    static let topicsRemoval =
        "DELETE FROM topics WHERE NOT EXISTS (SELECT 1 FROM listeners WHERE listeners.topic = topics.row)"

    /// Topics that anything is kept under; the others are removed.
    func listenedTopics() throws -> [ListenerTopic] {
        try statement(Writer.topicsRemoval).run()
        topics.forget()
        let find = try statement("SELECT name, path FROM topics")
        var found: [ListenerTopic] = []
        while try find.step() {
            found.append(
                ListenerTopic(
                    name: String(decoding: find.bytes(0), as: UTF8.self),
                    path: String(decoding: find.bytes(1), as: UTF8.self)
                )
            )
        }
        return found
    }

    static let pendingLooksQuery = """
        SELECT events.row, events.id, events.key, names.name, events.received_at, events.body
        FROM looks JOIN events ON events.row = looks.event JOIN names ON names.row = events.name
        WHERE looks.event >= ? AND looks.event < ? ORDER BY looks.event
        """

    /// Events that may not have reached all their listeners, oldest first.
    func pendingLooks(of shard: ShardID) throws -> [EventRow] {
        let find = try statement(Writer.pendingLooksQuery)
        let stretch = RowCounters.stretch(of: shard)
        find.bind(1, stretch.lowerBound)
        find.bind(2, stretch.upperBound)
        var found: [EventRow] = []
        while try find.step() {
            found.append(
                EventRow(
                    row: find.int(0), id: find.ulid(1),
                    key: find.isNull(2) ? nil : EventKey(high: find.halves(2).high, low: find.halves(2).low),
                    name: find.text(3), receivedAt: find.time(4), body: try find.json(5, "event \(find.int(0))")
                )
            )
        }
        return found
    }

    static let lookingBackQuery = """
        SELECT \(ListenerRow.columns) FROM listeners JOIN topics ON topics.row = listeners.topic
        WHERE looks_back = 1 AND run >= ? AND run < ? ORDER BY run, number
        """

    /// Listeners that may not have seen what was there before them.
    func listenersLookingBack(of shard: ShardID) throws -> [ListenerRow] {
        let find = try statement(Writer.lookingBackQuery)
        let stretch = RowCounters.stretch(of: shard)
        find.bind(1, stretch.lowerBound)
        find.bind(2, stretch.upperBound)
        var found: [ListenerRow] = []
        while try find.step() { found.append(ListenerRow(find)) }
        return found
    }
}

extension ListenerRow {
    /// What ``init(_:)`` reads, of `listeners` joined with `topics`.
    static let columns =
        "listeners.run, listeners.number, topics.name, topics.path, listeners.key, listeners.condition, "
        + "listeners.since, listeners.until, listeners.looks_back"

    /// Reads a row of ``columns``.
    init(_ find: Statement) {
        self.init(
            run: find.int(0),
            number: ListenerNumber(truncatingIfNeeded: find.int(1)),
            topic: ListenerTopic(
                name: String(decoding: find.bytes(2), as: UTF8.self),
                path: String(decoding: find.bytes(3), as: UTF8.self)
            ),
            key: UInt64(bitPattern: find.int(4)),
            condition: find.isNull(5) ? nil : find.text(5),
            since: find.time(6),
            until: find.time(7),
            looksBack: find.int(8) != 0
        )
    }
}
