import ApusCore
import ApusCron

/// Cron triggers. The shard that owns the registry keeps each schedule's newest tick in the store, in the
/// batch that starts the tick's run: so none is lost and none happens twice, whatever crashes.
extension ShardCore {
    private static let owner: ShardID = 0
    /// Ticks that one decision fires; the rest is still due at the next.
    private static let ticksPerDecision = 100

    /// Brings the schedules in line with what is registered. One that is registered again goes on where it
    /// was; a new one begins now.
    func adoptSchedules() {
        guard shard == Self.owner else { return }
        var wanted: Set<ScheduleKey> = []
        for function in registry.activeFunctions {
            for case .cron(let expression, _) in function.configuration.triggers {
                wanted.insert(ScheduleKey(function: function.id, expression: expression))
            }
        }
        for key in schedules.rows.keys.sorted() where !wanted.contains(key) {
            schedules.remove(key)
            decision.writes.append(.unschedule(key))
        }
        for key in wanted.sorted() where schedules.rows[key] == nil {
            set(ScheduleRow(key: key, last: beginning))
        }
        abandonBackfills()
    }

    /// Now, but never on a whole minute, where it could be taken for a tick that has happened.
    private var beginning: Timestamp { now.milliseconds % 60_000 == 0 ? now + .milliseconds(1) : now }

    /// Starts the runs of all ticks that have come, oldest first.
    func fireSchedules() {
        guard shard == Self.owner else { return }
        var budget = Self.ticksPerDecision
        while budget > 0, let tick = schedules.first, tick.at <= now {
            budget -= 1
            catchUp(tick)
        }
    }

    /// Fires the oldest tick that has come and is not left out.
    private func catchUp(_ tick: Schedules.Tick) {
        let policy = schedules.rows[tick.key]?.settings.catchUp ?? .all
        switch schedules.missed(tick, until: now, policy, atMost: configuration.limits.missedTicks) {
        case .goOn(let time): fire(tick.key, at: time)
        // Past the tick, so that no other expression takes it for one that has happened.
        case .leftOut(let newest): advance(tick.key, to: newest + .milliseconds(1))
        }
    }

    private func fire(_ key: ScheduleKey, at tick: Timestamp) {
        guard var row = schedules.rows[key] else { return }
        row.last = tick
        guard let function = registry.functions[key.function], function.pausedAt == nil,
            !hasHappened(tick, of: function, besides: key)
        else { return set(row) }
        let holder = row.run
        if let holder {
            switch row.settings.overlap {
            case .allow, .cancelPrevious: break
            case .bufferOne where row.buffered == nil:
                row.buffered = tick
                return set(row)
            case .skip, .bufferOne:
                skip(tick, of: function, key, because: holder)
                return set(row)
            }
        }
        let run = start(tick, key, of: function)
        row.run = run ?? holder
        set(row)
        guard row.settings.overlap == .cancelPrevious, run != nil, let holder else { return }
        cancelHolder(holder.row, because: "cancelled because the next tick of its schedule has come")
    }

    /// Starts the ticks that have waited for the run of an earlier one, which has ended.
    func startReleasedTicks() {
        while let key = schedules.takeReleased() {
            guard var row = schedules.rows[key], row.run == nil, let tick = row.buffered else { continue }
            row.buffered = nil
            if let function = registry.functions[key.function], function.pausedAt == nil {
                row.run = start(tick, key, of: function)
            }
            set(row)
        }
    }

    /// - Returns: the run; `nil` when a rule of the function keeps it from starting, or from starting now.
    private func start(_ tick: Timestamp, _ key: ScheduleKey, of function: FunctionRecord) -> TickRun? {
        let first = rows.run
        startTick(tick, at: max(now, tick + jitter(of: function, key, at: tick)), key, of: function)
        return (first..<rows.run).lazy.compactMap { self.residents[$0]?.run }
            .first { $0.start.function == function.id }
            .map { TickRun(row: $0.row, id: $0.id) }
    }

    /// The tick starts nothing; its event says why.
    private func skip(_ tick: Timestamp, of function: FunctionRecord, _ key: ScheduleKey, because holder: TickRun) {
        let event = event(of: tick, at: tick, key)
        let id = random.nextULID(now: now)
        let row = draw(&rows.event)
        let body = event.storedBody(internalID: id, receivedAt: now)
        decision.writes.append(
            .event(EventRow(row: row, id: id, key: nil, name: event.name, receivedAt: now, body: body))
        )
        note(row, function, .overlap, run: holder.id)
    }

    /// Two expressions of one function that fall on one time are one tick.
    private func hasHappened(_ tick: Timestamp, of function: FunctionRecord, besides key: ScheduleKey) -> Bool {
        function.configuration.triggers.contains { trigger in
            guard case .cron(let expression, _) = trigger, expression != key.expression else { return false }
            return schedules.rows[ScheduleKey(function: function.id, expression: expression)]?.last == tick
        }
    }

    /// - Parameter byHand: nobody has to find out later whether there was such a tick.
    @discardableResult
    func startTick(
        _ tick: Timestamp, at fireAt: Timestamp, _ key: ScheduleKey, of function: FunctionRecord, byHand: Bool = false
    ) -> ULID {
        let id = random.nextULID(now: now)
        let eventKey = byHand ? nil : EventKey(tick: tick, of: function.id)
        accept(event(of: tick, at: fireAt, key), id: id, key: eventKey, startingOnTick: function)
        return id
    }

    private func event(of tick: Timestamp, at fireAt: Timestamp, _ key: ScheduleKey) -> IncomingEvent {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("cron")
        writer.value(key.expression)
        writer.key("fireAt")
        writer.value(fireAt.rfc3339Seconds)
        writer.key("scheduledAt")
        writer.value(tick.rfc3339Seconds)
        writer.endObject()
        return IncomingEvent(
            name: ScheduledEvent.name, data: writer.finish(), senderID: tick.rfc3339Seconds, timestamp: fireAt
        )
    }

    private func jitter(of function: FunctionRecord, _ key: ScheduleKey, at tick: Timestamp) -> TimeSpan {
        for case .cron(key.expression, let text?) in function.configuration.triggers {
            guard let jitter = try? Jitter(text) else { return .zero }
            let seed = StableHash.of(function.id.bytes + Array(key.expression.utf8))
            return .milliseconds(jitter.offset(seed: seed, tick: tick.milliseconds))
        }
        return .zero
    }

    private func advance(_ key: ScheduleKey, to time: Timestamp) {
        guard var row = schedules.rows[key] else { return }
        row.last = time
        set(row)
    }

    private func set(_ row: ScheduleRow) {
        schedules.set(row)
        decision.writes.append(.schedule(row))
    }
}

/// What people do to schedules.
extension ShardCore {
    /// What a schedule is already, and an unknown schedule, change nothing.
    func change(_ key: ScheduleKey, _ change: ScheduleChange, by actor: String) {
        guard var row = schedules.rows[key], let function = registry.functions[key.function] else { return }
        var settings = row.settings
        if let catchUp = change.catchUp { settings.catchUp = catchUp.value }
        if let overlap = change.overlap { settings.overlap = overlap }
        if let isPaused = change.isPaused, isPaused != (settings.pausedAt != nil) {
            settings.pausedAt = isPaused ? now : nil
            if isPaused { row.buffered = nil }
            // What came meanwhile did not happen, unless somebody has chosen to make up for it.
            if !isPaused, settings.catchUp ?? .skip == .skip { row.last = max(row.last, beginning) }
            audit(isPaused ? .schedulePaused : .scheduleResumed, key, of: function, by: actor)
        }
        guard settings != row.settings else { return }
        if settings.catchUp != row.settings.catchUp {
            let name = settings.catchUp?.name ?? "null"
            audit(.scheduleSet, key, of: function, by: actor, ": catch_up \(name)")
        }
        if settings.overlap != row.settings.overlap {
            audit(.scheduleSet, key, of: function, by: actor, ": overlap \(settings.overlap.name)")
        }
        row.settings = settings
        set(row)
    }

    /// Starts a run of a schedule's function as if a tick had come now; its ticks stay where they are. A paused
    /// schedule can be run, a paused function cannot.
    func run(_ key: ScheduleKey, by actor: String) {
        decision.answer = .accepted([])
        guard schedules.rows[key] != nil, let function = registry.functions[key.function], function.pausedAt == nil
        else { return }
        audit(.scheduleRun, key, of: function, by: actor)
        decision.answer = .accepted([startTick(now, at: now, key, of: function, byHand: true)])
    }

    private func audit(
        _ action: AuditEntry.Action, _ key: ScheduleKey, of function: FunctionRecord, by actor: String,
        _ detail: String = ""
    ) {
        decision.writes.append(
            .audit(
                AuditEntry(
                    at: now, actor: actor, action: action, subject: function.configuration.slug,
                    detail: key.expression + detail
                )
            )
        )
    }
}

/// The event of a cron run.
package enum ScheduledEvent {
    package static let name = "inngest/scheduled.timer"
}
