import ApusCore
import ApusEngine
import ApusStore

/// Events, what they started, and inputs set aside.
extension ReadSession {
    private static let columns = "SELECT events.row, events.id, names.name, events.received_at, events.body"

    /// The first copy of an event: the one whose runs began first.
    func event(id: ULID) throws -> StoredEvent? {
        let find = try statement(
            """
            \(Self.columns) FROM events JOIN names ON names.row = events.name
            WHERE events.id = ? ORDER BY events.row LIMIT 1
            """
        )
        find.bind(1, high: id.high, low: id.low)
        return try find.step() ? try storedEvent(find) : nil
    }

    /// Newest first within each shard, the last shard first.
    func events(named name: String?, before: RowID?, since: Timestamp?, limit: Int) throws -> [StoredEvent] {
        var nameRow: Int64?
        if let name {
            let find = try statement("SELECT row FROM names WHERE name = ?")
            find.bind(1, Array(name.utf8))
            guard try find.step() else { return [] }
            nameRow = find.int(0)
        }
        // Newest first within each shard. A shard's time never goes back, so the first event that is
        // too old ends its stretch.
        let find = try statement(
            """
            \(Self.columns) FROM events JOIN names ON names.row = events.name
            WHERE events.row >= ? AND events.row < ? \(nameRow == nil ? "" : "AND events.name = ?")
            ORDER BY events.row DESC
            """
        )
        let limit = page(limit)
        var events: [StoredEvent] = []
        for shard in (0..<shardCount).reversed() {
            let stretch = RowCounters.stretch(of: ShardID(shard))
            let end = min(before ?? .max, stretch.upperBound)
            guard stretch.lowerBound < end else { continue }
            find.bind(1, stretch.lowerBound)
            find.bind(2, end)
            if let nameRow { find.bind(3, nameRow) }
            while events.count < limit, try find.step() {
                if let since, find.time(3) < since { break }
                events.append(try storedEvent(find))
            }
            find.reset()
        }
        return events
    }

    /// Those that exist.
    func events(in rows: [RowID]) throws -> [StoredEvent] {
        let find = try statement(
            "\(Self.columns) FROM events JOIN names ON names.row = events.name WHERE events.row = ?"
        )
        var found: [StoredEvent] = []
        for row in rows {
            find.bind(1, row)
            if try find.step() { found.append(try storedEvent(find)) }
            find.reset()
        }
        return found
    }

    /// In the order of events and functions.
    func outcomes(ofEvent id: ULID) throws -> [Outcome] {
        let find = try statement(
            """
            SELECT outcomes.event, functions.id, rule, at, outcomes.key, outcomes.run, taken FROM events
            CROSS JOIN outcomes ON outcomes.event = events.row
            JOIN functions ON functions.row = outcomes.function
            WHERE events.id = ? ORDER BY outcomes.event, functions.id LIMIT ?
            """
        )
        find.bind(1, high: id.high, low: id.low)
        find.bind(2, Int64(page(.max)))
        var found: [Outcome] = []
        while try find.step() {
            guard let rule = FlowRule(rawValue: UInt8(truncatingIfNeeded: find.int(2))) else { continue }
            found.append(
                Outcome(
                    event: find.int(0), function: find.uuid(1), rule: rule, at: find.time(3), key: find.text(4),
                    run: find.isNull(5) ? nil : find.ulid(5), isTaken: find.int(6) != 0
                )
            )
        }
        return found
    }

    /// - Returns: nothing for keys that started nothing; functions in the order in which they started.
    func functionsStarted(by keys: [EventKey], since: Timestamp) throws -> [EventKey: [UUID16]] {
        let find = try statement(
            """
            SELECT functions.id FROM events
            CROSS JOIN runs ON runs.event = events.row
            JOIN functions ON functions.row = runs.function
            WHERE events.key = ? AND events.received_at > ? ORDER BY runs.row
            """
        )
        let taken = try statement(
            """
            SELECT functions.id FROM events
            CROSS JOIN outcomes ON outcomes.event = events.row AND outcomes.taken = 1
            JOIN functions ON functions.row = outcomes.function
            WHERE events.key = ? AND events.received_at > ? ORDER BY events.row, functions.id
            """
        )
        var found: [EventKey: [UUID16]] = [:]
        for key in Set(keys) {
            var functions: [UUID16] = []
            for find in [find, taken] {
                find.bind(1, high: key.high, low: key.low)
                find.bind(2, since.milliseconds)
                while try find.step() {
                    let function = find.uuid(0)
                    if !functions.contains(function) { functions.append(function) }
                }
            }
            if !functions.isEmpty { found[key] = functions }
        }
        return found
    }

    /// Newest first.
    func quarantined(limit: Int) throws -> [QuarantineReport] {
        let find = try statement("SELECT at, input, reason FROM quarantine ORDER BY row DESC LIMIT ?")
        find.bind(1, Int64(page(limit)))
        var reports: [QuarantineReport] = []
        while try find.step() {
            reports.append(QuarantineReport(at: find.time(0), input: find.text(1), reason: find.text(2)))
        }
        return reports
    }

    private func storedEvent(_ find: Statement) throws -> StoredEvent {
        StoredEvent(
            row: find.int(0), id: find.ulid(1), name: find.text(2), receivedAt: find.time(3),
            body: try find.json(4, "event \(find.int(0))")
        )
    }
}
