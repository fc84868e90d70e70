import ApusCore
import ApusEngine
import ApusStore
import Synchronization

/// Runs that begin inside apps.
extension Node {
    /// What came of the start of a run inside an app.
    package enum Beginning: Hashable, Sendable {
        case begun(app: UUID16, function: UUID16)
        /// Another run has this id, or the same start is being stored for somebody else.
        case conflict(String)
        case refused(EndpointAnswer)
    }

    /// Stores a run that an app has begun. The same start again changes nothing.
    package func begin(_ start: EndpointStart, bytes: Int) async throws -> Beginning {
        try intake.enter(bytes: bytes)
        defer { intake.leave(bytes: bytes) }
        let language = start.event.name == EndpointRequest.goEvent ? "go" : "js"
        let endpoint = Endpoint(domain: start.domain, slug: start.slug, url: start.url, language: language)
        let begun = Beginning.begun(app: endpoint.app, function: endpoint.function)
        let id = start.run
        guard begins.withLock({ $0.insert(id).inserted }) else {
            return .conflict("the start of run \(id) is being stored already")
        }
        defer { begins.withLock { _ = $0.remove(id) } }
        if let known = try await read({ reader throws(StoreError) in try reader.run(id: id) }) {
            return known.function == endpoint.function ? begun : .conflict("a run of another function has the id \(id)")
        }
        if registry.functions[endpoint.function].map(\.isArchived) ?? true {
            let answer = try await submit(.endpoint(endpoint), to: 0)
            guard answer == .endpoint(.known) else { return .refused(.tooManyEndpoints) }
        }
        let terms = EndpointTerms(version: start.version ?? -1, retries: start.retries)
        let run = EndpointRun(
            id: id, function: endpoint.function, event: start.event, terms: terms, ops: start.ops
        )
        let home = ShardCore.home(of: id, shardCount: store.shardCount)
        guard case .endpoint(let answer) = try await submit(.begin(run), to: home) else {
            throw NodeError.rejected("the start was not understood")
        }
        switch answer {
        // A run may have failed of its first steps: it has begun all the same.
        case .stored, .stale: return begun
        default: return .refused(answer)
        }
    }

    /// Stores what an app has done for a run in a request of its own.
    package func report(_ request: CheckpointRequest) async throws -> EndpointAnswer {
        let bytes = request.ops.reduce(0) { $0 + ($1.data?.bytes.count ?? 0) }
        try intake.enter(bytes: bytes)
        defer { intake.leave(bytes: bytes) }
        let id = request.run
        guard let run = try await read({ reader throws(StoreError) in try reader.run(id: id) }) else {
            return .unknownRun
        }
        let report = EndpointReport(run: id, row: run.row, ops: request.ops)
        guard case .endpoint(let answer) = try await submit(.report(report), to: home(of: run.row)) else {
            throw NodeError.rejected("the report was not understood")
        }
        return answer
    }

    /// Waits until a run has ended.
    /// - Parameter longest: after this time the run is given back as it is; `nil` for no limit. It is given back as well
    ///   when the task is cancelled.
    /// - Returns: `nil` when there is no such run.
    package func end(of id: ULID, within longest: Duration?) async throws -> StoredRun? {
        guard let place = ends.enter(id) else { throw NodeError.unavailable("too many wait for runs to end") }
        defer { ends.leave(place) }
        // Nothing is missed from here on.
        let found = try await read { reader throws(StoreError) in try reader.run(id: id) }
        guard var run = found, !run.projection.status.isFinal else { return found }
        guard let outcome = await outcome(at: place, within: longest) else {
            return try await read { reader throws(StoreError) in try reader.run(id: id) }
        }
        run.finish(outcome)
        return run
    }

    /// Waits for the end of a run in a place that was taken for it, and gives the place back.
    /// - Returns: `nil` when the time is up, the task is cancelled, or the node ends.
    package func outcome(at place: Int, within longest: Duration?) async -> RunOutcome? {
        let ends = ends
        defer { ends.leave(place) }
        let timer = longest.map { longest in
            Task.detached {
                guard (try? await Task.sleep(for: longest)) != nil else { return }
                ends.stopWaiting(place)
            }
        }
        defer { timer?.cancel() }
        return await withTaskCancellationHandler {
            await ends.wait(place)
        } onCancel: {
            ends.stopWaiting(place)
        }
    }
}
