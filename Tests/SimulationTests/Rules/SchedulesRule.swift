import ApusCore
import ApusCron
import ApusEngine
import ApusStore

/// Every tick starts exactly one run or is accounted for by a policy; none is doubled, none is lost, and none
/// comes before its time. What a schedule's row says and the events that were stored with it must agree, batch by
/// batch: so no crash can fall between them.
final class SchedulesRule {
    private(set) var rows: [ScheduleKey: ScheduleRow] = [:]
    private var orders: [ULID: OpenBackfill] = [:]
    /// Orders that leave out what has run already.
    private var onceOnly: Set<ULID> = []
    private var compiled: [String: CronSchedule] = [:]
    /// Schedules that have not come to their end.
    private var unfinished: Set<ScheduleKey> = []
    /// Ticks that have been dealt with, by function.
    private var dealtWith: [UUID16: Set<Int64>] = [:]
    /// Ticks that have started something, by function.
    private var started: [UUID16: Set<Int64>] = [:]
    /// Events of ticks, with the expressions that they name.
    private var events: [(row: RowID, expression: String)] = []
    /// Runs that a later tick may end.
    private(set) var replaced: Set<RowID> = []
    /// Runs that a later tick has to end, because they lived when it came.
    private var doomed: Set<RowID> = []

    /// What the batch at hand ought to hold.
    private var expected: [Tick: Range] = [:]

    private struct Tick: Hashable {
        var expression: String
        var at: Timestamp
    }

    private struct Range {
        var least = 0
        var most = 0
        /// How many of them start nothing, because a run lives.
        var skipped = 0
    }

    var isAtRest: Bool { unfinished.isEmpty && !orders.values.contains { $0.order.state == .running } }

    func orderedOnce(_ id: ULID) {
        onceOnly.insert(id)
    }

    /// Whether any schedule has a tick between two times.
    func hasTick(between one: Timestamp, and other: Timestamp) -> Bool {
        let range = min(one, other).milliseconds..<max(one, other).milliseconds
        return rows.keys.contains { !times(of: $0, in: range).isEmpty }
    }

    // MARK: - Batches

    func check(_ batch: Batch, _ regimes: [[UUID16: FunctionRecord]], in world: SimulatedWorld) {
        guard batch.shard == 0 else { return }
        expected = [:]
        let found = found(in: batch)
        var changed: Set<ScheduleKey> = []
        for write in batch.writes {
            switch write {
            case .schedule(let row):
                changed.insert(row.key)
                if let known = rows[row.key] { check(known, row, found, batch, regimes, in: world) }
                rows[row.key] = row
            case .unschedule(let key):
                changed.insert(key)
                rows[key] = nil
                world.coverage.count(.scheduleReplaced)
            case .backfill(let backfill):
                if orders.updateValue(backfill, forKey: backfill.order.id) != nil {
                    world.report(.schedules, "backfill \(backfill.order.id) is ordered twice")
                }
            case .backfillMoved(let order): check(order, regimes, in: world)
            default: break
            }
        }
        compare(found, in: world)
        for key in changed { noteEnd(of: key) }
    }

    /// The events of ticks in a batch.
    private func found(in batch: Batch) -> [Tick: [EventRow]] {
        var found: [Tick: [EventRow]] = [:]
        for case .event(let event) in batch.writes where event.name == ScheduledEvent.name {
            guard let data = event.body.view["data"], let expression = data["cron"]?.string,
                let at = data["scheduledAt"]?.string.flatMap({ DateText.parse($0) })
            else { continue }
            found[Tick(expression: expression, at: at), default: []].append(event)
            events.append((event.row, expression))
        }
        return found
    }

    private func compare(_ found: [Tick: [EventRow]], in world: SimulatedWorld) {
        for (tick, events) in found {
            let range = expected[tick] ?? Range()
            if events.count > range.most {
                world.report(
                    .schedules, "\(tick.expression) has \(events.count) events of \(tick.at); \(range.most) are due"
                )
            }
            let skipped = events.count { event in
                world.rules.flow.outcomes.contains { $0.key.event == event.row && $0.value.rule == .overlap }
            }
            if skipped != range.skipped {
                world.report(
                    .schedules, "\(skipped) ticks of \(tick.expression) at \(tick.at) are skipped, not \(range.skipped)"
                )
            }
        }
        for (tick, range) in expected where found[tick]?.count ?? 0 < range.least {
            world.report(.schedules, "the tick of \(tick.expression) at \(tick.at) is lost")
        }
    }

    private func noteEnd(of key: ScheduleKey) {
        guard let row = rows[key] else {
            unfinished.remove(key)
            return
        }
        let horizon = SimulatedWorld.origin + .days(2)
        let next = schedule(key.expression)?.next(after: row.last.milliseconds) ?? .max
        let isOver = row.settings.pausedAt == nil && row.buffered == nil && next > horizon.milliseconds
        if isOver { unfinished.remove(key) } else { unfinished.insert(key) }
    }

    private func expect(_ key: ScheduleKey, _ tick: Timestamp, least: Int, skipped: Int = 0) {
        var range = expected[Tick(expression: key.expression, at: tick)] ?? Range()
        range.least += least
        range.most += 1
        range.skipped += skipped
        expected[Tick(expression: key.expression, at: tick)] = range
    }

    // MARK: - Schedules

    private func check(
        _ known: ScheduleRow, _ row: ScheduleRow, _ found: [Tick: [EventRow]], _ batch: Batch,
        _ regimes: [[UUID16: FunctionRecord]], in world: SimulatedWorld
    ) {
        let key = row.key
        let isPaused = Regime(regimes, of: key.function).sometimes { $0.pausedAt != nil }
        if row.last < known.last { world.report(.schedules, "\(key.expression) goes back to \(row.last)") }
        if row.last > batch.time + .milliseconds(1) {
            world.report(.schedules, "\(key.expression) is at \(row.last) before its time")
        }
        if let tick = known.buffered, row.buffered != tick {
            checkReleased(tick, known, row, isPaused: isPaused, in: world)
        }
        guard row.last > known.last else { return }
        let isResumed = known.settings.pausedAt != nil && row.settings.pausedAt == nil
        if isResumed {
            if row.settings.catchUp ?? .skip != .skip {
                world.report(.schedules, "\(key.expression) forgets the ticks of its pause")
            }
            world.coverage.count(.scheduleResumed)
            return
        }
        if known.settings.pausedAt != nil {
            world.report(.schedules, "\(key.expression) goes on although it is paused")
        }
        let ticks = times(of: key, in: (known.last.milliseconds + 1)..<(row.last.milliseconds + 1))
        guard let newest = ticks.last, newest == row.last || newest + .milliseconds(1) == row.last else {
            return world.report(.schedules, "\(key.expression) is at \(row.last), which is no tick")
        }
        let event = found[Tick(expression: key.expression, at: newest)]?.first
        checkLeftOut(ticks, known, row, event, batch, in: world)
        guard newest == row.last else { return }
        checkTick(newest, known, row, event, isPaused: isPaused, in: world)
    }

    /// A tick that has waited starts when the run before it has ended, unless a pause takes it back.
    private func checkReleased(
        _ tick: Timestamp, _ known: ScheduleRow, _ row: ScheduleRow, isPaused: Bool, in world: SimulatedWorld
    ) {
        if known.settings.pausedAt == nil, row.settings.pausedAt != nil { return }
        if let run = known.run, world.rules.ledger.runs[run.row]?.isLive == true {
            world.report(.schedules, "a tick of \(row.key.expression) has not waited for run \(run.id)")
        }
        world.coverage.count(.tickReleased)
        expect(row.key, tick, least: isPaused ? 0 : 1)
    }

    /// Ticks that were missed are left out as the policy has it.
    private func checkLeftOut(
        _ ticks: [Timestamp], _ known: ScheduleRow, _ row: ScheduleRow, _ event: EventRow?, _ batch: Batch,
        in world: SimulatedWorld
    ) {
        let policy = known.settings.catchUp ?? .all
        let isFired = ticks.last == row.last
        let leftOut = isFired ? Array(ticks.dropLast()) : ticks
        let late = event.map { $0.receivedAt - row.last }
        if isFired, policy == .skip, let late, late >= .minutes(1) {
            world.report(.schedules, "\(row.key.expression) makes up for \(row.last), \(late) late")
        }
        if isFired, let late, late >= .minutes(1) { world.coverage.count(.tickMadeUp) }
        guard let oldest = leftOut.first else { return }
        world.coverage.count(.tickMissed)
        var problem: String?
        if batch.time - oldest < .minutes(1) { problem = "it is not late" }
        switch policy {
        case .all:
            let come = times(of: row.key, in: row.last.milliseconds..<(batch.time.milliseconds + 1)).count
            if !isFired || come < world.scenario.configuration.limits.missedTicks {
                problem = "only \(come) came later"
            }
        case .latest, .skip:
            let decided = event?.receivedAt ?? row.last
            if !times(of: row.key, in: (row.last.milliseconds + 1)..<(decided.milliseconds + 1)).isEmpty {
                problem = "\(row.last) is not the newest"
            }
            if policy == .latest, !isFired { problem = "none is made up for" }
            if policy == .skip, !isFired, let last = leftOut.last, batch.time - last < .minutes(1) {
                problem = "\(last) is not late"
            }
        }
        if let problem {
            world.report(.schedules, "\(row.key.expression) leaves \(oldest) out (\(policy)), although \(problem)")
        }
    }

    private func checkTick(
        _ tick: Timestamp, _ known: ScheduleRow, _ row: ScheduleRow, _ event: EventRow?, isPaused: Bool,
        in world: SimulatedWorld
    ) {
        let key = row.key
        let isDealtWith = !dealtWith[key.function, default: []].insert(tick.milliseconds).inserted
        let holder = known.run.flatMap { world.rules.ledger.runs[$0.row] }
        let isLive = holder?.isLive == true
        if row.buffered == tick, known.buffered == nil {
            if known.settings.overlap != .bufferOne || known.run == nil {
                world.report(.schedules, "the tick of \(key.expression) at \(tick) waits for nothing")
            }
            world.coverage.count(.tickBuffered)
            return
        }
        let isSkipped =
            event.map { event in
                world.rules.flow.outcomes.contains { $0.key.event == event.row && $0.value.rule == .overlap }
            } ?? false
        expect(key, tick, least: isPaused || isDealtWith ? 0 : 1, skipped: isSkipped ? 1 : 0)
        guard event != nil else { return world.coverage.count(.tickSilent) }
        let overlap = known.settings.overlap
        if isSkipped {
            world.coverage.count(.tickSkipped)
            if known.run == nil || overlap == .allow || overlap == .cancelPrevious {
                world.report(.schedules, "the tick of \(key.expression) at \(tick) is skipped for nothing")
            }
            return
        }
        world.coverage.count(.tickStarted)
        started[key.function, default: []].insert(tick.milliseconds)
        guard let run = known.run, row.run != known.run else { return }
        if overlap == .cancelPrevious { replaced.insert(run.row) }
        guard isLive else { return }
        switch overlap {
        case .allow: break
        case .skip, .bufferOne:
            world.report(.schedules, "the tick of \(key.expression) at \(tick) starts although run \(run.id) lives")
        case .cancelPrevious:
            world.coverage.count(.tickCancelled)
            doomed.insert(run.row)
        }
    }

    // MARK: - Backfills

    private func check(_ order: Backfill, _ regimes: [[UUID16: FunctionRecord]], in world: SimulatedWorld) {
        guard let known = orders[order.id], known.order.state == .running, order.started >= known.order.started,
            order.started <= known.ticks.count
        else { return world.report(.schedules, "backfill \(order.id) cannot become \(order)") }
        let ticks = known.ticks[known.order.started..<order.started]
        let function = order.key.function
        if !ticks.isEmpty, Regime(regimes, of: function).always({ $0.pausedAt != nil }) {
            world.report(.schedules, "backfill \(order.id) goes on while its function is paused")
        }
        for tick in ticks {
            expect(order.key, tick, least: 1)
            world.coverage.count(.tickBackfilled)
            let isNew = started[function, default: []].insert(tick.milliseconds).inserted
            if !isNew, onceOnly.contains(order.id) {
                world.report(.schedules, "backfill \(order.id) runs \(tick) again")
            }
        }
        if order.state == .finished, order.started < known.ticks.count {
            world.report(.schedules, "backfill \(order.id) ends with \(order.started) of \(known.ticks.count) ticks")
        }
        orders[order.id]?.order = order
    }

    // MARK: - The end

    func checkEnd(of world: SimulatedWorld) {
        for row in rows.values {
            if let next = schedule(row.key.expression)?.next(after: row.last.milliseconds),
                next <= world.now.milliseconds
            {
                world.report(.schedules, "\(row.key.expression) has never come to \(next)")
            }
        }
        let functions = Dictionary(grouping: world.rules.flow.fates, by: \.event)
        for event in events where functions[event.row]?.isEmpty ?? true {
            world.report(.schedules, "event \(event.row) of \(event.expression) has started nothing")
        }
        for run in doomed where world.rules.ledger.runs[run]?.projection?.status != .cancelled {
            world.report(.schedules, "\(world.rules.name(of: run)) was to be cancelled by the next tick")
        }
    }

    // MARK: - Times

    private func times(of key: ScheduleKey, in range: Swift.Range<Int64>) -> [Timestamp] {
        (schedule(key.expression)?.times(in: range, limit: 1_000) ?? []).map { Timestamp(milliseconds: $0) }
    }

    private func schedule(_ expression: String) -> CronSchedule? {
        if let known = compiled[expression] { return known }
        let schedule = try? CronSchedule(expression)
        compiled[expression] = schedule
        return schedule
    }
}
