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

    /// Begins to drain or move what waits in a function.
    package func begin(_ order: BulkCancellation, by actor: String) async throws {
        let target = order.backlog?.target.flatMap { registry.functions[$0]?.configuration.slug }
        let key = order.backlog?.key.map { ["key \($0)"] } ?? []
        let detail = (key + (target.map { ["to \($0)"] } ?? [])).joined(separator: ", ")
        try await note(
            AuditEntry(
                at: order.createdAt, actor: actor, action: target == nil ? .drained : .moved,
                subject: order.functionSlug, detail: detail
            )
        )
        try await begin(order)
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
                guard let departure = cancellation.departure(of: run) else { continue }
                try await cancel(row: run.row, departure)
                told += 1
            }
            guard runs.count == Self.page, let last = runs.last else { return told }
            position = last.row
        }
    }
}

extension BulkCancellation {
    /// What the order does with a run; `nil` for nothing.
    fileprivate func departure(of run: LivingRun) -> Departure? {
        guard let backlog else { return .cancelled }
        guard !run.isStarted, backlog.key.map({ run.flow?.keys.texts.contains($0) ?? false }) ?? true else {
            return nil
        }
        return backlog.target.map { .moved(to: $0) } ?? .drained
    }
}
