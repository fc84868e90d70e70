import ApusCore
import ApusStore

/// What is counted together.
struct CountRow: Hashable {
    var minute: Int64
    var function: Int64
    var state: RunState
}

/// Numbers of runs, for charts.
extension Writer {
    /// Minutes after which they are forgotten.
    private static let countedMinutes: Int64 = 30 * 24 * 60
    /// Rows removed in one transaction.
    private static let countsAtOnce: Int64 = 2_000

    /// Adds to what is counted, as part of a batch.
    func add(_ counts: [CountRow: Int64]) throws(SQLiteFailure) {
        for (row, count) in counts {
            statements.count.bind(1, row.minute)
            statements.count.bind(2, row.function)
            statements.count.bind(3, Int64(row.state.rawValue))
            statements.count.bind(4, count)
            try statements.count.run()
        }
    }

    /// Forgets the oldest numbers, a part of them at a time.
    func removeOldCounts() throws {
        try transaction {
            let remove = try statement(
                """
                DELETE FROM run_counts WHERE (minute, function, state) IN (
                    SELECT minute, function, state FROM run_counts
                    WHERE minute < (SELECT max(time) FROM shards) / 60000 - ?1
                    ORDER BY minute LIMIT ?2
                )
                """
            )
            remove.bind(1, Writer.countedMinutes)
            remove.bind(2, Writer.countsAtOnce)
            try remove.run()
        }
    }
}
