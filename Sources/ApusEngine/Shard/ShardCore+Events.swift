import ApusCore

/// Events coming in, and the runs that they start.
extension ShardCore {
    func acceptEvents(_ events: [SubmittedEvent], prior: PriorRuns) {
        var ids: [ULID] = []
        ids.reserveCapacity(events.count)
        for submitted in events {
            let id = submitted.internalID ?? random.nextULID(now: now)
            let known = submitted.key.flatMap { prior.functions[$0] } ?? []
            accept(submitted.event, id: id, key: submitted.key, alreadyStarted: known)
            ids.append(id)
        }
        decision.answer = .accepted(ids)
    }

    /// The keys that only the store can answer for, or `nil` when memory is enough.
    package func keysToLookUp(for input: Input) -> [EventKey]? {
        let keys: [EventKey]
        switch input {
        case .events(let events, let prior) where !recents.canTrust(askedAt: prior.memory):
            keys = events.compactMap(\.key).filter { !recents.remembers($0) }
        case .invoke(_, let event, let prior) where !recents.canTrust(askedAt: prior.memory):
            keys = [event.key].compactMap(\.self).filter { !recents.remembers($0) }
        default:
            return nil
        }
        return keys.isEmpty ? nil : keys
    }

    /// To be noted when the store is asked, and handed back with its answer.
    package var memoryOfRecentEvents: UInt64 { recents.turns }

    /// Stores an event and starts each function that listens to it, at most once per event id.
    /// - Parameters:
    ///   - body: its stored form, if it is known already.
    ///   - key: what makes two events the same event; `nil` when nothing can repeat this one.
    ///   - tick: under which the event of a tick is found; it protects against nothing.
    ///   - target: started whatever it listens to; only its run answers the invoker.
    ///   - receivedAt: `nil` for now.
    private func accept(
        _ event: IncomingEvent,
        body: RawJSON? = nil,
        id: ULID,
        key: EventKey?,
        tick: EventKey? = nil,
        alreadyStarted: [UUID16],
        receivedAt: Timestamp? = nil,
        invoking target: FunctionRecord? = nil,
        invoker: Invoker? = nil
    ) {
        let receivedAt = receivedAt ?? now
        let body = body ?? event.storedBody(internalID: id, receivedAt: receivedAt)
        let row = store(body, of: event.name, id: id, key: key ?? tick, receivedAt: receivedAt)
        let since = Timestamp(milliseconds: now.milliseconds - configuration.idempotencyPeriod.milliseconds)
        let listeners = registry.functions(startedBy: event, stored: body, now: now).filter {
            $0.id != target?.id
        }
        let functions = [target].compactMap(\.self) + listeners
        let recent =
            key.map {
                recents.functions(startedBy: $0, since: since)
                    + restoredOffers.functions(startedBy: $0, since: since)
            } ?? []
        let offered = OfferedEvent(row: row, body: body, startsAt: max(now, event.timestamp ?? now))
        var taken: [UUID16] = []
        for function in functions where !alreadyStarted.contains(function.id) && !recent.contains(function.id) {
            let isTaken = offer(offered, to: function, invoker: function.id == target?.id ? invoker : nil)
            if isTaken { taken.append(function.id) }
        }
        // What starts nothing must not make the protection last longer: neither when memory knows of
        // the first time, nor when the store does, which is asked again and knows when that was.
        if let key, !taken.isEmpty || (alreadyStarted.isEmpty && !recents.remembers(key)) {
            recents.record(key, at: now, functions: alreadyStarted + taken, since: since)
        }
    }

    private func store(
        _ body: RawJSON, of name: String, id: ULID, key: EventKey?, receivedAt: Timestamp
    ) -> RowID {
        let row = draw(&rows.event)
        decision.writes.append(
            .event(EventRow(row: row, id: id, key: key, name: name, receivedAt: receivedAt, body: body))
        )
        look(for: row, name: name, receivedAt: receivedAt, body: body)
        return row
    }

    /// - Parameters:
    ///   - id: drawn now when there is none yet.
    ///   - time: when the run is first called, if nothing holds it back.
    ///   - invokers: who waits for its end.
    ///   - repeated: what it takes over from a run that it repeats.
    ///   - terms: of a run whose work the app has begun to do by itself, until `time` at the longest.
    /// - Returns: the run's row.
    @discardableResult
    func start(
        _ function: FunctionRecord, for events: [OfferedEvent], id: ULID? = nil, at time: Timestamp, flow: RunFlow?,
        invokers: [Invoker], repeating repeated: PendingRun.Repeated? = nil, hosting terms: EndpointTerms? = nil
    ) -> RowID {
        let row = draw(&rows.run)
        let start = RunStart(
            id: id ?? newRunID(),
            function: function.id,
            functionSlug: function.configuration.slug,
            events: events.map(\.row),
            invoker: invokers.first
        )
        decision.writes.append(
            .run(
                RunRow(
                    row: row, id: start.id, function: function.id, event: start.events[0], createdAt: now,
                    origin: repeated?.origin.run
                )
            )
        )
        let resident = Resident(
            run: Run(row: row, start: start, createdAt: now), events: events.map(\.body), head: 0, stored: .known(nil)
        )
        residents[row] = resident
        record(.started(start), resident)
        if let terms = terms ?? repeated?.endpoint ?? usualTerms(of: function) { record(.endpoint(terms), resident) }
        for invoker in invokers.dropFirst() { record(.invokedBy(invoker), resident) }
        if let flow { record(.keyed(flow), resident) }
        if let repeated { takeOver(repeated.results, from: repeated.origin, resident) }
        let position = UInt32(resident.run.stack.count)
        let job = Job(number: 0, key: .start, kind: .discovery, due: time, stackPosition: position)
        record(.scheduled(job), resident)
        if terms != nil { record(.hosted(job: 0, until: time), resident) }
        if time <= now { enqueue(job, of: resident) }
        beginTimeouts(of: resident, function)
        listenForCancellation(of: resident, function)
        tell(resident, .started)
        return row
    }

    /// Of a run of an endpoint that no app has begun: an invocation by hand.
    private func usualTerms(of function: FunctionRecord) -> EndpointTerms? {
        guard registry.isEndpoint(function) else { return nil }
        return EndpointTerms(retries: function.configuration.retries ?? configuration.defaultRetries)
    }

    /// Run ids are drawn so that they name the shard that owns the run.
    func newRunID() -> ULID {
        Self.homed(random.nextULID(now: now), on: shard, shardCount: shardCount)
    }

    /// The id nearest to this one that names the shard.
    package static func homed(_ id: ULID, on shard: ShardID, shardCount: Int) -> ULID {
        let count = UInt64(shardCount)
        let low = id.low - id.low % count
        let (homed, overflowed) = low.addingReportingOverflow(UInt64(shard))
        return ULID(high: id.high, low: overflowed ? low - count + UInt64(shard) : homed)
    }

    // MARK: - Internal events

    /// An event that the server makes itself.
    /// - Parameter isKept: whether it becomes a row also when nothing listens to it.
    func publish(name: String, data: RawJSON, senderID: String?, meta: RawJSON?, isKept: Bool = false) {
        guard isKept || registry.hasTrigger(for: name) || isListenedTo(name) else { return }
        let event = IncomingEvent(name: name, data: data, senderID: senderID, timestamp: now, meta: meta)
        accept(event, id: random.nextULID(now: now), key: senderID.map(EventKey.init(senderID:)), alreadyStarted: [])
    }

    /// `POST /invoke/{slug}`: an invocation that nobody waits for.
    func acceptInvocation(of slug: String, _ submitted: SubmittedEvent, prior: PriorRuns) {
        let id = submitted.internalID ?? random.nextULID(now: now)
        let known = submitted.key.flatMap { prior.functions[$0] } ?? []
        let target = registry.function(named: slug)
        accept(submitted.event, id: id, key: submitted.key, alreadyStarted: known, invoking: target)
        decision.answer = .invoked(event: id, run: target.flatMap { startedRun(of: $0.id) })
    }

    /// The run of a function that the decision starts.
    private func startedRun(of function: UUID16) -> ULID? {
        for case .run(let run) in decision.writes where run.function == function { return run.id }
        return nil
    }

    /// A tick of a schedule: starts its function, and what else listens to `inngest/scheduled.timer`. It
    /// happens once, because the schedule moves on in the same batch.
    func accept(_ event: IncomingEvent, id: ULID, key: EventKey?, startingOnTick function: FunctionRecord) {
        accept(event, id: id, key: nil, tick: key, alreadyStarted: [], invoking: function)
    }

    /// A tick of an event schedule. It happens once, because the cursor moves on in the same batch.
    func accept(_ event: SettledEvent, ofTickWithID id: ULID) {
        accept(event.event, body: event.body, id: id, key: nil, alreadyStarted: [])
    }

    /// A step's invocation: starts its target, and what else listens to `inngest/function.invoked`.
    /// It happens once, because the message or the decision that makes it does.
    func accept(
        _ event: IncomingEvent,
        id: ULID,
        receivedAt: Timestamp,
        invoking target: FunctionRecord,
        invoker: Invoker
    ) {
        accept(
            event, id: id, key: nil, alreadyStarted: [], receivedAt: receivedAt, invoking: target, invoker: invoker
        )
    }
}
