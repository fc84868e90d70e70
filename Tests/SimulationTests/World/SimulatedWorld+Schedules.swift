import ApusCore
import ApusCron
import ApusEngine
import ApusNode
import ApusStore

/// People who treat schedules differently, order backfills, and crashes around ticks.
extension SimulatedWorld {
    func planSchedules() {
        guard let plan = scenario.schedules else { return }
        for change in plan.changes {
            after(change.at) { [self] in
                let function = scenario.functions[change.function].id
                for key in keys(of: function) { self.change(key, change.change) }
            }
        }
        // What a process that is taken for dead does late may undo a resumption.
        for delay in [900_000, 1_800_000, 4 * 3_600_000, 12 * 3_600_000, 24 * 3_600_000] as [Int64] {
            after(delay) { [self] in
                for (key, row) in rules.schedules.rows where row.settings.pausedAt != nil {
                    self.change(key, ScheduleChange(isPaused: false))
                }
            }
        }
        for crash in plan.crashes {
            after(untilMinute(crash.minute) + crash.offset) { [self] in
                guard let shard = crash.shard else { return self.crash(pause: crash.pause) }
                coverage.count(.shardCrash)
                note("shard \(shard) CRASHES, away for \(crash.pause) ms")
                dropShard(shard)
                after(crash.pause) { [self] in startShard(shard) }
            }
        }
        for step in plan.clockSteps {
            after(untilMinute(step.minute) + step.offset) { [self] in
                coverage.count(.clockStep)
                if rules.schedules.hasTick(between: now, and: now + .milliseconds(step.by)) {
                    coverage.count(.clockSteppedOverTick)
                }
                note("the clock steps by \(step.by) ms")
                clockOffset += step.by
            }
        }
        for order in plan.backfills { after(order.at) { [self] in backfill(order) } }
    }

    /// From the beginning of the story to a full minute, as a clock shows it that nobody has set.
    private func untilMinute(_ number: Int64) -> Int64 {
        let first = 60_000 - Self.origin.milliseconds % 60_000
        return max(first + number * 60_000 - elapsed, 0)
    }

    private func keys(of function: UUID16) -> [ScheduleKey] {
        rules.schedules.rows.keys.filter { $0.function == function }.sorted()
    }

    // MARK: - Backfills

    /// As a node does it: the shard says what is on its way, and the store what has run already.
    private func backfill(_ plan: SchedulePlan.Order) {
        let function = scenario.functions[plan.function].id
        guard !isOver, let key = keys(of: function).first, let host = hosts[0],
            let outlook = host.shard.core?.outlook(of: key), let schedule = try? CronSchedule(key.expression)
        else { return }
        host.submit(.settle) { [self] result in
            guard host.isAlive, case .success = result else { return }
            let end = min(now + .milliseconds(1), outlook.next ?? .distantFuture)
            let range = (now - .hours(3)).milliseconds..<max(end.milliseconds, (now - .hours(3)).milliseconds)
            var ticks = schedule.times(in: range, limit: 6).map { Timestamp(milliseconds: $0) }
            if !plan.again {
                ticks.removeAll { tick in
                    let eventKey = EventKey(tick: tick, of: function)
                    let known = try? store.reader.functionsStarted(
                        by: [eventKey], since: Timestamp(milliseconds: .min)
                    )
                    return outlook.awaited.contains(tick) || known?[eventKey]?.contains(function) == true
                }
            }
            guard !ticks.isEmpty else { return }
            let order = Backfill(
                id: random.nextULID(now: now), key: key, functionSlug: scenario.functions[plan.function].slug,
                from: Timestamp(milliseconds: range.lowerBound), to: end, ticks: ticks.count, actor: "sim",
                createdAt: now
            )
            // What a pause has kept back is made up for when it ends, whoever has run it meanwhile.
            let isPaused = keys(of: function).contains { rules.schedules.rows[$0]?.settings.pausedAt != nil }
            if !plan.again, !isPaused { rules.schedules.orderedOnce(order.id) }
            host.submit(.backfill(OpenBackfill(order, ticks: ticks), seen: outlook.stamp)) { _ in }
            guard let delay = plan.stopsAfter else { return }
            host.later(delay) { host.submit(.stopBackfill(order.id, by: "sim")) }
        }
    }
}
