import ApusCore

/// Backfills. An order has its exact ticks from the beginning; how many of them have been started is stored in the
/// batch that starts them. So each is started once, whatever crashes.
extension ShardCore {
    /// Until the next decision starts some.
    private static let pace = TimeSpan.milliseconds(20)
    /// Until the shard looks again when it takes nothing new.
    private static let patience = TimeSpan.seconds(1)

    /// - Parameter stamp: of the outlook by which the ticks were computed.
    func order(_ backfill: OpenBackfill, seen stamp: UInt64) {
        decision.answer = .backfill(.ordered)
        guard backfills[backfill.order.id] == nil else { return }
        guard stamp == backfills.stamp else { return decision.answer = .backfill(.outdated) }
        guard backfills.open.count < Backfill.mostOpen else { return decision.answer = .backfill(.full) }
        guard let function = registry.functions[backfill.order.key.function], !function.isArchived else {
            return decision.answer = .backfill(.unknown)
        }
        var backfill = backfill
        backfill.order.createdAt = now
        backfills.insert(backfill)
        decision.writes.append(.backfill(backfill))
        let order = backfill.order
        let stretch = "from \(order.from.rfc3339) to \(order.to.rfc3339)"
        audit(.backfilled, order, by: order.actor, "\(order.ticks) ticks \(stretch)")
    }

    /// Ends an order; what it has started goes on.
    func stopBackfill(_ id: ULID, by actor: String) {
        decision.answer = .accepted([])
        guard let order = backfills[id]?.order else { return }
        audit(.backfillStopped, order, by: actor, "\(order.started) of \(order.ticks) ticks have started")
        end(order, .stopped)
        decision.answer = .accepted([id])
    }

    /// Starts the next ticks of all orders, in turn. A paused function holds its own.
    func fireBackfills() {
        let ready = readyBackfills
        guard !ready.isEmpty, now >= backfills.nextAt else { return }
        // As long as the last ones are not durable, further ones would only fill memory.
        guard backfills.batch <= committedBatch else { return backfills.nextAt = now + Self.pace }
        guard refusal == nil else { return backfills.nextAt = now + Self.patience }
        backfills.nextAt = now + Self.pace
        backfills.batch = batch
        var budget = configuration.limits.backfillTicks
        var started = Array(repeating: 0, count: ready.count)
        while budget > 0 {
            let before = budget
            for (index, backfill) in ready.enumerated() where budget > 0 {
                guard let tick = backfill.rest.dropFirst(started[index]).first,
                    let function = registry.functions[backfill.order.key.function]
                else { continue }
                startTick(tick, at: now, backfill.order.key, of: function)
                started[index] += 1
                budget -= 1
            }
            if budget == before { break }
        }
        for (backfill, count) in zip(ready, started) {
            var order = backfill.order
            order.started += count
            if order.started < order.ticks { move(order) } else { end(order, .finished) }
        }
    }

    /// When the next ticks may start; `nil` while none may.
    var nextBackfill: Timestamp? { readyBackfills.isEmpty ? nil : backfills.nextAt }

    private var readyBackfills: [OpenBackfill] {
        backfills.open.filter { registry.functions[$0.order.key.function]?.pausedAt == nil }
    }

    /// Ends the orders of functions that are not registered any more.
    func abandonBackfills() {
        for backfill in backfills.open where registry.functions[backfill.order.key.function]?.isArchived ?? true {
            end(backfill.order, .abandoned)
        }
    }

    private func end(_ order: Backfill, _ state: Backfill.State) {
        var order = order
        order.state = state
        order.endedAt = now
        move(order)
    }

    private func move(_ order: Backfill) {
        backfills.update(order)
        decision.writes.append(.backfillMoved(order))
    }

    private func audit(_ action: AuditEntry.Action, _ order: Backfill, by actor: String, _ detail: String) {
        decision.writes.append(
            .audit(
                AuditEntry(
                    at: now, actor: actor, action: action, subject: order.functionSlug,
                    detail: "\(order.key.expression): \(detail)"
                )
            )
        )
    }

    // MARK: - For people

    /// `nil` when there is no such schedule.
    package func outlook(of key: ScheduleKey) -> BackfillOutlook? {
        guard schedules.rows[key] != nil else { return nil }
        var awaited: Set<Timestamp> = []
        for backfill in backfills.open where backfill.order.key.function == key.function {
            awaited.formUnion(backfill.rest)
        }
        var next: Timestamp?
        for row in schedules.rows.values where row.key.function == key.function {
            if let tick = row.buffered { awaited.insert(tick) }
            if let tick = schedules.next(of: row.key) { next = next.map { min($0, tick) } ?? tick }
        }
        return BackfillOutlook(stamp: backfills.stamp, awaited: awaited, next: next)
    }
}
