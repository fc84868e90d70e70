import ApusCEL
import ApusCore

/// Runs that wait for an event or a signal, and what ends the waits.
extension ShardCore {
    func wait(_ wait: EventWait, from job: Job, of resident: Resident) {
        let deadline = schedule(
            .deadline(wait.step), key: .deadline(wait.step), due: wait.deadline, label: wait.label,
            position: job.stackPosition, isRace: wait.isRace, of: resident
        )
        guard let deadline else { return }
        let listener = Listener(
            number: deadline.number,
            purpose: .event(wait.step, isRace: wait.isRace),
            name: wait.event,
            condition: bound(wait.condition, of: resident),
            since: Timestamp(milliseconds: now.milliseconds - wait.lookBack.milliseconds),
            until: wait.deadline
        )
        listen(listener, looksBack: wait.lookBack > .zero || shardCount > 1, of: resident)
    }

    func wait(_ wait: SignalWait, from job: Job, of resident: Resident) {
        let deadline = schedule(
            .deadline(wait.step), key: .deadline(wait.step), due: wait.deadline, label: wait.label,
            position: job.stackPosition, isRace: wait.isRace, of: resident
        )
        guard let deadline else { return }
        let listener = Listener(
            number: deadline.number,
            purpose: .signal(wait.step, isRace: wait.isRace, replaces: wait.replaces),
            name: wait.signal, condition: nil, since: now, until: wait.deadline
        )
        listen(listener, looksBack: true, of: resident)
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
    /// - Parameter looksBack: whether what was there before has to be looked at too.
    func listen(_ listener: Listener, looksBack: Bool, of resident: Resident) {
        record(.listening(listener), resident)
        guard listener.isReachable else { return }
        let place = place(of: listener)
        let row = ListenerRow(
            run: resident.row, number: listener.number, topic: place.topic, key: place.key,
            condition: place.condition, since: listener.since, until: listener.until, looksBack: looksBack
        )
        decision.writes.append(.listen(row))
        resident.storedListeners.insert(listener.number)
        if looksBack { lookBack(row, of: listener) }
    }

    private func place(of listener: Listener) -> (topic: ListenerTopic, key: UInt64, condition: String?) {
        if case .signal = listener.purpose {
            return (.signals, ListenerKey.of(signal: listener.name), listener.name)
        }
        let condition = listener.condition.flatMap { try? Expression($0, role: .bound) }
        let place = topics.place(name: listener.name, keys: condition.map(ListenerKey.keys) ?? [])
        return (place.topic, place.key, listener.condition)
    }

    /// What is left of a condition when the values of the run's event are put in; `nil` when every event
    /// of the name will do.
    func bound(_ condition: Expression?, of resident: Resident) -> String? {
        guard let condition, let event = resident.events.first else { return nil }
        do {
            let bound = try condition.bound(to: EventValues(stored: event))
            switch bound.constant {
            case true?: return nil
            case false?: return Listener.never
            case nil: return bound.source
            }
        } catch {
            // What cannot be evaluated never holds.
            return Listener.never
        }
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

/// What a step that waited for a signal gets to see.
enum SignalMemo {
    static func received(_ name: String, _ payload: RawJSON) -> RawJSON {
        var writer = JSONWriter(reserving: payload.bytes.count + name.utf8.count + 40)
        writer.beginObject()
        writer.key("data")
        writer.beginObject()
        writer.key("data")
        writer.raw(payload)
        writer.key("signal")
        writer.value(name)
        writer.endObject()
        writer.endObject()
        return RawJSON(canonical: writer.bytes)
    }
}
