import ApusCore
import ApusEngine
import Testing

/// What one shard has made durable, kept as a store keeps it: turns as bytes, everything else as rows.
///
/// It takes each decision's writes and records an issue when they break a rule that every store
/// relies on. The folds are rebuilt from the encoded turns alone.
struct StoredShard {
    let shard: ShardID
    private(set) var apps: [UUID16: AppRecord] = [:]
    private(set) var functions: [UUID16: FunctionRecord] = [:]
    private(set) var events: [EventRow] = []
    /// Events of other shards, which runs of this one may be about.
    var foreignEvents: [EventRow] = []
    private(set) var runs: [RunRow] = []
    private(set) var folds: [RowID: Run] = [:]
    private(set) var turns: [RowID: [Turn]] = [:]
    private(set) var projections: [RowID: RunProjection] = [:]
    private(set) var payloads: [RowID: RawJSON] = [:]
    private(set) var unacknowledged: [(to: ShardID, number: UInt64, message: Message)] = []
    private var nextNumbers: [ShardID: UInt64] = [:]
    private(set) var applied: [ShardID: UInt64] = [:]
    /// By run and number.
    private(set) var listeners: [RowID: [ListenerNumber: ListenerRow]] = [:]
    /// Events that have not reached all their listeners.
    private(set) var looks: Set<RowID> = []
    private(set) var schedules: [ScheduleKey: ScheduleRow] = [:]
    private(set) var backfills: [ULID: OpenBackfill] = [:]
    private(set) var eventSchedules: [UUID16: (schedule: EventSchedule, event: EventTemplate)] = [:]
    private(set) var tickCursor = Tick.none
    private(set) var kept: [RowID: KeptRun] = [:]
    private(set) var arrivals: [LimitKey: Int64] = [:]
    private(set) var pendings: [ULID: Pending] = [:]
    /// The newest for each event and function.
    private(set) var outcomes: [RowID: [UUID16: Outcome]] = [:]
    private(set) var audit: [AuditEntry] = []
    private var rows: RowCounters
    private var headRows: [RowID: RowID] = [:]

    init(shard: ShardID) {
        self.shard = shard
        rows = .empty(shard: shard)
    }

    /// What the shard's next owner starts from.
    func state(at time: Timestamp) -> ShardState {
        ShardState(
            registry: Registry(apps: Array(apps.values), functions: Array(functions.values)),
            rows: rows,
            time: time,
            unacknowledged: unacknowledged,
            nextNumbers: nextNumbers,
            applied: applied,
            topics: Set(listeners.values.joined().map(\.value.topic)).sorted(),
            looks: InterruptedLooks(
                events: events.filter { looks.contains($0.row) },
                listeners: listeners.values.joined().map(\.value).filter(\.looksBack).sorted { $0.cursor < $1.cursor }
            ),
            schedules: schedules.values.map(withLivingRun).sorted { $0.key < $1.key },
            backfills: backfills.values.filter { $0.order.state == .running }.sorted { $0.order.id < $1.order.id },
            eventSchedules: StoredEventSchedules(
                cursor: tickCursor,
                entries: eventSchedules.values.map(\.schedule).map {
                    StoredEventSchedules.Entry(id: $0.key.id, timing: $0.timing, state: $0.state, digest: $0.digest)
                }
            ),
            kept: KeptRuns(kept.values.sorted { $0.run < $1.run }),
            arrivals: arrivals.map { Arrival(key: $0.key, time: $0.value) },
            pendings: pendings.values.sorted { $0.run < $1.run }
        )
    }

    private func withLivingRun(_ schedule: ScheduleRow) -> ScheduleRow {
        var schedule = schedule
        if let run = schedule.run, folds[run.row]?.isFinished ?? true { schedule.run = nil }
        return schedule
    }

    /// At most `page` listeners of the question after its cursor.
    func listeners(_ question: ListenerQuestion, page: Int) -> ListenerPage {
        let all = listeners.values.flatMap(\.values)
        let paths = Set(all.map(\.topic).filter { $0.name == question.name }.map(\.path))
        let places = question.places(Array(paths))
        let found = all.filter { row in
            places.contains { $0.topic == row.topic && $0.key == row.key }
                && question.after.map { row.cursor > $0 } ?? true
        }.sorted { $0.cursor < $1.cursor }
        let rows = Array(found.prefix(page))
        return ListenerPage(
            subject: question.subject, found: rows, next: found.count > page ? rows.last?.cursor : nil
        )
    }

    /// The functions that events with these keys have started, or will, as a store knows them.
    func functionsStarted(by keys: [EventKey], since: Timestamp) -> [EventKey: [UUID16]] {
        var found: [EventKey: [UUID16]] = [:]
        for event in events where event.receivedAt > since {
            guard let key = event.key, keys.contains(key) else { continue }
            let started = runs.filter { $0.event == event.row }.map(\.function)
            let taken = (outcomes[event.row] ?? [:]).values.filter(\.isTaken).map(\.function)
            found[key, default: []] += started + taken
        }
        return found
    }

    func run(_ row: RowID) -> LoadedRun? {
        guard let turns = turns[row], let projection = projections[row],
            case .started(let start)? = turns.first?.entries.first
        else { return nil }
        let bodies = start.events.compactMap { event in (events + foreignEvents).first { $0.row == event }?.body }
        return LoadedRun(turns: turns, events: bodies, projection: projection)
    }

    func templates(of ids: [UUID16], atMost limit: Int) -> TemplatePage {
        var page = TemplatePage()
        var bytes = 0
        for id in ids where page.count == 0 || bytes < limit {
            page.count += 1
            guard let row = eventSchedules[id] else { continue }
            bytes += row.event.data.bytes.count
            page.found[id] = NamedTemplate(schedule: row.schedule.key.name, event: row.event)
        }
        return page
    }

    func wakes(after: Wake?, upTo: Timestamp, limit: Int) -> WakePage {
        let due = projections.compactMap { row, projection in projection.wakeAt.map { Wake(at: $0, run: row) } }
            .filter { wake in wake.at <= upTo && after.map { $0 < wake } ?? true }
            .sorted()
        return WakePage(wakes: Array(due.prefix(limit)), upTo: upTo, isFull: due.count >= limit)
    }

    // MARK: - Commit

    mutating func commit(_ writes: [Write]) {
        var turned: Set<RowID> = []
        var projected: Set<RowID> = []
        var extended: Set<RowID> = []
        for write in writes {
            switch write {
            case .event(let event):
                check(event.row, follows: &rows.event)
                events.append(event)
            case .run(let run):
                check(run.row, follows: &rows.run)
                #expect((events + foreignEvents).contains { $0.row == run.event }, "a run's event is stored before it")
                runs.append(run)
            case .turn(let row, let run, let previous, let turn):
                check(row, follows: &rows.turn)
                #expect(
                    turned.insert(run).inserted || folds[run]?.isFinished == true, "a decision writes one turn a run"
                )
                #expect(previous == projections[run]?.head ?? 0, "turns are chained")
                append(turn, to: run, at: row)
            case .projection(let run, let projection):
                #expect(projected.insert(run).inserted, "a decision writes one projection a run")
                projections[run] = projection
            case .payload(let row, let json):
                check(row, follows: &rows.payload)
                payloads[row] = json
            case .app(let app):
                apps[app.id] = app
            case .function(let function):
                functions[function.id] = function
            case .send(let receiver, let number, let message):
                #expect(number == nextNumbers[receiver] ?? 1, "messages are numbered without gaps")
                nextNumbers[receiver] = number + 1
                unacknowledged.append((receiver, number, message))
            case .forget(let receiver, let number):
                unacknowledged.removeAll { $0.to == receiver && $0.number <= number }
            case .applied(let sender, let number):
                #expect(number == (applied[sender] ?? 0) + 1, "messages are applied in order")
                applied[sender] = number
            case .listen(let row):
                #expect(listeners[row.run]?[row.number] == nil, "a listener is stored once")
                listeners[row.run, default: [:]][row.number] = row
            case .unlisten(let run, let number):
                #expect(listeners[run]?.removeValue(forKey: number) != nil, "what is removed was stored")
            case .unlistenAll(let run):
                #expect(listeners.removeValue(forKey: run) != nil, "what is removed was stored")
            case .lookedBack(let run, let number):
                listeners[run]?[number]?.looksBack = false
            case .lookPending(let event):
                #expect(looks.insert(event).inserted && events.last?.row == event)
            case .lookDone(let event):
                #expect(looks.remove(event) != nil, "a look ends once")
            case .schedule(let row):
                if let known = schedules[row.key] {
                    #expect(known.last <= row.last && known != row, "a schedule never goes back")
                }
                schedules[row.key] = row
            case .unschedule(let key):
                #expect(schedules.removeValue(forKey: key) != nil)
            case .backfill(let backfill):
                #expect(backfills[backfill.order.id] == nil, "a backfill is ordered once")
                #expect(backfill.ticks.count == backfill.order.ticks && backfill.ticks.sorted() == backfill.ticks)
                backfills[backfill.order.id] = backfill
            case .backfillMoved(let order):
                let known = backfills[order.id]?.order
                #expect(known?.state == .running, "nothing happens to a backfill that has ended")
                #expect(known.map { $0.started <= order.started && order.started <= order.ticks } == true)
                backfills[order.id]?.order = order
            case .eventSchedule(let schedule, let event):
                eventSchedules[schedule.key.id] = (schedule, EventTemplate(name: event.name, stored: event.stored))
            case .eventSchedulePause(let id, let time, let since, let due):
                #expect(eventSchedules[id] != nil)
                eventSchedules[id]?.schedule.state.pausedAt = time
                eventSchedules[id]?.schedule.state.since = since
                eventSchedules[id]?.schedule.state.due = due
            case .eventScheduleCatchUp(let id, let policy):
                #expect(eventSchedules[id] != nil)
                eventSchedules[id]?.schedule.state.catchUp = policy
            case .removeEventSchedule(let id):
                #expect(eventSchedules.removeValue(forKey: id) != nil)
            case .ticked(let tick):
                #expect(tick > tickCursor, "ticks are dealt with in their order")
                tickCursor = tick
                eventSchedules = eventSchedules.filter { id, row in
                    row.schedule.state.due.map { Tick(at: $0, schedule: id) > tick } ?? true
                }
            case .keep(let run):
                kept[run.run] = run
            case .extended(let run, let head):
                #expect(projections[run]?.status.isFinal == true, "only what has ended is extended")
                extended.insert(run)
                projections[run]?.head = head
            case .unkeep(let run):
                kept[run] = nil
            case .arrival(let arrival):
                #expect(arrivals[arrival.key].map { $0 <= arrival.time } ?? true, "an arrival never goes back")
                arrivals[arrival.key] = arrival.time
            case .forgetArrivals(let time):
                arrivals = arrivals.filter { $0.value > time }
            case .pend(let pending):
                pendings[pending.run] = pending
            case .join(let run, let member, let position, let bytes):
                #expect(pendings[run]?.events.count == position, "a batch has no gaps")
                pendings[run]?.events.append(member)
                pendings[run]?.bytes += bytes
            case .close(let run, let time):
                #expect(pendings[run]?.isClosed == false)
                pendings[run]?.isClosed = true
                pendings[run]?.firesAt = time
            case .unpend(let run):
                #expect(pendings.removeValue(forKey: run) != nil)
            case .outcome(let outcome):
                outcomes[outcome.event, default: [:]][outcome.function] = outcome
            case .audit(let entry):
                audit.append(entry)
            }
        }
        #expect(turned.isSubset(of: projected.union(extended)), "every turn comes with its projection")
        for run in projected.subtracting(turned) {
            let expiresAt = folds[run]?.expiresAt
            let isAlarm = expiresAt.map { (projections[run]?.wakeAt ?? .distantFuture) <= $0 } ?? false
            #expect(
                kept[run]?.waitsSince != nil && isAlarm,
                "only a run that waits for its turn has another alarm without a turn"
            )
        }
        for run in turned { checkProjection(of: run) }
    }

    private func check(_ row: RowID, follows counter: inout RowID) {
        #expect(row == counter, "rows are drawn in order and never twice")
        #expect(RowCounters.shard(of: row) == shard)
        counter = row + 1
    }

    private mutating func append(_ turn: Turn, to row: RowID, at turnRow: RowID) {
        let decoded: Turn
        do {
            decoded = try JournalCodec.decode(JournalCodec.encode(turn)) { payloads[$0] }
        } catch {
            Issue.record("\(turn) cannot be read back: \(error)")
            return
        }
        #expect(decoded == turn, "a turn is read back as it was written")
        if case .started(let start)? = decoded.entries.first {
            #expect(folds[row] == nil)
            folds[row] = Run(row: row, start: start, createdAt: decoded.at)
        }
        let isNote = decoded.entries.allSatisfy { if case .annotated = $0 { true } else { false } }
        #expect(folds[row]?.isFinished == false || isNote, "nothing happens to a run that has not begun or has ended")
        folds[row]?.apply(decoded)
        turns[row, default: []].append(decoded)
        // The next turn is chained to the head that the projection names, which must be this row.
        headRows[row] = turnRow
    }

    private func due(of job: Job) -> Timestamp {
        switch job.phase {
        case .scheduled(let due): due
        case .calling(let since): since
        }
    }

    /// A call that waits for its turn is kept and needs no alarm, unless another one is under way.
    private func alarm(of run: Run, at time: Timestamp) -> Timestamp? {
        let isCalling = run.jobs.contains { $0.isCalling }
        let jobs = run.jobs.filter { isCalling || !$0.isCall || due(of: $0) > time }
        return (jobs.map { due(of: $0) } + [run.startBy, run.finishBy].compactMap(\.self)).min()
    }

    private func checkProjection(of row: RowID) {
        guard let fold = folds[row], let head = headRows[row] else { return }
        let expected = RunProjection(
            status: fold.end?.status ?? .running,
            startedAt: fold.startedAt,
            endedAt: fold.endedAt,
            wakeAt: alarm(of: fold, at: turns[row]?.last?.at ?? fold.createdAt),
            head: head
        )
        #expect(projections[row] == expected, "projection and fold agree")
        let reachable = fold.listeners.filter(\.isReachable).map(\.number).sorted()
        #expect((listeners[row] ?? [:]).keys.sorted() == reachable, "the store has the run's listeners")
        #expect(fold.isFinished || fold.wakeTime != nil, "a run that has not ended has something to do")
    }
}
