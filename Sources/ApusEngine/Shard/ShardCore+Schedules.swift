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
        // Never on a whole minute, where it could be taken for a tick.
        let beginning = now.milliseconds % 60_000 == 0 ? now + .milliseconds(1) : now
        for key in wanted.sorted() where schedules.rows[key] == nil { advance(key, to: beginning) }
    }

    /// Starts the runs of all ticks that have come, oldest first.
    func fireSchedules() {
        guard shard == Self.owner else { return }
        var budget = Self.ticksPerDecision
        while budget > 0, let tick = schedules.first, tick.at <= now {
            budget -= 1
            fire(tick.key, at: earliest(tick.key, tick.at))
        }
    }

    /// A server that was down for long makes up for the newest ticks only.
    private func earliest(_ key: ScheduleKey, _ tick: Timestamp) -> Timestamp {
        // A minute is the shortest distance between two ticks.
        let most = configuration.limits.missedTicks
        guard now - tick >= .minutes(most) else { return tick }
        return max(tick, schedules.firstTick(of: key, until: now, atMost: most) ?? tick)
    }

    private func fire(_ key: ScheduleKey, at tick: Timestamp) {
        advance(key, to: tick)
        guard let function = registry.functions[key.function], function.pausedAt == nil,
            !hasHappened(tick, of: function, besides: key)
        else { return }
        startTick(tick, key, of: function)
    }

    /// Two expressions of one function that fall on one time are one tick.
    private func hasHappened(_ tick: Timestamp, of function: FunctionRecord, besides key: ScheduleKey) -> Bool {
        function.configuration.triggers.contains { trigger in
            guard case .cron(let expression, _) = trigger, expression != key.expression else { return false }
            return schedules.rows[ScheduleKey(function: function.id, expression: expression)] == tick
        }
    }

    private func startTick(_ tick: Timestamp, _ key: ScheduleKey, of function: FunctionRecord) {
        let fireAt = tick + jitter(of: function, key, at: tick)
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("cron")
        writer.value(key.expression)
        writer.key("fireAt")
        writer.value(fireAt.rfc3339Seconds)
        writer.key("scheduledAt")
        writer.value(tick.rfc3339Seconds)
        writer.endObject()
        let event = IncomingEvent(
            name: ScheduledEvent.name, data: writer.finish(), senderID: tick.rfc3339Seconds, timestamp: fireAt
        )
        accept(event, id: random.nextULID(now: now), startingOnTick: function)
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
        schedules.set(key, last: time)
        decision.writes.append(.schedule(ScheduleRow(key: key, last: time)))
    }
}

extension Timestamp {
    /// To the second, as the protocol writes ticks: `2024-01-01T09:00:00Z`.
    fileprivate var rfc3339Seconds: String { rfc3339.prefix { $0 != "." && $0 != "Z" } + "Z" }
}

/// The event of a cron run.
package enum ScheduledEvent {
    package static let name = "inngest/scheduled.timer"
}
