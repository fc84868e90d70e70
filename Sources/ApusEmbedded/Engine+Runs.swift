import Apus
import ApusCore
import ApusEngine
import ApusNode
import ApusStore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

// MARK: - Starting

extension Engine {
    /// Sends an event; when this returns, the event is on the disk and so are the runs that it starts.
    /// - Returns: the event's id.
    /// - Throws: `SendError` when it is refused, `EncodingError` when it is no JSON.
    @discardableResult
    public func send(_ event: some Event, id: String? = nil, at date: Date? = nil) async throws -> String {
        try await client.send(event, id: id, at: date)
    }

    /// Sends events.
    /// - Returns: their ids, in their order.
    /// - Throws: `SendError` when one is refused, `EncodingError` when one is no JSON.
    @discardableResult
    public func send(_ events: [OutgoingEvent]) async throws -> [String] {
        try await client.send(events)
    }

    /// Starts a function, whatever its triggers.
    /// - Returns: the run's id.
    /// - Throws: ``EngineError``.
    public func start<Input, Output>(_ function: Function<Input, Output>, _ input: Input) async throws -> String {
        try await start(function, input, isAwaited: false).run
    }

    /// - Returns: the run, and where to wait for its end if there is a place.
    private func start<Input, Output>(
        _ function: Function<Input, Output>, _ input: Input, isAwaited: Bool
    ) async throws -> (run: String, place: Int?) {
        let data = try Coding.encode(input)
        guard data.view.kind == .object else {
            throw EngineError.invalid("function \(function.slug): its input is no JSON object")
        }
        var writer = JSONWriter(reserving: data.bytes.count + 16)
        writer.object { $0.member("data", data) }
        let event: IncomingEvent
        do {
            event = try EventRequest.decodeInvocation(writer.bytes, function: function.slug)
        } catch {
            throw EngineError.invalid("function \(function.slug) cannot be invoked: \(error)")
        }
        let submitted = SubmittedEvent(event)
        let invoked = try await explained {
            try await node.invoke(function.slug, submitted, isAwaited: isAwaited)
        }
        guard let run = invoked.run else { throw EngineError.notStarted(function.slug) }
        return (run.description, invoked.place)
    }

    /// Starts a function, and waits for its result.
    /// - Parameter timeout: how long to wait; as long as it takes if not said.
    /// - Throws: ``RunFailure`` when the run failed, ``EngineError`` otherwise.
    public func invoke<Input, Output>(
        _ function: Function<Input, Output>, _ input: Input, within timeout: Duration? = nil
    ) async throws -> Output {
        let (run, place) = try await start(function, input, isAwaited: true)
        let output = try await output(of: run, at: place, within: timeout)
        return try function.decodeOutput(try client.settings.middleware.incoming(output.view))
    }

    /// Gives a signal to the run that waits for it.
    /// - Returns: whether one did.
    @discardableResult
    public func sendSignal(_ signal: String, _ payload: some Encodable & Sendable) async throws -> Bool {
        try await explained { try await client.sendSignal(signal, payload) }
    }
}

// MARK: - Runs

extension Engine {
    /// A run as it is at the moment.
    public struct Run: Sendable {
        /// Its id.
        public let id: String
        /// The function, `<app>-<function>`.
        public let function: String
        /// The event that started it.
        public let eventID: String
        /// What it is doing.
        public let status: Status
        /// When it was created.
        public let createdAt: Date
        /// When it was first called.
        public let startedAt: Date?
        /// When it ended.
        public let endedAt: Date?
        let output: RawJSON?

        /// What a run is doing.
        public enum Status: String, Hashable, Sendable {
            /// It lives: it runs, sleeps or waits.
            case running
            /// It has returned.
            case completed
            /// It has thrown, and is tried no more.
            case failed
            /// It was ended from outside.
            case cancelled
        }

        /// What it failed with; `nil` when it did not.
        public var failure: RunFailure? {
            guard status == .failed else { return nil }
            return RunFailure(runID: id, (output ?? .null).view)
        }
    }

    /// Looks at a run.
    /// - Returns: `nil` when there is none of this id.
    public func run(_ id: String) async throws -> Run? {
        guard let id = ULID(id) else { return nil }
        let found = try await explained { try await node.read { reader throws(StoreError) in try reader.run(id: id) } }
        return found.map { Run($0) }
    }

    /// The runs that an event has started, the oldest first, 1,000 at most.
    public func runs(of event: String) async throws -> [Run] {
        guard let id = ULID(event) else { return [] }
        let found = try await explained {
            try await node.read { reader throws(StoreError) in try reader.runs(ofEvent: id) }
        }
        return found.map { Run($0) }
    }

    /// Waits until a run has ended. At most 1,000 may wait at a time.
    /// - Parameter timeout: how long to wait; as long as it takes if not said.
    /// - Throws: ``EngineError``, `CancellationError` when the waiting task is cancelled.
    public func end(of id: String, within timeout: Duration? = nil) async throws -> Run {
        guard let run = ULID(id) else { throw EngineError.unknownRun(id) }
        let found = try await explained { try await node.end(of: run, within: timeout) }
        guard let found else { throw EngineError.unknownRun(id) }
        guard found.projection.status.isFinal else { throw unfinished(id) }
        return Run(found)
    }

    /// - Parameter place: where the run's end is told; without one the store is asked.
    private func output(of id: String, at place: Int?, within timeout: Duration?) async throws -> RawJSON {
        guard let place else { return try await end(of: id, within: timeout).outputOfCompleted() }
        guard let outcome = await node.outcome(at: place, within: timeout) else { throw unfinished(id) }
        return try outcome.end.outputOfCompleted(id)
    }

    /// Why nobody waits for a run any more that has not ended.
    private func unfinished(_ id: String) -> any Error {
        if Task.isCancelled { return CancellationError() }
        return hasEnded ? EngineError.ended : EngineError.stillRunning(id)
    }

    /// Waits until a run has ended, and reads its result.
    /// - Parameter timeout: how long to wait; as long as it takes if not said.
    /// - Throws: ``RunFailure`` when it failed, `DecodingError` when its result has another form, ``EngineError``.
    public func result<Output: Decodable>(
        of id: String, as type: Output.Type = Output.self, within timeout: Duration? = nil
    ) async throws -> Output {
        let place = ULID(id).flatMap { node.ends.enter(ifLiving: $0) }
        let output = try await output(of: id, at: place, within: timeout)
        return try Coding.decode(type, from: try client.settings.middleware.incoming(output.view))
    }

    /// Cancels a run, whatever it is doing; nothing happens when it has ended.
    /// - Returns: whether there is such a run.
    @discardableResult
    public func cancel(_ id: String) async throws -> Bool {
        guard let run = ULID(id) else { return false }
        return try await explained { try await node.cancel(run: run) }
    }

    /// Starts a run that repeats another one: of a run that failed or was cancelled what had not been done, of any other
    /// all of it.
    /// - Returns: the new run's id.
    @discardableResult
    public func rerun(_ id: String) async throws -> String {
        guard let run = ULID(id) else { throw EngineError.unknownRun(id) }
        switch try await explained({ try await node.rerun(run, from: nil, by: "engine") }) {
        case .started(let new): return new.description
        case .unknownRun: throw EngineError.unknownRun(id)
        case .impossible(let problem): throw EngineError.invalid("run \(id) cannot be repeated: \(problem)")
        case .refused(let answer): throw EngineError.invalid("run \(id) cannot be repeated: \(answer.reason)")
        }
    }

    /// Errors of the rooms below in words of this one.
    private func explained<Value>(_ body: () async throws -> Value) async throws -> Value {
        if hasEnded { throw EngineError.ended }
        do {
            return try await body()
        } catch  where hasEnded && !(error is CancellationError) {
            throw EngineError.ended
        } catch let error as NodeError {
            throw EngineError(error)
        } catch let error as StoreError {
            throw EngineError.unavailable("\(error)")
        }
    }
}

extension Engine.Run {
    init(_ run: StoredRun) {
        id = run.id.description
        function = run.functionSlug
        eventID = run.eventID.description
        status = Status(run.projection.status)
        createdAt = Date(run.createdAt)
        startedAt = run.projection.startedAt.map { Date($0) }
        endedAt = run.projection.endedAt.map { Date($0) }
        output = run.end?.output?.json
    }

    /// - Throws: why there is none.
    func outputOfCompleted() throws -> RawJSON {
        try Self.output(output, of: id, status)
    }

    fileprivate static func output(_ output: RawJSON?, of id: String, _ status: Status) throws -> RawJSON {
        switch status {
        case .running: throw EngineError.stillRunning(id)
        case .cancelled: throw EngineError.cancelled(id)
        case .failed: throw RunFailure(runID: id, (output ?? .null).view)
        case .completed: return output ?? .null
        }
    }
}

extension Engine.Run.Status {
    fileprivate init(_ status: RunStatus) {
        self =
            switch status {
            case .running: .running
            case .completed: .completed
            case .failed: .failed
            case .cancelled: .cancelled
            }
    }
}

extension RunEnd {
    /// - Throws: why there is none.
    fileprivate func outputOfCompleted(_ run: String) throws -> RawJSON {
        try Engine.Run.output(output?.json, of: run, Engine.Run.Status(status))
    }
}
