import ApusCEL
import ApusCore

/// Runs that end before their time: by an event, by a person, by their age.
extension ShardCore {
    func cancel(_ resident: Resident, because cause: String) {
        finish(resident, RunEnd(status: .cancelled, output: nil, cause: cause))
    }

    /// Somebody wants the run to end; nothing happens when it has.
    func end(_ row: RowID, _ departure: Departure) {
        guard let resident = residents[row] else {
            load(row, for: .cancel(departure))
            decision.postponedUntilLoaded = row
            return
        }
        end(resident, departure)
    }

    func end(_ resident: Resident, _ departure: Departure) {
        switch departure {
        case .cancelled: cancel(resident, because: "cancelled on request")
        case .drained:
            guard resident.run.startedAt == nil else { return }
            cancel(resident, because: "discarded while it waited")
        case .withdrawn:
            guard resident.run.startedAt == nil else { return }
            cancel(resident, because: "its event was cancelled before it started")
        case .moved(let function):
            guard resident.run.startedAt == nil, let target = registry.functions[function] else { return }
            move(resident, to: target)
        }
    }

    /// The run's events start a run of another function, under the rules for runs that hold there; whoever
    /// waits for the run waits for that one. Where those rules let nothing start, the run stays.
    private func move(_ resident: Resident, to target: FunctionRecord) {
        guard !target.isArchived, target.pausedAt == nil else { return }
        let due = resident.run.jobs.map(\.wakeTime).min() ?? now
        let events = zip(resident.run.start.events, resident.events).map { row, body in
            OfferedEvent(row: row, body: body, startsAt: max(due, now))
        }
        let id = newRunID()
        let new = PendingRun(id: id, events: events, invokers: resident.run.invokers, startsAt: max(due, now))
        let values = resident.events.first.map(EventValues.init(stored:))
        guard begin(new, of: target, queue.rules(of: target.id), values: values) else { return }
        let cause = "moved to run \(id) of \(target.configuration.slug)"
        finish(resident, RunEnd(status: .cancelled, output: nil, cause: cause), isMoved: true)
    }

    /// Begins to listen to the events that cancel a run that has just started.
    func listenForCancellation(of resident: Resident, _ function: FunctionRecord) {
        for (index, cancellation) in function.configuration.cancellations.enumerated() {
            let compiled = cancellation.condition.flatMap(registry.condition(ofCancellation:))
            // A condition that does not compile never holds.
            guard compiled != nil || cancellation.condition == nil else { continue }
            let condition = BoundCondition(compiled, event: resident.triggerBody)
            let listener = Listener(
                number: .max - ListenerNumber(index),
                purpose: .cancellation,
                name: cancellation.event,
                condition: condition.text,
                since: now,
                until: cancellation.period.end(from: now)
            )
            // One that can never be reached need not be kept.
            if listener.isReachable { listen(listener, condition, looksBack: shardCount > 1, of: resident) }
        }
    }

    // MARK: - Age

    func beginTimeouts(of resident: Resident, _ function: FunctionRecord) {
        guard let span = function.configuration.timeouts.start else { return }
        record(.expires(.start, at: now + span), resident)
    }

    /// The run is called for the first time.
    func beginFinishTimeout(of resident: Resident, _ function: FunctionRecord) {
        guard resident.run.startedAt == nil, let span = function.configuration.timeouts.finish else { return }
        record(.expires(.finish, at: now + span), resident)
    }

    /// Cancels a run that takes too long by today's configuration, which may have changed since.
    /// - Returns: whether the run has ended.
    func expire(_ resident: Resident) -> Bool {
        guard let due = resident.run.expiresAt, due <= now else { return false }
        let timeouts = registry.functions[resident.run.start.function]?.configuration.timeouts
        if let startBy = resident.run.startBy, startBy <= now {
            let today = timeouts?.start.map { resident.run.createdAt + $0 }
            if expire(resident, .start, today: today) { return true }
        }
        if let finishBy = resident.run.finishBy, finishBy <= now {
            let begun = resident.run.startedAt ?? resident.run.createdAt
            if expire(resident, .finish, today: timeouts?.finish.map { begun + $0 }) { return true }
        }
        return false
    }

    private func expire(_ resident: Resident, _ expiry: RunExpiry, today: Timestamp?) -> Bool {
        guard let today, today <= now else {
            record(.expires(expiry, at: today), resident)
            return false
        }
        cancel(
            resident,
            because: expiry == .start ? "not started within its start timeout" : "not ended within its finish timeout"
        )
        return true
    }
}

extension FunctionConfiguration.Cancellation.Period {
    fileprivate func end(from now: Timestamp) -> Timestamp {
        switch self {
        case .lasting(let span): now + span
        case .until(let date): date
        }
    }
}
