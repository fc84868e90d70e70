import ApusCore

/// What an input means: what to make durable, and what to do once it is.
package struct Decision: Sendable {
    package var writes: [Write] = []
    package var effects: [Effect] = []
    package var answer: Answer = .none
    /// The input takes effect only with the `Input.loaded` of this run; whoever handed it in must
    /// keep it until then, because so far it is only in memory.
    package var postponedUntilLoaded: RowID?
    /// What those are told who had to wait until a run was read, in their order.
    package var postponedAnswers: [Answer] = []

    package init() {}
}

/// One change to the store. All writes of a batch become durable together or not at all.
package enum Write: Sendable {
    case event(EventRow)
    case run(RunRow)
    case turn(row: RowID, run: RowID, previous: RowID, Turn)
    case projection(run: RowID, RunProjection)
    case payload(row: RowID, RawJSON)
    case app(AppRecord)
    case function(FunctionRecord)
    case send(to: ShardID, number: UInt64, Message)
    case forget(to: ShardID, upTo: UInt64)
    case applied(from: ShardID, number: UInt64)
    case listen(ListenerRow)
    case unlisten(run: RowID, number: ListenerNumber)
    case unlistenAll(run: RowID)
    /// The listener has seen what was there before it.
    case lookedBack(run: RowID, number: ListenerNumber)
    /// The event still has to reach its listeners.
    case lookPending(event: RowID)
    case lookDone(event: RowID)
    case schedule(ScheduleRow)
    case unschedule(ScheduleKey)
    /// A new order, with its ticks.
    case backfill(OpenBackfill)
    /// What has become of an order. The ticks of one that has ended are forgotten.
    case backfillMoved(Backfill)
    /// Stores an event schedule, or another one of its name in its place.
    case eventSchedule(EventSchedule, EventTemplate)
    /// Pauses an event schedule, or lets it go on.
    case eventSchedulePause(UUID16, at: Timestamp?, since: Timestamp, due: Timestamp?)
    case eventScheduleCatchUp(UUID16, CatchUp)
    case removeEventSchedule(UUID16)
    /// All ticks of event schedules up to this one have been dealt with; those that fire once are gone.
    case ticked(Tick)
    /// A run that has to be known when the shard starts, or what has changed of it.
    case keep(KeptRun)
    case unkeep(run: RowID)
    /// The journal of a run that has ended goes on to this row.
    case extended(run: RowID, head: RowID)
    case arrival(Arrival)
    /// Arrivals up to this time, in nanoseconds since 1970, are over.
    case forgetArrivals(before: Int64)
    /// A debounce or a batch, with all its events.
    case pend(Pending)
    /// An event for a batch.
    /// - Parameter position: how many it holds already.
    case join(run: ULID, Pending.Member, position: Int, bytes: Int)
    /// The batch takes no more events.
    case close(run: ULID, at: Timestamp)
    /// The run has started, or never will.
    case unpend(run: ULID)
    case outcome(Outcome)
    case audit(AuditEntry)
}

package struct EventRow: Hashable, Sendable {
    package var row: RowID
    package var id: ULID
    /// The key under which the event may arrive again, or under which its tick is looked for; `nil` when neither
    /// can be.
    package var key: EventKey?
    package var name: String
    package var receivedAt: Timestamp
    package var body: RawJSON

    package init(row: RowID, id: ULID, key: EventKey?, name: String, receivedAt: Timestamp, body: RawJSON) {
        self.row = row
        self.id = id
        self.key = key
        self.name = name
        self.receivedAt = receivedAt
        self.body = body
    }
}

package struct RunRow: Hashable, Sendable {
    package var row: RowID
    package var id: ULID
    package var function: UUID16
    /// The first of its events.
    package var event: RowID
    package var createdAt: Timestamp
    /// The run that it repeats.
    package var origin: ULID?

    package init(
        row: RowID, id: ULID, function: UUID16, event: RowID, createdAt: Timestamp, origin: ULID? = nil
    ) {
        self.row = row
        self.id = id
        self.function = function
        self.event = event
        self.createdAt = createdAt
        self.origin = origin
    }
}

/// Something that leaves the shard. Released only when everything it depends on is durable.
package enum Effect: Sendable {
    case call(OutgoingCall)
    /// Make requests for steps and come back with an `Input.gateway` for each.
    case gateway(OutgoingGateway)
    /// Break off the requests of a call; each that was open still comes back.
    case endGateway(CallID)
    case probe(app: UUID16, url: String)
    case send(to: ShardID, number: UInt64, Message)
    case acknowledge(to: ShardID, upTo: UInt64)
    /// Read a run and come back with `Input.loaded`.
    case load(RowID)
    /// Read wake-up times after `after` and up to `upTo`; come back with `Input.wakes`.
    case readWakes(after: Wake?, upTo: Timestamp, limit: Int)
    /// Read the events that start a run and come back with `Input.eventsRead`.
    case readEvents([RowID], for: ULID)
    /// Read the events of schedules, in this order and up to a number of bytes but at least one, and come back
    /// with `Input.templatesRead`.
    case readTemplates([UUID16], read: UInt64, bytes: Int)
    /// Find listeners and come back with `Input.listeners`.
    case findListeners(ListenerQuestion)
    /// Find events that were there before a listener and come back with `Input.eventsFound`.
    case findEvents(named: String, since: Timestamp, for: ListenerRow)
    case registryChanged(Registry)
    /// A run took a step, for those who watch.
    case changed(RunChange)
}

/// One call to an app, complete but for the connection.
package struct OutgoingCall: Sendable {
    package var id: CallID
    package var app: UUID16
    package var url: String
    package var runID: ULID
    package var function: UUID16
    package var trace: TraceContext
    /// `step` for a discovery, else the targeted step.
    package var stepID: String
    package var requestID: ULID
    package var jobID: String
    package var version: Int
    package var body: [UInt8]
    /// What the call counts for, to be handed back when the shard is read again while it is under way.
    package var slots: CallSlots
    /// Of an endpoint: the request that is made in place of a POST with the state; `body` is its body.
    package var reentry: Reentry?
}

/// How an endpoint of an app is entered again.
package struct Reentry: Hashable, Sendable {
    package var method: String
    /// Empty when the request had none.
    package var contentType: String
    package var signature: EndpointRequest.Signature
    /// The app is to report steps instead of running them.
    package var isPlanning: Bool
}

/// For logs and live views; carries no state that anything depends on.
package struct RunChange: Hashable, Sendable {
    package var run: ULID
    package var function: String
    package var what: What

    package enum What: Hashable, Sendable {
        case started
        case stepFinished(name: String, StepResult.Outcome)
        case attemptFailed(attempt: Int, cause: String, retryAt: Timestamp)
        case finished(RunOutcome)
    }
}

/// How a run has ended, for those who wait for that.
package struct RunOutcome: Hashable, Sendable {
    package var end: RunEnd
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?

    package init(end: RunEnd, startedAt: Timestamp?, endedAt: Timestamp?) {
        self.end = end
        self.startedAt = startedAt
        self.endedAt = endedAt
    }
}

/// What the sender of an input is told.
package enum Answer: Hashable, Sendable {
    case none
    case accepted([ULID])
    /// The event that an invocation became, and the run that it started at once: `nil` when there is none, or not yet.
    case invoked(event: ULID, run: ULID?)
    case registered(isModified: Bool, app: UUID16)
    /// Whether a run has got the signal.
    case signalled(Bool)
    case backfill(BackfillAnswer)
    case eventSchedule(EventScheduleAnswer)
    case rerun(RerunAnswer)
    case checkpoint(CheckpointAnswer)
    case annotated(AnnotationAnswer)
    case endpoint(EndpointAnswer)
    /// How many of the run's jobs are due now that were not.
    case woken(Int)
}
