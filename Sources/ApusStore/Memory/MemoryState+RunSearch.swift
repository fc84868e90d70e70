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

    func runCounts(_ parts: MinuteParts, of functions: Set<UUID16>?) -> [RunCount] {
        var found: [Int64: [RunState: Int]] = [:]
        for (key, count) in runCounts where functions?.contains(key.function) ?? true {
            guard let part = parts.part(of: key.minute) else { continue }
            found[part, default: [:]][key.state, default: 0] += count
        }
        return found.sorted { $0.key < $1.key }.map { RunCount(minute: $0.key, states: $0.value) }
    }

    func runCountsByFunction(_ minutes: Range<Int64>) -> [UUID16: [RunState: Int]] {
        var found: [UUID16: [RunState: Int]] = [:]
        for (key, count) in runCounts where minutes.contains(key.minute) {
            found[key.function, default: [:]][key.state, default: 0] += count
        }
        return found
    }

    func eventCounts(_ parts: MinuteParts, of choice: EventChoice) -> [EventCount] {
        var found: [Int64: Int] = [:]
        for event in events.rows.compactMap({ events[$0] }) where choice.includes(event.name) {
            guard let part = parts.part(of: event.receivedAt.milliseconds / 60_000) else { continue }
            found[part, default: 0] += 1
        }
        return found.sorted { $0.key < $1.key }.map { EventCount(minute: $0.key, count: $0.value) }
    }

    /// A run has come into a state.
    mutating func count(_ state: RunState, of function: UUID16, at time: Timestamp) {
        let minute = time.milliseconds / 60_000
        runCounts[RunCountKey(minute: minute, function: function, state: state), default: 0] += 1
    }

    mutating func removeOldCounts() {
        let now = shards.map(\.time.milliseconds).max() ?? 0
        let first = now / 60_000 - MemoryState.countedDays * 24 * 60
        runCounts = runCounts.filter { $0.key.minute >= first }
    }
}

/// What is counted together.
struct RunCountKey: Hashable {
    var minute: Int64
    var function: UUID16
    var state: RunState
}
