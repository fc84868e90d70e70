import ApusCore
import ApusEngine
import ApusStore
import Logging

/// Cancelling many runs: the order is durable before it is answered, and goes on after a restart.
extension Node {
    /// Runs that are told at a time.
    private static let page = 200

    /// An order to cancel runs of a function, which has not begun.
    /// - Parameters:
    ///   - until: runs created later are left alone.
    ///   - backlog: what becomes of those that have not started; `nil` for an order that does not care about that.
    package func cancellation(
        of function: FunctionRecord, from: Timestamp? = nil, until: Timestamp, condition: String? = nil,
        backlog: BulkCancellation.Backlog? = nil, at now: Timestamp
    ) -> BulkCancellation {
        BulkCancellation(
            id: SplitMix64.drawnULID(at: now), app: registry.apps[function.app]?.name ?? "", function: function.id,
            functionSlug: function.configuration.slug, startedAfter: from, startedBefore: until, condition: condition,
            backlog: backlog, createdAt: now
        )
    }

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
    func resumeCancellations() {
        Task { [self] in
            let unfinished = await persistently("orders to cancel runs could not be read") { [self] in
                try await read { reader throws(StoreError) in
                    try reader.cancellations().filter { $0.finishedAt == nil }
                }
            }
            for order in unfinished ?? [] { carryOut(order) }
        }
    }

    private func carryOut(_ order: BulkCancellation) {
        Task { [self] in
            var order = order
            var position = RowID.min
            while order.finishedAt == nil {
                let (current, after) = (order, position)
                let step = await persistently("an order to cancel runs waits") { [self] in
                    try await tellPage(of: current, after: after)
                }
                // Taken back meanwhile, or the server ends.
                guard let step, let next = step else { return }
                (order, position) = next
            }
        }
    }

    /// Tries something until it works or the server ends; orders are durable, so nothing is lost meanwhile.
    func persistently<Value: Sendable>(
        _ complaint: Logger.Message, _ body: () async throws -> Value
    ) async -> Value? {
        while !isStopping {
            do {
                return try await body()
            } catch {
                logger.warning(complaint, metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: .seconds(5))
            }
        }
        return nil
    }

    /// Tells the next runs that the order means. Every one exists already, because an order only looks at the
    /// past; so one pass over the living ones finds all.
    /// - Returns: the order as it is now, and where the next page begins; `nil` when it has been taken back.
    private func tellPage(
        of order: BulkCancellation, after position: RowID
    ) async throws -> (BulkCancellation, RowID)? {
        let condition = try order.condition.map { try EventCondition($0) }
        let runs = try await read { reader throws(StoreError) in
            try reader.livingRuns(
                of: order.function, from: order.startedAfter, to: order.startedBefore, after: position,
                limit: Self.page
            )
        }
        var order = order
        for run in runs where condition?.holds(for: run.event, now: clock.now()) ?? true {
            guard let departure = order.departure(of: run) else { continue }
            try await cancel(row: run.row, departure)
            order.cancelled += 1
        }
        if runs.count < Self.page { order.finishedAt = clock.now() }
        let report = order
        let isWanted = try await write { store throws(StoreError) in
            guard try store.reader.cancellations().contains(where: { $0.id == report.id }) else { return false }
            try store.keep(report)
            return true
        }
        return isWanted ? (order, runs.last?.row ?? position) : nil
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
