import ApusCore
import ApusEngine

/// Searches as plain as can be: everything is looked at, and put in order.
extension MemoryState {
    /// Days for which runs are counted.
    private static let countedDays: Int64 = 30

    func runs(_ query: RunQuery, limit: Int) throws(StoreError) -> RunPage {
        let limit = MemoryState.page(limit)
        guard limit > 0 else { return RunPage(runs: [], next: query.after) }
        var found: [RunPosition] = []
        for row in runs.rows {
            guard let run = runs[row],
                query.matches(run.projection, of: run.row.function, createdAt: run.row.createdAt)
            else { continue }
            let position = RunPosition(createdAt: run.row.createdAt, row: row)
            if let after = query.after, query.isOldestFirst ? position <= after : position >= after { continue }
            found.append(position)
        }
        found.sort(by: query.isOldestFirst ? (<) : (>))
        var page = RunPage(
            runs: try stored(found.prefix(limit).map(\.row)), next: found.count > limit ? found[limit - 1] : nil
        )
        if !query.hasEnds { for index in page.runs.indices { page.runs[index].end = nil } }
        return page
    }

    func runCounts(from: Timestamp, until: Timestamp) -> [RunCount] {
        let minutes = RunCount.minutes(from: from, until: until)
        return runCounts.filter { minutes.contains($0.key.minute) }
            .sorted { $0.key < $1.key }
            .map { RunCount(key: $0.key, count: $0.value) }
    }

    /// A run has come into a state.
    mutating func count(_ state: RunState, of function: UUID16, at time: Timestamp) {
        runCounts[RunCount.Key(time, function: function, state: state), default: 0] += 1
    }

    mutating func removeOldCounts() {
        let now = shards.map(\.time.milliseconds).max() ?? 0
        let first = now / 60_000 - MemoryState.countedDays * 24 * 60
        runCounts = runCounts.filter { $0.key.minute >= first }
    }
}
