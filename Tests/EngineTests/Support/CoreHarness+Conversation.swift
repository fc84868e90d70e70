import ApusCore
import Testing

@testable import ApusEngine

/// The words in which tests talk with an engine.
extension CoreHarness {
    // MARK: - Apps and events

    static let app = UUID16.v5(namespace: .oid, name: "app")

    @discardableResult
    func register(_ functions: [FunctionConfiguration], as app: String = "app", checksum: String? = nil) -> Answer {
        let registration = Registration(
            appName: app,
            url: "http://\(app).test/api/inngest",
            functions: functions,
            checksum: checksum ?? "\(functions.hashValue)"
        )
        return feed(.register(registration)).answer
    }

    /// Sends one event.
    /// - Returns: its internal id.
    @discardableResult
    func send(
        _ name: String,
        _ data: String = "{}",
        id: String? = nil,
        internalID: ULID? = nil,
        at time: Timestamp? = nil,
        prior: PriorRuns = .unasked
    ) -> ULID {
        let event = IncomingEvent(name: name, data: json(data), senderID: id, timestamp: time)
        let events = [SubmittedEvent(event, internalID: internalID)]
        let answer = feed(.events(events, prior: looksUpKeys ? priorRuns(of: events) : prior)).answer
        guard case .accepted(let ids) = answer, ids.count == 1, let first = ids.first else {
            Issue.record("the event was answered with \(answer)")
            return ULID(high: 0, low: 0)
        }
        return first
    }

    /// What the store knows of events that may have come before.
    private func priorRuns(of events: [SubmittedEvent]) -> PriorRuns {
        guard let keys = core.keysToLookUp(for: .events(events, prior: .unasked)) else { return .unasked }
        let since = Timestamp(milliseconds: now.milliseconds - configuration.idempotencyPeriod.milliseconds)
        return PriorRuns(functions: store.functionsStarted(by: keys, since: since), memory: core.memoryOfRecentEvents)
    }

    // MARK: - Calls and replies

    /// The call that waits for an answer, when there is just one.
    func onlyCall(_ location: SourceLocation = #_sourceLocation) throws -> OutgoingCall {
        try #require(calls.count == 1, "\(calls.map(\.summary))", sourceLocation: location)
        return calls[0]
    }

    /// The one call that waits for an answer and has no target; of one function, if it is named.
    func discovery(of function: String? = nil, _ location: SourceLocation = #_sourceLocation) throws -> OutgoingCall {
        let found = calls.filter { call in
            call.stepID == "step" && function.map { store.folds[call.id.run]?.start.functionSlug == $0 } ?? true
        }
        try #require(found.count == 1, "\(calls.map(\.summary))", sourceLocation: location)
        return found[0]
    }

    /// The one call that waits for an answer and is meant for this step.
    func call(for step: String, _ location: SourceLocation = #_sourceLocation) throws -> OutgoingCall {
        let found = calls.filter { $0.stepID == id(step).description }
        try #require(found.count == 1, "\(calls.map(\.summary))", sourceLocation: location)
        return found[0]
    }

    /// The one call that waits for an answer and belongs to this function.
    func call(of function: String, _ location: SourceLocation = #_sourceLocation) throws -> OutgoingCall {
        let found = calls.filter { store.folds[$0.id.run]?.start.functionSlug == function }
        try #require(found.count == 1, "\(calls.map(\.summary))", sourceLocation: location)
        return found[0]
    }

    @discardableResult
    func reply(_ call: OutgoingCall, with reply: AppReply) -> Decision {
        takeBack(call.id)
        return feed(.reply(call.id, reply))
    }

    /// Answers a call with a list of ops.
    @discardableResult
    func reply(
        _ call: OutgoingCall,
        _ ops: Op...,
        version: Int = 2,
        isFinal: Bool = false,
        retryAfter: Timestamp? = nil
    ) -> Decision {
        let list = AppReply.OpList(ops: ops, version: version, isFinal: isFinal, retryAfter: retryAfter)
        return reply(call, with: .ops(list))
    }

    /// Answers the only call with a list of ops.
    func answer(_ ops: Op..., version: Int = 2, _ location: SourceLocation = #_sourceLocation) throws {
        reply(try onlyCall(location), with: .ops(AppReply.OpList(ops: ops, version: version)))
    }

    /// Lets the only call's function return.
    func complete(_ result: String? = "null", _ location: SourceLocation = #_sourceLocation) throws {
        reply(try onlyCall(location), with: .returned(result.map(json)))
    }

    /// Lets the only call's attempt fail.
    func fail(_ failure: AttemptFailure = .status500, _ location: SourceLocation = #_sourceLocation) throws {
        reply(try onlyCall(location), with: .failed(failure))
    }

    // MARK: - Time

    /// Moves the clock, stopping wherever the shard wants to be woken.
    func advance(to time: Timestamp) {
        var ticks = 0
        while let wake = core.nextWake, wake <= time {
            now = max(now, wake)
            feed(.tick)
            ticks += 1
            if ticks > 10_000 {
                Issue.record("the shard asks for ticks without end")
                break
            }
        }
        now = max(now, time)
    }

    func advance(by span: TimeSpan) {
        advance(to: now + span)
    }

    // MARK: - What happened

    /// The folds of all runs, in the order in which they began.
    var runs: [Run] { store.runs.compactMap { store.folds[$0.row] } }

    /// The folds of the runs of one function, in the order in which they began.
    func runs(of function: String) -> [Run] {
        runs.filter { $0.start.functionSlug == function }
    }

    /// The fold of the only run, or of the only run of a function.
    func onlyRun(of function: String? = nil, _ location: SourceLocation = #_sourceLocation) throws -> Run {
        let found = function.map { runs(of: $0) } ?? runs
        try #require(found.count == 1, sourceLocation: location)
        return found[0]
    }

    func events(named name: String) -> [EventRow] {
        store.events.filter { $0.name == name }
    }
}
