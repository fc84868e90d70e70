import ApusCEL
import ApusCore

/// *Write, then look*: what has been stored looks for those who listen to it, and those who begin to
/// listen look for what was stored before them. Each look is marked in the store until it is done, so
/// that a crash in between repeats it.
extension ShardCore {
    // MARK: - Events look for listeners

    /// Whether an event of the name may concern anybody: with a single shard its own memory knows.
    func isListenedTo(_ name: String) -> Bool {
        shardCount > 1 || topics.contains(name)
    }

    func look(for event: RowID, name: String, receivedAt: Timestamp, body: RawJSON) {
        guard isListenedTo(name) else { return }
        decision.writes.append(.lookPending(event: event))
        let facts = EventFacts(name: name, receivedAt: receivedAt, body: body)
        looks[event] = PendingLook(facts: facts)
        ask(.event(event, facts))
    }

    private func ask(_ subject: ListenerQuestion.Subject, after cursor: ListenerCursor? = nil) {
        decision.effects.append(.findListeners(ListenerQuestion(subject, after: cursor)))
    }

    /// Before the first input: begins the looks again that an earlier memory left undone, and the schedules of
    /// functions that an earlier release has registered.
    func resume() {
        guard let interrupted = interruptedLooks else { return }
        interruptedLooks = nil
        adoptSchedules()
        for event in interrupted.events {
            let facts = EventFacts(name: event.name, receivedAt: event.receivedAt, body: event.body)
            looks[event.row] = PendingLook(facts: facts)
            ask(.event(event.row, facts))
        }
        for row in interrupted.listeners { lookBack(row) }
    }

    func receiveListeners(_ page: ListenerPage) {
        switch page.subject {
        case .event(let event, _): receiveListeners(page, of: event)
        case .signal(_, let run, let number): receiveHolders(page, run: run, number: number)
        }
    }

    private func receiveListeners(_ page: ListenerPage, of event: RowID) {
        guard var look = looks[event] else { return }
        look.next = page.next
        for row in page.found where matches(row, look.facts) {
            let home = RowCounters.shard(of: row.run)
            if home != shard {
                send(.matched(run: row.run, listener: row.number, event: event, body: look.facts.body), to: home)
            } else if let resident = residents[row.run] {
                trigger(row.number, of: resident, by: event, body: look.facts.body)
            } else {
                look.outstanding += 1
                load(row.run, for: .match(row.number, event: event))
            }
        }
        looks[event] = look
        goOn(with: event)
    }

    /// The run of a listener that matched was read.
    func receiveMatch(_ number: ListenerNumber, event: RowID, run: RowID) {
        guard var look = looks[event] else { return }
        look.outstanding -= 1
        looks[event] = look
        if let resident = residents[run] { trigger(number, of: resident, by: event, body: look.facts.body) }
        goOn(with: event)
    }

    /// Reads more listeners of an event, or marks that all have been reached.
    private func goOn(with event: RowID) {
        guard let look = looks[event], look.outstanding == 0 else { return }
        if let next = look.next {
            looks[event]?.next = nil
            ask(.event(event, look.facts), after: next)
        } else {
            looks[event] = nil
            decision.writes.append(.lookDone(event: event))
        }
    }

    private func matches(_ row: ListenerRow, _ event: EventFacts) -> Bool {
        guard row.covers(event.receivedAt) else { return false }
        guard let text = row.condition else { return true }
        guard let condition = try? Expression(text, role: .bound) else { return false }
        return condition.holds(in: Scope(async: event.values), now: now) == .matched
    }

    // MARK: - Listeners look back

    func lookBack(_ row: ListenerRow) {
        if row.topic == .signals {
            ask(.signal(row.condition ?? "", run: row.run, number: row.number))
        } else {
            decision.effects.append(.findEvents(named: row.topic.name, since: row.since, for: row))
        }
    }

    /// Events of the name since the listener's time were read, oldest first.
    func receiveEvents(_ events: [EventRow], for row: ListenerRow) {
        guard let resident = residents[row.run] else {
            load(row.run, for: .events(events, row))
            return
        }
        receiveEvents(events, for: row, of: resident)
    }

    func receiveEvents(_ events: [EventRow], for row: ListenerRow, of resident: Resident) {
        for event in events {
            let facts = EventFacts(name: event.name, receivedAt: event.receivedAt, body: event.body)
            guard matches(row, facts) else { continue }
            trigger(row.number, of: resident, by: event.row, body: event.body)
        }
        lookedBack(row.run, row.number, of: resident)
    }

    private func lookedBack(_ run: RowID, _ number: ListenerNumber, of resident: Resident) {
        guard resident.run.listener(number) != nil else { return }
        decision.writes.append(.lookedBack(run: run, number: number))
    }

    // MARK: - Signals

    /// A signal has one wait at a time. The one that begins looks for others after it was stored, so of
    /// two that begin at once at least one sees the other. One that has looked already was there first; of
    /// those that are still looking both agree which is the older, and that one waits until the younger has
    /// looked, which may have been too early to see it.
    private func receiveHolders(_ page: ListenerPage, run: RowID, number: ListenerNumber) {
        guard let resident = residents[run] else {
            load(run, for: .holders(page, number))
            return
        }
        receiveHolders(page, number, resident)
    }

    func receiveHolders(_ page: ListenerPage, _ number: ListenerNumber, _ resident: Resident) {
        guard !resident.run.isFinished, let listener = resident.run.listener(number), listener.isReachable,
            case .signal(_, _, let replaces) = listener.purpose
        else { return }
        let others = page.found.filter { row in
            row.condition == listener.name && row.until >= now && (row.run, row.number) != (resident.row, number)
        }
        let older = others.filter { row in
            !row.looksBack || (row.since, row.run, row.number) < (listener.since, resident.row, number)
        }
        guard replaces || older.isEmpty else {
            fail(resident, .signalConflict)
            return
        }
        for row in older { displace(row.number, of: row.run) }
        if older.count < others.count {
            ask(page.subject)
        } else if let next = page.next {
            ask(page.subject, after: next)
        } else {
            lookedBack(resident.row, number, of: resident)
        }
    }

    private func displace(_ number: ListenerNumber, of run: RowID) {
        let home = RowCounters.shard(of: run)
        if home == shard, let resident = residents[run] {
            displace(number, of: resident)
        } else {
            send(.displace(run: run, listener: number), to: home)
        }
    }

    func displace(_ number: ListenerNumber, of resident: Resident) {
        guard !resident.run.isFinished, resident.run.listener(number)?.isReachable == true else { return }
        record(.displaced(number), resident)
    }

    /// `POST /v1/signals`: the wait was found in the store, so the signal is taken.
    func acceptSignal(_ name: String, payload: RawJSON, run: RowID, number: ListenerNumber) {
        guard let resident = residents[run] else {
            // Only the run itself knows whether it still waits.
            load(run, for: .signal(number, name: name, payload: payload))
            decision.postponedUntilLoaded = run
            return
        }
        decision.answer = .signalled(signal(number, of: resident, name: name, payload: payload))
    }
}

extension AttemptFailure {
    static let signalConflict = AttemptFailure.noticed(
        message: "Signal conflict; signal wait already exists for another run", isFinal: true
    )
}
