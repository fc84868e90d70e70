import ApusCore
import ApusEngine
import ApusStore

/// Numbers of runs and events, for charts.
extension ReadSession {
    /// Names whose events are counted one by one.
    private static let names: Int64 = 1_000

    /// One sum for each part: grouping would sort all rows of the stretch.
    func runCounts(_ parts: MinuteParts, of functions: Set<UUID16>?) throws -> [RunCount] {
        let rows = try functions?.compactMap { try functionRow($0) }
        if let rows, rows.isEmpty { return [] }
        let states = RunState.allCases
        let sums = states.map { "sum(count) FILTER (WHERE state = \($0.rawValue))" }
        let condition = rows.map { " AND function IN (\($0.map(String.init).joined(separator: ",")))" } ?? ""
        // Not from the cache, which would keep one for every choice of functions.
        let sum = try newStatement(
            "SELECT \(sums.joined(separator: ", ")) FROM run_counts WHERE minute >= ?1 AND minute < ?2\(condition)"
        )
        var counts: [RunCount] = []
        for range in parts.ranges {
            sum.bind(1, range.lowerBound)
            sum.bind(2, range.upperBound)
            guard try sum.step() else { continue }
            var found = RunCount(minute: range.lowerBound, states: [:])
            for (column, state) in states.enumerated() where !sum.isNull(Int32(column)) {
                found.states[state] = Int(sum.int(Int32(column)))
            }
            sum.reset()
            if !found.states.isEmpty { counts.append(found) }
        }
        return counts
    }

    func runCountsByFunction(_ minutes: Range<Int64>) throws -> [UUID16: [RunState: Int]] {
        let find = try statement(
            """
            SELECT functions.id, state, sum(count) FROM run_counts
            JOIN functions ON functions.row = run_counts.function
            WHERE minute >= ? AND minute < ? GROUP BY run_counts.function, state
            """
        )
        find.bind(1, minutes.lowerBound)
        find.bind(2, minutes.upperBound)
        var counts: [UUID16: [RunState: Int]] = [:]
        while try find.step() {
            guard let state = UInt8(exactly: find.int(1)).flatMap(RunState.init(rawValue:)) else { continue }
            counts[find.uuid(0), default: [:]][state] = Int(find.int(2))
        }
        return counts
    }

    /// Bytes of the file.
    func size() throws -> Int64 {
        let find = try statement("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        defer { find.reset() }
        return try find.step() ? find.int(0) : 0
    }

    // MARK: - Events

    /// A shard's events lie in the order in which they came in, so that a part is a stretch of rows, which the
    /// index of each name counts.
    func eventCounts(_ parts: MinuteParts, of events: EventChoice) throws -> [EventCount]? {
        guard let names = try nameRows(of: events) else { return nil }
        guard !names.isEmpty else { return [] }
        let count = try statement("SELECT count(*) FROM events WHERE name = ? AND row >= ? AND row < ?")
        var found: [Int64: Int] = [:]
        for shard in 0..<shardCount {
            let stretch = RowCounters.stretch(of: ShardID(shard))
            var first = try firstEvent(in: stretch, since: parts.minutes.lowerBound)
            for range in parts.ranges {
                let end = try firstEvent(in: first..<stretch.upperBound, since: range.upperBound)
                defer { first = end }
                for name in names where first < end {
                    count.bind(1, name)
                    count.bind(2, first)
                    count.bind(3, end)
                    if try count.step() { found[range.lowerBound, default: 0] += Int(count.int(0)) }
                    count.reset()
                }
            }
        }
        return found.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map {
            EventCount(minute: $0.key, count: $0.value)
        }
    }

    /// - Returns: `nil` when there are too many.
    private func nameRows(of events: EventChoice) throws -> [Int64]? {
        let isNamed = if case .named = events { true } else { false }
        let find = try statement("SELECT row, name FROM names \(isNamed ? "WHERE name = ?2 " : "")LIMIT ?1")
        find.bind(1, Self.names + 1)
        if case .named(let name) = events { find.bind(2, Array(name.utf8)) }
        var rows: [Int64] = []
        while try find.step() {
            if events.includes(find.text(1)) { rows.append(find.int(0)) }
        }
        return rows.count > Self.names ? nil : rows
    }

    /// The first row in which an event of this minute or a later one may stand.
    private func firstEvent(in rows: Range<RowID>, since minute: Int64) throws -> RowID {
        let find = try statement(
            "SELECT row, received_at FROM events WHERE row >= ? AND row < ? ORDER BY row LIMIT 1"
        )
        var (low, high) = (rows.lowerBound, rows.upperBound)
        // What lies below `low` is older, and from `high` on there is nothing older.
        while low < high {
            let middle = low + (high - low) / 2
            find.bind(1, middle)
            find.bind(2, high)
            let isFound = try find.step()
            let (row, time) = isFound ? (find.int(0), find.time(1).milliseconds) : (high, 0)
            find.reset()
            if isFound, time / 60_000 < minute { low = row + 1 } else { high = middle }
        }
        return low
    }
}
