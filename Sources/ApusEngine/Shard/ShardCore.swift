import ApusCore
import DequeModule
import HeapModule

/// A call that was made before the shard had to read itself again.
package struct InheritedCall: Hashable, Sendable {
    package var app: UUID16
    package var slots: CallSlots
    /// The app has answered, and requests of the server are under way.
    package var isGateway: Bool

    package init(app: UUID16, slots: CallSlots, isGateway: Bool = false) {
        self.app = app
        self.slots = slots
        self.isGateway = isGateway
    }
}

/// The state machine of one shard: *decide*.
///
/// `decide` takes an input, the time and nothing else; it reads no clock, awaits nothing and touches
/// no socket. What it returns must be made durable before any of its effects happen. Confined to its
/// owner: a shard's event loop, or the simulation.
package final class ShardCore {
    package let shard: ShardID
    package let shardCount: Int
    package let configuration: EngineConfiguration
    package internal(set) var registry: Registry

    var rows: RowCounters
    var random: SplitMix64
    /// Runs that are folded in memory.
    var residents: [RowID: Resident] = [:]
    var residentBytes = 0
    /// Idle runs, longest idle first; stale places are skipped.
    var idle: Deque<(run: RowID, stamp: UInt64)> = []
    /// Runs that are being read.
    var loads: Set<RowID> = []
    /// What waits until a run has been read.
    var postponed: [RowID: [Postponed]] = [:]
    var wakes = Heap<Wake>()
    var wakeReader: WakeReader
    var gates: [UUID16: AppGate] = [:]
    /// Runs that wait for their turn, and what decides whose it is.
    let queue = RunQueue()
    /// Debounces and open batches.
    var pendings: Pendings
    var testLimits: [UUID16: [TestLimit: Int]] = [:]
    /// The run that lives for each key of a singleton.
    var singletons: [LimitKey: SingletonHolder] = [:]
    /// Runs that have to end before anything else happens to them, with the cause; a message to our own shard
    /// is on its way to them.
    var displaced: [RowID: String] = [:]
    var stepURLs: [UUID16: StepURLTemplate] = [:]
    /// Calls whose replies have not come back, also of runs that have ended since.
    var openCalls: [CallID: OpenCall] = [:]
    var recents = RecentEvents()
    /// What events were offered to when the shard was left, by messages of which no store can tell yet whether
    /// they have started anything.
    var restoredOffers = RecentEvents()
    var outboxes: [ShardID: Outbox] = [:]
    var applied: [ShardID: UInt64]
    var topics: Topics
    var schedules: Schedules
    var backfills: Backfills
    var eventSchedules: EventSchedules
    /// Events that have not reached all their listeners yet, by row.
    var looks = PendingLooks()
    /// To be begun again with the first input.
    var interruptedLooks: InterruptedLooks?

    /// The newest batch that is durable.
    package var committedBatch: UInt64 = 0

    // The decision in progress.
    var decision = Decision()
    var now: Timestamp
    var batch: UInt64 = 0
    var touched: [Resident] = []

    /// Calls made before the shard had to read itself again, by runs that have not been read since.
    var inheritedCalls: [RowID: [CallID]] = [:]

    /// The call whose reply is being dealt with: its slots are free already, and it is no orphan.
    var answering: CallID?

    /// The run that lives for a key of a singleton.
    struct SingletonHolder {
        var run: RowID
        var id: ULID?
    }

    struct OpenCall {
        var app: UUID16
        var bytes: Int
        var slots: CallSlots
        /// The call was made before the shard had to read itself again; its run may not be in memory.
        var isInherited = false
        /// Whether it takes up room; a call whose job has been called again since leaves that to the newer one.
        var holdsSlots = true
        /// The app has answered, and the server makes requests for it.
        var gateway: Gateway?

        struct Gateway {
            /// Why the call has to be made again when the last request has ended.
            var failure: Failure?
            /// After what time the same attempt is made again, if no request has failed.
            var repeatsIn = TimeSpan.zero
        }

        struct Failure {
            var retryAt: Timestamp?
            var error: RawJSON
            var cause: String
        }
    }

    /// What can only be decided when its run is in memory.
    enum Postponed {
        case message(from: ShardID, number: UInt64, Message)
        case reply(CallID, AppReply)
        case match(ListenerNumber, event: RowID)
        case events([EventRow], ListenerRow)
        case holders(ListenerPage, ListenerNumber)
        case cancel(Departure)
        case wake(by: String)
        case checkpoint(Checkpoint)
        case annotate(ULID, [Annotation])
        case gateway(GatewayReport)
        case report(EndpointReport)
        case signal(ListenerNumber, name: String, payload: RawJSON)
        case turn(RunQueue.Admission, app: UUID16)

        func isMessage(_ number: UInt64, from sender: ShardID) -> Bool {
            if case .message(sender, number, _) = self { true } else { false }
        }
    }

    /// - Parameters:
    ///   - openCalls: calls that this process made before it had to read the shard again and whose
    ///     replies can still arrive; they are not repeated.
    ///   - seed: everything that the shard draws at random follows from it.
    package init(
        shard: ShardID,
        shardCount: Int,
        state: ShardState,
        openCalls: [CallID: InheritedCall] = [:],
        configuration: EngineConfiguration,
        seed: UInt64
    ) {
        self.shard = shard
        self.shardCount = shardCount
        self.configuration = configuration
        registry = state.registry
        rows = state.rows
        random = SplitMix64(seed: seed)
        applied = state.applied
        topics = Topics(state.topics, limit: configuration.limits.listenedNames)
        interruptedLooks = state.looks
        schedules = Schedules(state.schedules)
        backfills = Backfills(state.backfills, stamp: StableHash(seed: seed).value)
        var bounds = EventSchedules.Bounds()
        bounds.missed = configuration.limits.missedTicks
        eventSchedules = EventSchedules(state.eventSchedules, bounds: bounds)
        pendings = Pendings(state.pendings)
        now = state.time
        wakeReader = WakeReader(span: configuration.wakeHorizon, page: configuration.limits.wakePage)
        for (receiver, number) in state.nextNumbers { outboxes[receiver, default: Outbox()].next = number }
        for (receiver, number, message) in state.unacknowledged {
            outboxes[receiver, default: Outbox()].restore(number: number, message)
            restore(message, to: receiver)
        }
        for function in registry.functions.values { queue.update(function, now: now) }
        for (call, inherited) in openCalls {
            self.openCalls[call] = OpenCall(
                app: inherited.app, bytes: 0, slots: inherited.slots, isInherited: true,
                gateway: inherited.isGateway ? OpenCall.Gateway() : nil
            )
            if !inherited.isGateway { gates[inherited.app, default: AppGate()].callBegan(bytes: 0) }
            inheritedCalls[call.run, default: []].append(call)
        }
        restoreFlow(from: state)
    }

    /// Decides what an input means.
    /// - Parameters:
    ///   - time: the owner's clock; the shard's own never goes back.
    ///   - batch: the number of the batch that will hold the decision's writes.
    package func decide(_ input: Input, at time: Timestamp, batch: UInt64) -> Decision {
        now = max(now, time)
        self.batch = batch
        resume()
        switch input {
        case .events(let events, let prior): acceptEvents(events, prior: prior)
        case .invoke(let slug, let event, let prior): acceptInvocation(of: slug, event, prior: prior)
        case .reply(let call, let reply): receive(reply, for: call)
        case .tick: passTime()
        case .loaded(let row, let run): receiveRun(row, run)
        case .wakes(let page): receiveWakes(page)
        case .register(let registration): register(registration)
        case .syncFailed(let url, let reason): recordSyncFailure(url: url, reason: reason)
        case .pause(let function, let isPaused, let actor): pause(function, isPaused, by: actor)
        case .limit(let function, let limits, let actor): limit(function, limits, by: actor)
        case .schedule(let key, let change, let actor): self.change(key, change, by: actor)
        case .runSchedule(let key, let actor): run(key, by: actor)
        case .backfill(let backfill, let stamp): order(backfill, seen: stamp)
        case .stopBackfill(let id, let actor): stopBackfill(id, by: actor)
        case .settle: break
        case .testLimit(let function, let limit, let value): setTestLimit(limit, of: function, to: value)
        case .eventSchedule(let order, let actor): carryOut(order, by: actor)
        case .templatesRead(let page, let schedules, let read): receiveTemplates(page, of: schedules, read: read)
        case .audit(let entry): decision.writes.append(.audit(entry))
        case .registry(let registry): adopt(registry)
        case .message(let sender, let number, let message): receive(message, number: number, from: sender)
        case .refused(let sender, let number, let message): refuse(message, number: number, from: sender)
        case .acknowledged(let receiver, let number): forgetMessages(to: receiver, upTo: number)
        case .probed(let app, let reachable): probeEnded(app: app, reachable: reachable)
        case .listeners(let page): receiveListeners(page)
        case .eventsRead(let run, let events): fire(run, events)
        case .eventsFound(let events, let row): receiveEvents(events, for: row)
        case .cancel(let run, let departure): end(run, departure)
        case .checkpoint(let checkpoint): receive(checkpoint)
        case .annotate(let row, let run, let annotations): annotate(row, run, annotations)
        case .gateway(let report): receive(report)
        case .endpoint(let endpoint): register(endpoint)
        case .begin(let run): begin(run)
        case .report(let report): receive(report)
        case .rerun(let order): rerun(order)
        case .wake(let run, let actor): wake(run, by: actor)
        case .signal(let name, let payload, let run, let number):
            acceptSignal(name, payload: payload, run: run, number: number)
        }
        startReleasedTicks()
        readTemplates()
        sendDueCalls()
        sealTurns()
        evictIdleRuns()
        defer { decision = Decision() }
        return decision
    }

    /// The shard's time: the newest that it has seen.
    package var time: Timestamp { now }

    /// When `Input.tick` is next needed; `nil` when only other inputs can change anything.
    package var nextWake: Timestamp? {
        var next = wakeReader.nextRead
        func consider(_ time: Timestamp?) {
            guard let time else { return }
            next = next.map { min($0, time) } ?? time
        }
        if loads.count < configuration.limits.concurrentLoads { consider(wakes.min?.at) }
        consider(schedules.hasReleased ? now : schedules.first?.at)
        consider(nextBackfill)
        consider(nextEventScheduleWake)
        consider(queue.nextOpening)
        consider(queue.arrivals.mustForget(atMost: configuration.limits.rateKeys))
        consider(pendings.nextAlarm)
        for gate in gates.values { consider(gate.breaker.probeAt) }
        for outbox in outboxes.values { consider(outbox.resendAt(after: configuration.resendAfter)) }
        return next
    }

    /// Why no new events may come in at the moment; `nil` when they may.
    package var refusal: String? {
        let limits = configuration.limits
        if looks.count >= limits.pendingLooks { return "the search for those who wait for events is far behind" }
        if pendings.count >= limits.pendings { return "\(pendings.count) debounces and batches are waiting" }
        if queue.arrivals.count >= limits.rateKeys {
            return "throttles and rate limits remember \(queue.arrivals.count) keys"
        }
        let isBehind = outboxes.values.contains { $0.unacknowledged.count >= limits.unacknowledgedMessages }
        return isBehind ? "another shard is far behind" : nil
    }

    /// The shard that owns what has this id.
    package static func home(of id: ULID, shardCount: Int) -> ShardID {
        ShardID(id.low % UInt64(shardCount))
    }

    // MARK: - Recording

    func record(_ entry: JournalEntry, _ resident: Resident) {
        resident.run.apply(entry, at: now)
        resident.openTurn.append(entry)
        touch(resident)
    }

    func touch(_ resident: Resident) {
        guard !resident.isTouched else { return }
        resident.isTouched = true
        touched.append(resident)
    }

    /// Large values get a row of their own, so that journals stay small to scan.
    func payload(_ json: RawJSON) -> Payload {
        guard json.bytes.count > configuration.limits.inlinePayloadBytes else { return Payload(json) }
        let row = draw(&rows.payload)
        decision.writes.append(.payload(row: row, json))
        return Payload(json, row: row)
    }

    func tell(_ resident: Resident, _ what: RunChange.What) {
        decision.effects.append(
            .changed(RunChange(run: resident.run.id, function: resident.run.start.functionSlug, what: what))
        )
    }

    /// Writes what the decision recorded about each run: one journal row and one projection a run.
    private func sealTurns() {
        for resident in touched {
            resident.isTouched = false
            resident.stamp &+= 1
            sealListeners(of: resident)
            sealKept(resident)
            if !resident.openTurn.isEmpty {
                let row = draw(&rows.turn)
                decision.writes.append(
                    .turn(
                        row: row, run: resident.row, previous: resident.head,
                        Turn(at: now, entries: resident.openTurn)
                    )
                )
                resident.head = row
                resident.openTurn = []
                project(resident)
            } else if resident.run.expiresAt != nil, resident.run.waitsSince(at: now) != nil,
                resident.run.alarm(at: now) != resident.storedAlarm
            {
                // The alarm that the store has was that of a call which waits now; a run that leaves memory while
                // it waits would be forgotten until its turn.
                project(resident)
            }
            if resident.run.isFinished {
                residents[resident.row] = nil
                residentBytes -= resident.accountedBytes
            } else {
                arm(resident)
                account(resident)
                if resident.isIdle { idle.append((resident.row, resident.stamp)) }
            }
        }
        touched.removeAll(keepingCapacity: true)
    }

    private func project(_ resident: Resident) {
        let projection = RunProjection(of: resident.run, head: resident.head, at: now)
        resident.storedAlarm = projection.wakeAt
        resident.batch = batch
        decision.writes.append(.projection(run: resident.row, projection))
    }

    /// Writes what the shard will have to know of the run when it begins again.
    private func sealKept(_ resident: Resident) {
        let kept = resident.run.kept(at: now)
        guard resident.stored != .known(kept) else { return }
        resident.stored = .known(kept)
        resident.batch = batch
        decision.writes.append(kept.map(Write.keep) ?? .unkeep(run: resident.row))
    }

    /// Keeps the run's next alarm in the heap, if it is near; the store's index brings the far ones,
    /// and those of runs in memory are looked at again when the horizon moves.
    func arm(_ resident: Resident) {
        guard let due = resident.nextDue, wakeReader.isNear(due, now: now), resident.armed != due else { return }
        resident.armed = due
        wakes.insert(Wake(at: due, run: resident.row))
    }

    private func account(_ resident: Resident) {
        let bytes = resident.estimatedBytes
        residentBytes += bytes - resident.accountedBytes
        resident.accountedBytes = bytes
    }

    private func evictIdleRuns() {
        if idle.count > 1_024, idle.count > 4 * residents.count {
            idle.removeAll { residents[$0.run]?.stamp != $0.stamp }
        }
        while residentBytes > configuration.limits.residentBytes, let candidate = idle.popFirst() {
            guard let resident = residents[candidate.run], resident.stamp == candidate.stamp, resident.isIdle else {
                continue
            }
            guard resident.batch <= committedBatch else {
                idle.prepend(candidate)
                return
            }
            residents[candidate.run] = nil
            residentBytes -= resident.accountedBytes
        }
    }
}
