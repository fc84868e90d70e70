import ApusCore
import ApusEngine
import ApusStore

/// A search for runs, as far as it has come.
package struct RunSearch: Sendable {
    package var query: RunQuery
    /// What has to hold for the event that started a run.
    package var condition: EventCondition?
    /// Runs to find at most.
    package var limit: Int

    package init(query: RunQuery, condition: EventCondition? = nil, limit: Int) {
        self.query = query
        self.condition = condition
        self.limit = limit
    }
}

/// What a search has found.
package struct RunFindings: Sendable {
    package var runs: [StoredRun]
    /// Where to go on; `nil` when nothing is left. A search that found less than it might has used up its time.
    package var next: RunPosition?

    package init(runs: [StoredRun], next: RunPosition?) {
        self.runs = runs
        self.next = next
    }
}

/// Searches for runs.
extension Node {
    /// How long a search goes on when it finds less than it is to.
    private static let searchTime = TimeSpan.milliseconds(150)
    /// Runs whose events are looked at between two looks at the clock.
    private static let conditionPage = 100

    /// Finds runs, for a while.
    package func find(_ search: RunSearch) async throws(StoreError) -> RunFindings {
        let clock = clock
        return try await read { reader throws(StoreError) in
            var query = search.query
            var found: [StoredRun] = []
            let end = ContinuousClock.now + .nanoseconds(Self.searchTime.nanoseconds)
            repeat {
                // Where every run counts, no more are read than are still missing.
                let missing = search.limit - found.count
                let page = try reader.runs(
                    query, limit: search.condition == nil ? missing : max(missing, Self.conditionPage)
                )
                for run in page.runs {
                    if let condition = search.condition {
                        guard let event = try reader.event(id: run.eventID),
                            condition.holds(for: event.body, now: clock.now())
                        else { continue }
                    }
                    found.append(run)
                    guard found.count == search.limit else { continue }
                    let isLast = page.next == nil && run.row == page.runs.last?.row
                    return RunFindings(runs: found, next: isLast ? nil : run.position)
                }
                guard let next = page.next else { return RunFindings(runs: found, next: nil) }
                query.after = next
            } while ContinuousClock.now < end
            return RunFindings(runs: found, next: query.after)
        }
    }
}
