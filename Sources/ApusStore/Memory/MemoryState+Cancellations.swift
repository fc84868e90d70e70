import ApusCore
import ApusEngine

/// Orders to cancel runs, and the runs that they find.
extension MemoryState {
    mutating func keep(_ cancellation: BulkCancellation) {
        cancellations[cancellation.id] = cancellation
        let excess = cancellations.count - BulkCancellation.kept
        guard excess > 0 else { return }
        let finished = cancellations.values.filter { $0.finishedAt != nil }.map(\.id).sorted()
        for id in finished.prefix(excess) { cancellations[id] = nil }
    }

    func livingRuns(
        of function: UUID16, from: Timestamp?, to: Timestamp, after: RowID, limit: Int
    ) -> [LivingRun] {
        runs.rows.lazy.filter { $0 > after }
            .compactMap { runs[$0] }
            .filter { run in
                !run.projection.status.isFinal && run.row.function == function && run.row.createdAt <= to
                    && from.map { run.row.createdAt >= $0 } ?? true
            }
            .compactMap { run in
                events[run.row.event].map { event in
                    LivingRun(
                        row: run.row.row, event: event.body, isStarted: run.projection.startedAt != nil,
                        flow: kept[run.row.row]?.flow
                    )
                }
            }
            .prefix(max(limit, 0))
            .map { $0 }
    }
}
