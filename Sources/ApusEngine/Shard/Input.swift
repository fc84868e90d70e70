import ApusCore

/// Everything that can happen to a shard. An input is a value: the simulation makes, loses, repeats
/// and reorders them at will.
package enum Input: Sendable {
    /// Events of one request, with the ids that the sender's seed gives them.
    case events([SubmittedEvent], prior: PriorRuns)
    /// A function is to be run by name, from outside.
    case invoke(slug: String, SubmittedEvent, prior: PriorRuns = .unasked)
    case reply(CallID, AppReply)
    /// Time has passed.
    case tick
    /// A run was read from the store, or could not be found there.
    case loaded(RowID, LoadedRun?)
    /// Wake-up times were read from the store's index.
    case wakes(WakePage)
    case register(Registration)
    /// A sync of the app at this address failed, for this reason.
    case syncFailed(url: String, reason: String)
    /// A function is to start nothing any more, or to go on.
    case pause(function: UUID16, Bool, by: String = AuditEntry.api)
    /// A function's limits are to be others than it registered; `nil` takes that back.
    case limit(function: UUID16, LimitOverride?, by: String)
    /// A schedule is to be treated differently.
    case schedule(ScheduleKey, ScheduleChange, by: String)
    /// A schedule's function is to run now.
    case runSchedule(ScheduleKey, by: String)
    /// Ticks of the past are to be run, which were computed by the outlook with this stamp.
    case backfill(OpenBackfill, seen: UInt64)
    case stopBackfill(ULID, by: String)
    /// Means nothing: answered when everything that was decided before is durable.
    case settle
    /// Somebody makes, changes or removes a schedule that sends an event, or sends its event now.
    case eventSchedule(EventScheduleOrder, by: String)
    /// The events of ticks that come soon were read.
    case templatesRead(TemplatePage, of: [UUID16], read: UInt64)
    /// Somebody has ordered something that is carried out bit by bit.
    case audit(AuditEntry)
    /// Another shard changed the registry; it is durable already.
    case registry(Registry)
    case message(from: ShardID, number: UInt64, Message)
    /// The store can never keep what this message means; whoever waits for it is told so instead.
    case refused(from: ShardID, number: UInt64, Message)
    /// Another shard has durably applied our messages up to this one.
    case acknowledged(by: ShardID, upTo: UInt64)
    case probed(app: UUID16, reachable: Bool)
    /// Listeners that a subject of ours may concern were read from the store.
    case listeners(ListenerPage)
    /// Events that were there before a listener of ours were read, oldest first.
    case eventsFound([EventRow], for: ListenerRow)
    /// The events of a debounce or batch were read, in no order.
    case eventsRead(for: ULID, [EventRow])
    /// Somebody wants a run to end.
    case cancel(run: RowID, Departure = .cancelled)
    /// A call reports steps, and goes on.
    case checkpoint(Checkpoint)
    /// A test lowers a limit of a function, or lifts that again.
    case testLimit(UUID16, TestLimit, Int?)
    /// Somebody notes something with a run, also with one that has ended.
    case annotate(row: RowID, run: ULID, [Annotation])
    /// A request that the server has made for a step has ended.
    case gateway(GatewayReport)
    /// A run has begun at an endpoint that may not be known yet.
    case endpoint(Endpoint)
    /// A run has begun inside an app.
    case begin(EndpointRun)
    /// An app reports what it has done in a request of its own.
    case report(EndpointReport)
    /// Somebody wants a run to be repeated.
    case rerun(RerunOrder)
    /// Somebody wants a run not to wait for a time any longer.
    case wake(run: RowID, by: String)
    /// A signal for a wait that was found in the store.
    case signal(name: String, payload: RawJSON, run: RowID, listener: ListenerNumber)
}

/// Why somebody wants a run to end.
package enum Departure: Hashable, Sendable {
    case cancelled
    /// Unless it has started.
    case drained
    /// Unless it has started: nothing is to come of its event any more.
    case withdrawn
    /// Unless it has started; its events start a run of another function instead.
    case moved(to: UUID16)
}

package struct SubmittedEvent: Hashable, Sendable {
    package var event: IncomingEvent
    /// From the sender's seed; `nil` lets the shard draw one.
    package var internalID: ULID?

    package init(_ event: IncomingEvent, internalID: ULID? = nil) {
        self.event = event
        self.internalID = internalID
    }

    /// What makes two events the same event; `nil` when nothing can repeat this one.
    package var key: EventKey? {
        if let sender = event.senderID { return EventKey(senderID: sender) }
        return internalID.map(EventKey.init(internalID:))
    }
}

/// A stable 128-bit name for the id under which an event may arrive again.
package struct EventKey: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package init(senderID: String) {
        let hash = StableHash.wide(Array(senderID.utf8))
        self.init(high: UInt64(truncatingIfNeeded: hash >> 64), low: UInt64(truncatingIfNeeded: hash))
    }

    /// An internal id names itself, so that keys of events sent one after the other stay close
    /// together in the store's index.
    package init(internalID: ULID) {
        self.init(high: internalID.high, low: internalID.low)
    }
}

/// The functions that events with these keys have started within the idempotency period, read from
/// the store because they happened too long ago for memory.
package struct PriorRuns: Hashable, Sendable {
    package var functions: [EventKey: [UUID16]]
    /// The shard's memory of recent events at the time of asking; an answer that memory has moved
    /// past must be asked for again.
    package var memory: UInt64

    package static let unasked = PriorRuns(functions: [:], memory: .max)

    package init(functions: [EventKey: [UUID16]], memory: UInt64) {
        self.functions = functions
        self.memory = memory
    }
}

/// A run as the store holds it.
package struct LoadedRun: Sendable {
    package var turns: [Turn]
    package var events: [RawJSON]
    package var projection: RunProjection

    package init(turns: [Turn], events: [RawJSON], projection: RunProjection) {
        self.turns = turns
        self.events = events
        self.projection = projection
    }
}

/// A stored event as the rules of flow control see it.
package struct OfferedEvent: Hashable, Sendable {
    package var row: RowID
    package var body: RawJSON
    /// When its run is to start; what has passed means at once.
    package var startsAt: Timestamp

    package init(row: RowID, body: RawJSON, startsAt: Timestamp) {
        self.row = row
        self.body = body
        self.startsAt = startsAt
    }
}

/// The next stretch of the wake-up index, in order of time and row.
package struct WakePage: Hashable, Sendable {
    package var wakes: [Wake]
    /// Everything up to here has been read; later wake-ups are still only in the index.
    package var upTo: Timestamp
    /// Whether more rows exist below `upTo` than the page could hold.
    package var isFull: Bool

    package init(wakes: [Wake], upTo: Timestamp, isFull: Bool) {
        self.wakes = wakes
        self.upTo = upTo
        self.isFull = isFull
    }
}

package struct Wake: Hashable, Comparable, Sendable {
    package var at: Timestamp
    package var run: RowID

    package init(at: Timestamp, run: RowID) {
        self.at = at
        self.run = run
    }

    package static func < (left: Wake, right: Wake) -> Bool {
        (left.at, left.run) < (right.at, right.run)
    }
}

/// What one shard asks of another. Numbered, stored with the decision that made it, and applied
/// exactly once.
package enum Message: Hashable, Sendable {
    /// Start the function for this event; `event` has its internal id already.
    case invoke(function: UUID16, event: IncomingEvent, id: ULID, receivedAt: Timestamp, invoker: Invoker)
    /// The run that a step waits for has ended.
    case resume(run: RowID, step: StepID, outcome: StepResult.Outcome, memo: RawJSON)
    /// An event that a listener was waiting for has come.
    case matched(run: RowID, listener: ListenerNumber, event: RowID, body: RawJSON)
    /// A younger wait takes the place of this one.
    case displace(run: RowID, listener: ListenerNumber)
    /// An event that a function listens to, for the shard that decides about its limits.
    case offer(function: UUID16, OfferedEvent, invoker: Invoker?)
    /// The run is to end.
    case cancel(run: RowID, cause: String)

    /// The run that has to be in memory, if it still lives, before the message can be applied.
    var run: RowID? {
        switch self {
        case .invoke, .offer: nil
        case .resume(let run, _, _, _), .matched(let run, _, _, _), .displace(let run, _), .cancel(let run, _): run
        }
    }
}
