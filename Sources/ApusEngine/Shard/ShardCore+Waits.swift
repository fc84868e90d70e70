import ApusCore

/// Runs that wait for an event or a signal, and what ends the waits.
extension ShardCore {
    func wait(_ wait: EventWait, from job: Job, of resident: Resident) {
        guard
            let deadline = scheduleDeadline(
                of: wait.step, at: wait.deadline, label: wait.label, isRace: wait.isRace, from: job, of: resident
            )
        else { return }
        let condition = BoundCondition(wait.condition, event: resident.triggerBody)
        let listener = Listener(
            number: deadline.number,
            purpose: .event(wait.step, isRace: wait.isRace),
            name: wait.event,
            condition: condition.text,
            since: Timestamp(milliseconds: now.milliseconds - wait.lookBack.milliseconds),
            until: wait.deadline
        )
        listen(listener, condition, looksBack: wait.lookBack > .zero || shardCount > 1, of: resident)
    }

    func wait(_ wait: SignalWait, from job: Job, of resident: Resident) {
        guard
            let deadline = scheduleDeadline(
                of: wait.step, at: wait.deadline, label: wait.label, isRace: wait.isRace, from: job, of: resident
            )
        else { return }
        let listener = Listener(
            number: deadline.number,
            purpose: .signal(wait.step, isRace: wait.isRace, replaces: wait.replaces),
            name: wait.signal, condition: nil, since: now, until: wait.deadline
        )
        listen(listener, .always, looksBack: true, of: resident)
    }

    /// Schedules the end of a step's wait.
    /// - Returns: `nil` when the step waits already, or has waited.
    func scheduleDeadline(
        of step: StepID,
        at time: Timestamp,
        label: StepLabel,
        isRace: Bool,
        from job: Job,
        of resident: Resident
    ) -> Job? {
        schedule(
            .deadline(step), key: .deadline(step), due: time, label: label, position: job.stackPosition,
            isRace: isRace, of: resident
        )
    }

    /// An event that a listener was waiting for, or one that may be it, has been found.
    /// - Parameter row: of the event, which never concerns the run that it started.
    func trigger(_ number: ListenerNumber, of resident: Resident, by event: RowID, body: RawJSON) {
        guard !resident.run.isFinished, !resident.run.start.events.contains(event),
            let listener = resident.run.listener(number), listener.isReachable
        else { return }
        switch listener.purpose {
        case .event(let step, _): resume(resident, step: step, outcome: .completed, memo: body)
        case .cancellation: cancel(resident, because: "cancelled by the event \(listener.name)")
        case .signal: break
        }
    }

    /// A signal has come for a run that waits for it.
    /// - Returns: whether the run still waited.
    func signal(_ number: ListenerNumber, of resident: Resident, name: String, payload: RawJSON) -> Bool {
        guard !resident.run.isFinished, let listener = resident.run.listener(number), listener.isReachable,
            listener.name == name, case .signal(let step, _, _) = listener.purpose
        else { return false }
        resume(resident, step: step, outcome: .completed, memo: SignalMemo.received(name, payload))
        return true
    }

    /// Begins to listen; from this decision on events are looked at with the listener in mind.
    /// - Parameters:
    ///   - condition: the listener's.
    ///   - looksBack: whether what was there before has to be looked at too.
    func listen(_ listener: Listener, _ condition: BoundCondition, looksBack: Bool, of resident: Resident) {
        record(.listening(listener), resident)
        guard listener.isReachable else { return }
        let row: ListenerRow
        if case .signal = listener.purpose {
            row = listener.row(
                of: resident.row, under: (.signals, ListenerKey.of(signal: listener.name)), condition: listener.name,
                looksBack: looksBack
            )
        } else {
            row = listener.row(
                of: resident.row, under: topics.place(name: listener.name, keys: condition.keys),
                condition: listener.condition, looksBack: looksBack
            )
        }
        decision.writes.append(.listen(row))
        resident.storedListeners.insert(listener.number)
        if looksBack { lookBack(row) }
    }

    /// Takes back what the store has of listeners that count no more.
    func sealListeners(of resident: Resident) {
        guard !resident.storedListeners.isEmpty else { return }
        if resident.run.isFinished {
            decision.writes.append(.unlistenAll(run: resident.row))
            resident.storedListeners = []
            return
        }
        for number in resident.storedListeners.sorted()
        where resident.run.listener(number)?.isReachable != true {
            decision.writes.append(.unlisten(run: resident.row, number: number))
            resident.storedListeners.remove(number)
        }
    }
}

extension Listener {
    fileprivate func row(
        of run: RowID, under place: (topic: ListenerTopic, key: UInt64), condition: String?, looksBack: Bool
    ) -> ListenerRow {
        ListenerRow(
            run: run, number: number, topic: place.topic, key: place.key, condition: condition, since: since,
            until: until, looksBack: looksBack
        )
    }
}

/// What a step that waited for a signal gets to see.
enum SignalMemo {
    static func received(_ name: String, _ payload: RawJSON) -> RawJSON {
        var writer = JSONWriter(reserving: payload.bytes.count + name.utf8.count + 32)
        writer.beginObject()
        writer.key("data")
        writer.raw(payload)
        writer.key("signal")
        writer.value(name)
        writer.endObject()
        return Memo.data(writer.finish())
    }
}
