import ApusCEL
import ApusCore

/// What becomes of an event that a function listens to: the rules of flow control, in their order.
///
/// | rule | what it does to the event |
/// |---|---|
/// | batch | collects it; its run starts with others |
/// | rate limit, idempotency | drops it |
/// | debounce | keeps it until no more come; the last one starts the run |
/// | priority and keys | fixes the run's place and what it counts for |
/// | singleton | drops it, or ends the run that lives |
/// | pause | drops it |
///
/// Then the run exists and waits in the ``RunQueue`` for its turn, where concurrency and throttle decide. That
/// an event id starts a function only once has been seen to before.
extension ShardCore {
    /// Offers an event to a function.
    /// - Returns: whether it starts a run, or will, so that a repeat of the event must not.
    func offer(_ event: OfferedEvent, to function: FunctionRecord, invoker: Invoker?) -> Bool {
        guard let rules = queue.rules(of: function.id), rules.isShared else {
            return begin(PendingRun(event, invoker), of: function, nil, values: nil)
        }
        let home = home(of: function, rules)
        guard home == shard else {
            send(.offer(function: function.id, event, invoker: invoker), to: home)
            return true
        }
        return decide(event, for: function, invoker: invoker)
    }

    /// The shard that decides about a function's limits.
    func home(of function: FunctionRecord, _ rules: FunctionRules) -> ShardID {
        guard shardCount > 1, !rules.reachesBeyondFunction else { return 0 }
        return ShardID((function.id.low ^ function.id.high) % UInt64(shardCount))
    }

    @discardableResult
    func decide(_ event: OfferedEvent, for function: FunctionRecord, invoker: Invoker?) -> Bool {
        guard let rules = queue.rules(of: function.id) else { return false }
        let values = EventValues(stored: event.body)
        let scope = Scope(event: values)
        if collect(event, for: function, rules, scope, invoker: invoker) { return true }
        guard isWithinRate(event, of: function, rules, scope, invoker: invoker) else { return false }
        if debounce(event, for: function, rules, scope, invoker: invoker) { return true }
        return begin(PendingRun(event, invoker), of: function, rules, values: values)
    }

    /// What a run is about to be made of.
    struct PendingRun {
        var id: ULID?
        var events: [OfferedEvent]
        var invokers: [Invoker]
        var startsAt: Timestamp
        /// What it takes over from a run that it repeats.
        var repeated: Repeated?

        struct Repeated {
            var origin: RunOrigin
            var results: [StepResult]
            var endpoint: EndpointTerms?
        }

        init(_ event: OfferedEvent, _ invoker: Invoker?) {
            events = [event]
            invokers = [invoker].compactMap(\.self)
            startsAt = event.startsAt
        }

        init(id: ULID, events: [OfferedEvent], invokers: [Invoker], startsAt: Timestamp) {
            self.id = id
            self.events = events
            self.invokers = invokers
            self.startsAt = startsAt
        }
    }

    /// The rules for runs, after those for events.
    /// - Parameter values: of the first event; `nil` when the function has no rules.
    /// - Returns: whether the run exists.
    func begin(
        _ run: PendingRun, of function: FunctionRecord, _ rules: FunctionRules?, values: EventValues?
    ) -> Bool {
        switch tryToBegin(run, of: function, rules, values: values) {
        case .begun: return true
        case .held(let key, let holder): skip(run, of: function, .singleton, key: key, holder: holder)
        case .paused: skip(run, of: function, .pause)
        }
        return false
    }

    /// Whether a run has begun, or what keeps it from that.
    enum Beginning {
        case begun(RowID)
        case held(key: String, by: ULID?)
        case paused
    }

    func tryToBegin(
        _ run: PendingRun, of function: FunctionRecord, _ rules: FunctionRules?, values: EventValues?
    ) -> Beginning {
        let flow = values.flatMap { rules?.flow(of: Scope(event: $0), now: now) }
        if let key = flow?.singleton, let holder = singletons[key.key],
            function.flowControl.singleton?.mode != .cancel
        {
            return .held(key: key.text, by: holder.id)
        }
        guard function.pausedAt == nil else { return .paused }
        let holder = flow?.singleton.flatMap { singletons[$0.key] }
        // A priority below 0 keeps a run back for that long even when nothing else does.
        let delay = flow.map { max(-$0.priority, .zero) } ?? .zero
        let row = start(
            function, for: run.events, id: run.id, at: max(run.startsAt, now + delay), flow: flow,
            invokers: run.invokers, repeating: run.repeated
        )
        if let key = flow?.singleton { singletons[key.key] = SingletonHolder(run: row, id: residents[row]?.run.id) }
        if let holder { displaceSingleton(holder.run, by: row) }
        return .begun(row)
    }

    /// Nothing starts: the events say why, and nobody waits for what will not come.
    func skip(
        _ run: PendingRun, of function: FunctionRecord, _ rule: FlowRule, key: String = "", holder: ULID? = nil
    ) {
        for event in run.events {
            note(event.row, function, rule, key: key, run: holder)
        }
        for invoker in run.invokers { answer(invoker, outcome: .failed, memo: InvokeMemo.skipped(by: rule)) }
    }

    func note(
        _ event: RowID, _ function: FunctionRecord, _ rule: FlowRule, key: String = "", run: ULID? = nil,
        isTaken: Bool = false
    ) {
        decision.writes.append(
            .outcome(
                Outcome(
                    event: event, function: function.id, rule: rule, at: now, key: key, run: run, isTaken: isTaken
                )
            )
        )
    }

    private func displaceSingleton(_ holder: RowID, by row: RowID) {
        let successor = residents[row]?.run.id.description ?? ""
        cancelHolder(holder, because: "cancelled because run \(successor) of the same singleton has begun")
    }

    /// Cancels a run of this shard that stands in another one's way.
    func cancelHolder(_ holder: RowID, because cause: String) {
        if let resident = residents[holder] {
            cancel(resident, because: cause)
        } else {
            // As durable as the run that takes its place.
            displaced[holder] = cause
            send(.cancel(run: holder, cause: cause), to: shard)
        }
    }

    // MARK: - Rate limit and idempotency

    private func isWithinRate(
        _ event: OfferedEvent, of function: FunctionRecord, _ rules: FunctionRules, _ scope: Scope, invoker: Invoker?
    ) -> Bool {
        guard let rate = rules.rateLimit, let key = rules.optionalKey(rate.keyed, scope, now: now) else { return true }
        let isOpen = (rules.options.rateLimit?.limit ?? 0) > 0
        if isOpen, rate.clock.admits(at: now.nanoseconds, arrival: queue.arrivals[key.key]) {
            decision.writes.append(.arrival(queue.arrivals.admit(key.key, by: rate.clock, now: now)))
            return true
        }
        let rule: FlowRule = rules.options.rateLimit?.isIdempotency == true ? .idempotency : .rateLimit
        skip(PendingRun(event, invoker), of: function, rule, key: key.text)
        return false
    }

    // MARK: - Batch

    /// - Returns: whether the event went into a batch.
    private func collect(
        _ event: OfferedEvent, for function: FunctionRecord, _ rules: FunctionRules, _ scope: Scope, invoker: Invoker?
    ) -> Bool {
        guard let rule = rules.batch, let options = rules.options.batch else { return false }
        // A tick is not one of many: its function is to run then.
        if event.body.view["name"]?.stringEquals(ScheduledEvent.name) ?? false { return false }
        if options.condition != nil, rules.batchCondition?.holds(in: scope, now: now) != .matched { return false }
        let key = rules.key(rule, scope, now: now)
        let member = Pending.Member(event: event.row, invoker: invoker)
        let run: ULID
        if let open = pendings[key.key] {
            run = open.run
            let bytes = event.body.bytes.count
            pendings.join(member, bytes: bytes, to: run)
            decision.writes.append(.join(run: run, member, position: open.events.count, bytes: bytes))
        } else {
            run = newRunID()
            pend(
                Pending(
                    run: run, function: function.id, rule: .batch, key: key, openedAt: now,
                    firesAt: now + options.timeout, events: [member], eventTime: now, bytes: event.body.bytes.count
                )
            )
        }
        note(event.row, function, .batch, key: key.text, run: run, isTaken: true)
        if let batch = pendings[run],
            batch.events.count >= options.size || batch.bytes >= configuration.limits.batchBytes
        {
            close(batch)
            firePendings()
        }
        return true
    }

    private func close(_ batch: Pending) {
        var batch = batch
        batch.isClosed = true
        batch.firesAt = now
        pendings.put(batch)
        decision.writes.append(.close(run: batch.run, at: now))
    }

    private func pend(_ pending: Pending) {
        pendings.put(pending)
        decision.writes.append(.pend(pending))
    }

    // MARK: - Debounce

    /// - Returns: whether the event waits for later ones.
    private func debounce(
        _ event: OfferedEvent, for function: FunctionRecord, _ rules: FunctionRules, _ scope: Scope, invoker: Invoker?
    ) -> Bool {
        guard let rule = rules.debounce, let options = rules.options.debounce else { return false }
        let key = rules.key(rule, scope, now: now)
        let time = Timestamp(milliseconds: event.body.view["ts"]?.int ?? now.milliseconds)
        let member = Pending.Member(event: event.row, invoker: invoker)
        guard var pending = pendings[key.key] else {
            let run = newRunID()
            let period = options.timeout.map { min($0, options.period) } ?? options.period
            pend(
                Pending(
                    run: run, function: function.id, rule: .debounce, key: key, openedAt: now, firesAt: now + period,
                    events: [member], eventTime: time, bytes: event.body.bytes.count
                )
            )
            note(event.row, function, .debounce, key: key.text, run: run, isTaken: true)
            return true
        }
        note(event.row, function, .debounce, key: key.text, run: pending.run, isTaken: true)
        guard time >= pending.eventTime else {
            // A later event is waiting already.
            if let invoker { answer(invoker, outcome: .failed, memo: InvokeMemo.skipped(by: .debounce)) }
            return true
        }
        for replaced in pending.events.compactMap(\.invoker) {
            answer(replaced, outcome: .failed, memo: InvokeMemo.skipped(by: .debounce))
        }
        pending.events = [member]
        pending.eventTime = time
        pending.bytes = event.body.bytes.count
        pending.firesAt = now + options.period
        if let timeout = options.timeout {
            pending.firesAt = max(min(pending.firesAt, pending.openedAt + timeout), now)
        }
        pend(pending)
        return true
    }

    // MARK: - Firing

    /// Reads the events of debounces and batches whose time has come.
    func firePendings() {
        while let pending = pendings.takeDue(now: now) {
            // What comes from now on goes into the next batch.
            if pending.rule == .batch, !pending.isClosed { close(pending) }
            decision.effects.append(.readEvents(pending.events.map(\.event), for: pending.run))
        }
    }

    /// Starts the run of a debounce or batch whose events have been read.
    func fire(_ run: ULID, _ rows: [EventRow]) {
        guard let pending = pendings.takeRead(run, now: now) else { return firePendings() }
        decision.writes.append(.unpend(run: run))
        let bodies = Dictionary(rows.map { ($0.row, $0.body) }, uniquingKeysWith: { first, _ in first })
        let events = pending.events.compactMap { member in
            bodies[member.event].map { OfferedEvent(row: member.event, body: $0, startsAt: now) }
        }
        guard let function = registry.functions[pending.function], let first = events.first else {
            let memo = InvokeMemo.skipped(by: .removed)
            for invoker in pending.events.compactMap(\.invoker) { answer(invoker, outcome: .failed, memo: memo) }
            return
        }
        let startsAt = pending.rule == .debounce ? max(now, pending.eventTime) : now
        let new = PendingRun(
            id: run, events: events, invokers: pending.events.compactMap(\.invoker), startsAt: startsAt
        )
        guard !function.isArchived else { return skip(new, of: function, .removed) }
        _ = begin(new, of: function, queue.rules(of: function.id), values: EventValues(stored: first.body))
    }
}
