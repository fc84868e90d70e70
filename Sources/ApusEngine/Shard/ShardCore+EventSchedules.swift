import ApusCore

/// Schedules that send an event. One cursor in the store says how far the ticks of the shard have been dealt
/// with; it moves in the batch that has their events: so none is lost and none happens twice, whatever
/// crashes, and a tick writes nothing but its event.
extension ShardCore {
    /// Events that one decision sends; the rest is still due at the next.
    private static let eventsPerDecision = 200
    private static let bytesPerDecision = 4 << 20
    /// Bytes of events of one read.
    private static let bytesPerRead = 4 << 20
    /// When it is tried again to send events that nobody could take.
    private static let pause = TimeSpan.milliseconds(20)

    /// The shard that owns a schedule.
    package static func home(of schedule: EventScheduleKey, shardCount: Int) -> ShardID {
        ShardID(schedule.id.low % UInt64(shardCount))
    }

    /// Sends the events of the ticks that have come, oldest first.
    func fireEventSchedules() {
        // What holds up senders holds up schedules too.
        guard refusal == nil else { return }
        var count = 0
        var bytes = 0
        while count < Self.eventsPerDecision, bytes < Self.bytesPerDecision,
            let due = eventSchedules.takeDue(now: now)
        {
            count += 1
            bytes += due.event.byteCount
            accept(due.event, ofTickWithID: random.nextULID(now: now))
        }
        if count > 0 { decision.writes.append(.ticked(eventSchedules.cursor)) }
    }

    @discardableResult
    private func send(_ template: EventTemplate, of schedule: String, at tick: Timestamp) -> ULID {
        let id = random.nextULID(now: now)
        accept(SettledEvent(template.event(of: schedule, at: tick), at: tick), ofTickWithID: id)
        return id
    }

    var nextEventScheduleWake: Timestamp? {
        guard let next = eventSchedules.nextWake(now: now) else { return nil }
        return refusal == nil ? next : max(next, now + Self.pause)
    }

    /// Asks for the events of ticks that come soon.
    func readTemplates() {
        guard let read = eventSchedules.beginReading(now: now) else { return }
        decision.effects.append(
            .readTemplates(read.schedules, read: read.number, bytes: Self.bytesPerRead)
        )
    }

    func receiveTemplates(_ page: TemplatePage, of schedules: [UUID16], read: UInt64) {
        eventSchedules.receive(page, of: schedules, read: read)
        fireEventSchedules()
    }

    // MARK: - What people do

    func carryOut(_ order: EventScheduleOrder, by actor: String) {
        let answer: EventScheduleAnswer
        switch order {
        case .put(let draft, let replaces): answer = put(draft, replaces: replaces, by: actor)
        case .change(let key, let change): answer = self.change(key, change, by: actor)
        case .remove(let key): answer = remove(key, by: actor)
        case .run(let key, let event): answer = run(key, event, by: actor)
        }
        decision.answer = .eventSchedule(answer)
    }

    private func put(_ draft: EventScheduleDraft, replaces: Bool, by actor: String) -> EventScheduleAnswer {
        let id = draft.key.id
        let exists = eventSchedules.contains(id)
        if exists {
            let isSame =
                eventSchedules.digest(of: id) == draft.digest && eventSchedules.catchUp(of: id) == draft.catchUp
            if isSame, !replaces || eventSchedules.isPaused(id) == draft.isPaused { return .same }
            guard replaces else { return .taken }
        } else {
            let limit = configuration.limits.eventSchedules
            guard eventSchedules.count < max(limit / shardCount, 1) else { return .full(limit: limit) }
        }
        var state = EventSchedule.State(
            since: now, pausedAt: draft.isPaused ? now : nil, catchUp: draft.catchUp
        )
        switch draft.timing {
        case .at(let time):
            // After whatever has been dealt with.
            let due = max(time, now, eventSchedules.cursor.at + .milliseconds(1))
            if !draft.isPaused { state.due = due }
        case .cron(let expression):
            // A tick that has come and not been dealt with still happens.
            if !draft.isPaused, eventSchedules.hasExpression(expression, id), let next = eventSchedules.next(of: id) {
                state.since = min(now, next - .milliseconds(1))
            }
        }
        let schedule = EventSchedule(
            key: draft.key, timing: draft.timing, eventName: draft.event.name, state: state, digest: draft.digest
        )
        eventSchedules.set(schedule)
        decision.writes.append(.eventSchedule(schedule, draft.event))
        audit(exists ? .scheduleReplaced : .scheduleCreated, draft.key, by: actor, draft.timing.text)
        return exists ? .replaced(schedule) : .created(schedule)
    }

    private func change(_ key: EventScheduleKey, _ change: ScheduleChange, by actor: String) -> EventScheduleAnswer {
        let id = key.id
        guard let known = eventSchedules.catchUp(of: id) else { return .unknown }
        if case .set(let policy)? = change.catchUp, policy != known {
            eventSchedules.setCatchUp(policy, of: id)
            decision.writes.append(.eventScheduleCatchUp(id, policy))
            audit(.scheduleSet, key, by: actor, "catch_up \(policy.name)")
        }
        if let isPaused = change.isPaused, isPaused != eventSchedules.isPaused(id) {
            var due: Timestamp?
            if isPaused {
                eventSchedules.pause(id)
            } else {
                due = eventSchedules.resume(id, now: now)
            }
            decision.writes.append(
                .eventSchedulePause(id, at: isPaused ? now : nil, since: now, due: due)
            )
            audit(isPaused ? .schedulePaused : .scheduleResumed, key, by: actor)
        }
        return .done
    }

    private func remove(_ key: EventScheduleKey, by actor: String) -> EventScheduleAnswer {
        guard eventSchedules.contains(key.id) else { return .unknown }
        eventSchedules.remove(key.id)
        decision.writes.append(.removeEventSchedule(key.id))
        audit(.scheduleDeleted, key, by: actor)
        return .done
    }

    private func run(_ key: EventScheduleKey, _ event: EventTemplate, by actor: String) -> EventScheduleAnswer {
        guard eventSchedules.contains(key.id) else { return .unknown }
        audit(.scheduleRun, key, by: actor)
        return .sent(send(event, of: key.name, at: now))
    }

    private func audit(_ action: AuditEntry.Action, _ key: EventScheduleKey, by actor: String, _ detail: String = "") {
        decision.writes.append(
            .audit(AuditEntry(at: now, actor: actor, action: action, subject: key.name, detail: detail))
        )
    }
}
