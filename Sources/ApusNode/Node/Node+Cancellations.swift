import ApusCore
import ApusEngine
import ApusStore
import Logging

/// Cancelling many runs: the order is durable before it is answered, and goes on after a restart.
extension Node {
    /// Runs that are told at a time.
    private static let page = 200

    /// Begins to cancel the runs that an order means.
    package func begin(_ cancellation: BulkCancellation) async throws(StoreError) {
        try await write { store throws(StoreError) in try store.keep(cancellation) }
        carryOut(cancellation)
    }

    /// Takes an order back; runs that were told already stay cancelled.
    /// - Returns: whether there was one.
    package func forgetCancellation(_ id: ULID) async throws(StoreError) -> Bool {
        try await write { store throws(StoreError) in try store.forgetCancellation(id) }
    }

    /// Goes on with the orders that an earlier process left undone.
    func resumeCancellations() async {
        let unfinished = try? await read { reader throws(StoreError) in
            try reader.cancellations().filter { $0.finishedAt == nil }
        }
        for cancellation in unfinished ?? [] { carryOut(cancellation) }
    }

    private func carryOut(_ cancellation: BulkCancellation) {
        Task { [self] in
            do {
                let told = try await tellRuns(of: cancellation)
                var finished = cancellation
                finished.cancelled = told
                finished.finishedAt = clock.now()
                let report = finished
                try await write { store throws(StoreError) in
                    // One that was taken back meanwhile stays away.
                    guard try store.reader.cancellations().contains(where: { $0.id == report.id }) else { return }
                    try store.keep(report)
                }
            } catch {
                // It is still in the store, and the next start goes on with it.
                logger.warning(
                    "the cancellation of many runs was interrupted; the next start goes on with it",
                    metadata: ["id": "\(cancellation.id)", "reason": "\(error)"]
                )
            }
        }
    }

    /// Every run that the order means exists already, because it only looks at the past; so one pass
    /// over the living ones finds all.
    private func tellRuns(of cancellation: BulkCancellation) async throws -> Int {
        let condition = try cancellation.condition.map { try EventCondition($0) }
        var told = 0
        var position = RowID.min
        while true {
            let after = position
            let runs = try await read { reader throws(StoreError) in
                try reader.livingRuns(
                    of: cancellation.function, from: cancellation.startedAfter, to: cancellation.startedBefore,
                    after: after, limit: Self.page
                )
            }
            for run in runs where condition?.holds(for: run.event, now: clock.now()) ?? true {
                try await cancel(row: run.row)
                told += 1
            }
            guard runs.count == Self.page, let last = runs.last else { return told }
            position = last.row
        }
    }
}
