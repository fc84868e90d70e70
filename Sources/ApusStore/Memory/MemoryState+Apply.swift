import ApusCore
import ApusEngine

/// One batch: first every write is checked, then none can fail.
extension MemoryState {
    /// - Throws: `.stale` or `.rejected`; the state has then not changed.
    package mutating func apply(_ batch: Batch) throws(StoreError) {
        try check(batch)
        for write in batch.writes { apply(write, of: batch.shard) }
        // Last, because a projection may stand before its run.
        var projected: [RowID: RunProjection] = [:]
        for case .projection(let run, let projection) in batch.writes { projected[run] = projection }
        for (run, projection) in projected { project(run, projection, at: batch.time) }
        shards[Int(batch.shard)].batch = batch.number
        shards[Int(batch.shard)].time = max(shards[Int(batch.shard)].time, batch.time)
    }

    private func check(_ batch: Batch) throws(StoreError) {
        guard Int(batch.shard) < shards.count, shards[Int(batch.shard)].epoch == batch.epoch,
            shards[Int(batch.shard)].batch &+ 1 == batch.number
        else {
            throw .stale(
                "batch \(batch.number) in epoch \(batch.epoch) does not follow what shard \(batch.shard) holds"
            )
        }
        var new = NewRows(batch.writes)
        for write in batch.writes {
            if let fault = fault(in: write, of: batch.shard, &new) { throw .rejected(fault) }
        }
    }

    /// What a batch adds, as far as its later writes depend on it.
    private struct NewRows {
        var events: Set<RowID> = []
        var runs: Set<RowID> = []
        var runIDs: Set<ULID> = []
        var functions: Set<UUID16> = []
        var turns: Set<RowID> = []
        var payloads: Set<RowID> = []
        var messages: Set<Sent> = []
        var listeners = ListenerChanges()
        var backfills: Set<ULID> = []
        /// How many events debounces and batches hold; -1 once they are gone.
        var pendingEvents: [ULID: Int] = [:]
        /// Runs of the whole batch: a projection may stand before its run.
        let projectable: Set<RowID>

        struct Sent: Hashable {
            var to: ShardID
            var number: UInt64
        }

        init(_ writes: [Write]) {
            projectable = Set(writes.compactMap { if case .run(let run) = $0 { run.row } else { nil } })
        }
    }

    private func fault(in write: Write, of shard: ShardID, _ new: inout NewRows) -> String? {
        switch write {
        case .event(let event):
            guard !events.contains(event.row), new.events.insert(event.row).inserted else {
                return "event \(event.row) exists"
            }
        case .run(let run):
            guard !runs.contains(run.row), new.runs.insert(run.row).inserted,
                runsByID[run.id] == nil, new.runIDs.insert(run.id).inserted
            else { return "run \(run.row) exists" }
            guard functions[run.function] != nil || new.functions.contains(run.function) else {
                return "a run of the unknown function \(run.function)"
            }
            guard events.contains(run.event) || new.events.contains(run.event) else {
                return "a run of the unknown event \(run.event)"
            }
        case .turn(let row, _, _, _):
            guard !journal.contains(row), new.turns.insert(row).inserted else { return "turn \(row) exists" }
        case .projection(let run, _):
            let isLive = runs[run].map { !$0.projection.status.isFinal } ?? new.projectable.contains(run)
            guard isLive else { return "a projection of run \(run), which does not exist or has ended" }
        case .extended(let run, _):
            guard runs[run]?.projection.status.isFinal ?? false else {
                return "the journal of run \(run) goes on, which does not exist or lives"
            }
        case .payload(let row, _):
            guard !payloads.contains(row), new.payloads.insert(row).inserted else { return "payload \(row) exists" }
        case .function(let function):
            new.functions.insert(function.id)
        case .send(let receiver, let number, _):
            guard outbox[Link(from: shard, to: receiver)]?[number] == nil,
                new.messages.insert(NewRows.Sent(to: receiver, number: number)).inserted
            else { return "message \(number) to shard \(receiver) exists" }
        case .listen(let row):
            guard !new.listeners.contains(row.number, of: row.run, stored: listeners) else {
                return "listener \(row.number) of run \(row.run) exists"
            }
            new.listeners.add(row.number, of: row.run)
        case .unlisten(let run, let number): new.listeners.remove(number, of: run)
        case .unlistenAll(let run): new.listeners.removeAll(of: run)
        case .keep(let run): return unknown(run.function, "a kept run", new)
        case .outcome(let outcome): return unknown(outcome.function, "an outcome", new)
        case .pend(let pending):
            new.pendingEvents[pending.run] = pending.events.count
            return unknown(pending.function, "a debounce or batch", new)
        case .join(let run, _, let position, _):
            let count = new.pendingEvents[run] ?? pendings[run]?.events.count
            guard count == position else { return "event \(position) of \(run), which has \(count ?? 0) events" }
            new.pendingEvents[run] = position + 1
        case .unpend(let run): new.pendingEvents[run] = -1
        case .backfill(let backfill):
            guard backfills[backfill.order.id] == nil, new.backfills.insert(backfill.order.id).inserted else {
                return "backfill \(backfill.order.id) exists"
            }
        case .app, .forget, .applied, .lookedBack, .lookPending, .lookDone, .schedule, .unschedule, .eventSchedule,
            .eventSchedulePause, .eventScheduleCatchUp, .removeEventSchedule, .ticked, .backfillMoved,
            .unkeep, .arrival,
            .forgetArrivals, .close, .audit:
            break
        }
        return nil
    }

    private func unknown(_ function: UUID16, _ what: String, _ new: NewRows) -> String? {
        functions[function] == nil && !new.functions.contains(function)
            ? "\(what) of the unknown function \(function)" : nil
    }

    private mutating func apply(_ write: Write, of shard: ShardID) {
        switch write {
        case .event(let event): insert(event)
        case .run(let run):
            insert(run)
            count(.queued, of: run.function, at: run.createdAt)
        case .turn(let row, let run, let previous, let turn):
            let encoded = JournalCodec.encode(turn)
            journal.insert(JournalRow(run: run, previous: previous, turn: encoded), at: row)
            bytes += MemoryState.size(ofTurn: encoded)
        case .projection: break
        case .payload(let row, let json):
            payloads.insert(json, at: row)
            bytes += Int64(json.bytes.count)
        case .app(let app): apps[app.id] = app
        case .function(let function): functions[function.id] = function
        case .send(let receiver, let number, let message):
            let link = Link(from: shard, to: receiver)
            outbox[link, default: [:]][number] = MessageCodec.encode(message)
            sent[link] = number
        case .forget(let receiver, let number):
            let link = Link(from: shard, to: receiver)
            outbox[link] = outbox[link]?.filter { $0.key > number }
        case .applied(let sender, let number):
            applied[Link(from: sender, to: shard)] = number
        case .listen(let row): listeners[row.run, default: [:]][row.number] = row
        case .unlisten(let run, let number):
            listeners[run]?[number] = nil
            if listeners[run]?.isEmpty == true { listeners[run] = nil }
        case .unlistenAll(let run): listeners[run] = nil
        case .lookedBack(let run, let number): listeners[run]?[number]?.looksBack = false
        case .lookPending(let event): looks.insert(event)
        case .lookDone(let event): looks.remove(event)
        case .schedule(let row): schedules[row.key] = row
        case .unschedule(let key): schedules[key] = nil
        case .backfill(let backfill): insert(backfill)
        case .backfillMoved(let order): update(order)
        case .eventSchedule(let schedule, let event):
            eventSchedules[schedule.key.id] = EventScheduleRow(shard: shard, schedule: schedule, event: event.stored)
        case .eventSchedulePause(let id, let time, let since, let due):
            eventSchedules[id]?.schedule.state.pausedAt = time
            eventSchedules[id]?.schedule.state.since = since
            eventSchedules[id]?.schedule.state.due = due
        case .eventScheduleCatchUp(let id, let policy): eventSchedules[id]?.schedule.state.catchUp = policy
        case .removeEventSchedule(let id): eventSchedules[id] = nil
        case .ticked(let tick):
            tickCursors[shard] = tick
            eventSchedules = eventSchedules.filter { id, row in
                row.shard != shard || row.schedule.state.due.map { Tick(at: $0, schedule: id) > tick } ?? true
            }
        case .keep(let run): kept[run.run] = run
        case .unkeep(let run): kept[run] = nil
        case .extended(let run, let head): runs.update(run) { $0.projection.head = head }
        case .arrival(let arrival): arrivals[shard, default: [:]][arrival.key] = arrival.time
        case .forgetArrivals(let time): arrivals[shard] = arrivals[shard]?.filter { $0.value > time }
        case .pend(let pending): pendings[pending.run] = pending
        case .join(let run, let member, _, let bytes):
            pendings[run]?.events.append(member)
            pendings[run]?.bytes += bytes
        case .close(let run, let time):
            pendings[run]?.firesAt = time
            pendings[run]?.isClosed = true
        case .unpend(let run): pendings[run] = nil
        case .outcome(let outcome): outcomes[outcome.event, default: [:]][outcome.function] = outcome
        case .audit(let entry):
            audit.append(entry)
            audit.removeFirst(max(0, audit.count - AuditEntry.kept))
        }
    }

    private mutating func insert(_ event: EventRow) {
        events.insert(event, at: event.row)
        eventsByID[event.id, default: []].append(event.row)
        if let key = event.key { eventsByKey[key, default: []].append(event.row) }
        bytes += MemoryState.size(of: event)
    }

    private mutating func insert(_ run: RunRow) {
        let untouched = RunProjection(status: .running, startedAt: nil, endedAt: nil, wakeAt: nil, head: 0)
        runs.insert(Run(row: run, projection: untouched), at: run.row)
        runsByID[run.id] = run.row
        runsByEvent[run.event, default: []].append(run.row)
        bytes += MemoryState.sizeOfRun
    }

    private mutating func project(_ run: RowID, _ projection: RunProjection, at time: Timestamp) {
        var projection = projection
        if projection.status.isFinal { projection.wakeAt = nil } else { projection.endedAt = nil }
        if let row = runs[run]?.row, projection.status.isFinal {
            count(RunState(projection), of: row.function, at: projection.endedAt ?? Timestamp(milliseconds: 0))
        }
        runs.update(run) { $0.projection = projection }
        alarms[run] = projection.wakeAt.map { $0 <= time ? Timestamp(milliseconds: 0) : $0 }
    }

    /// Bytes of a run's row.
    static let sizeOfRun: Int64 = 100
    /// Bytes of an event's row.
    static func size(of event: EventRow) -> Int64 { Int64(event.body.bytes.count + 60) }
    /// Bytes of a journal row.
    static func size(ofTurn turn: [UInt8]) -> Int64 { Int64(turn.count + 20) }
}
