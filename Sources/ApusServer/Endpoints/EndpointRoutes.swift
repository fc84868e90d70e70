import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird
import ServiceLifecycle

/// Runs that begin inside apps, in the handling of HTTP requests.
struct EndpointRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies
    let tokens: AccessTokens

    /// Bytes of a start.
    private static let startLimit = 4 << 20
    /// Bytes of a report: as many as a reply may have.
    private static let reportLimit = 8 << 20
    /// How long one may wait for a run's result.
    private static let patience = Duration.seconds(300)

    func add(to routes: inout RouteTable) {
        for base in ["/v1/checkpoint", "/v1/http/runs"] {
            routes.on(.post, base) { request, _ in
                try await bodies.read(request, upTo: Self.startLimit) { try await start($0) }
            }
            routes.on(.post, "\(base)/:id/steps", runningOn: .eventLoop) { request, _ in
                try await bodies.read(request, upTo: Self.reportLimit) { try await report($0) }
            }
            routes.on(.get, "\(base)/:id/output", access: .runToken) { request, context in
                let (id, _) = try RunRoutes.runID(context)
                return try await output(of: id, request)
            }
        }
    }

    // MARK: - Starts

    private func start(_ body: [UInt8]) async throws -> Response {
        let start: EndpointStart
        do {
            start = try EndpointStart(parsing: body, limits: ReplyLimits())
        } catch {
            if case .tooLarge = error { return Answers.error(error.description, status: .contentTooLarge) }
            return Answers.error(error.description, status: .badRequest)
        }
        switch try await node.begin(start, bytes: body.count) {
        case .begun(let app, let function): return begun(start, app: app, function: function)
        case .conflict(let reason): return Answers.error(reason, status: .conflict)
        case .refused(.tooManyEndpoints):
            return Answers.error(
                "there are too many endpoints already; give this one a name as event.data.fn, so that it is not a new "
                    + "one for each path",
                status: .tooManyRequests
            )
        case .refused(.tooLarge(let step)):
            return Answers.error(EndpointProblem.tooLarge(step: step.description).description, status: .contentTooLarge)
        case .refused: return Answers.unavailable("the endpoint is not known yet")
        }
    }

    private func begun(_ start: EndpointStart, app: UUID16, function: UUID16) -> Response {
        let now = ServerClock.now()
        return Answers.envelope { writer in
            writer.object { writer in
                writer.member("fn_id", function)
                writer.member("app_id", app)
                writer.member("run_id", start.run)
                if !start.ops.isEmpty { writer.member("token", tokens.make(for: start.run, at: now)) }
                writer.member("realtime_token", tokens.makeForStream(of: start.run, at: now))
            }
        }
    }

    // MARK: - Reports

    private func report(_ body: [UInt8]) async throws -> Response {
        let request: CheckpointRequest
        do {
            request = try CheckpointRequest(parsing: body, limits: ReplyLimits())
        } catch {
            return CheckpointRoutes.refuse(error)
        }
        return switch try await node.report(request) {
        case .stored: Response(status: .ok)
        case .tooLarge(let step):
            CheckpointRoutes.refuse(
                request.run, CheckpointRequestError.tooLarge(step: step.description).description, .contentTooLarge)
        case .unknownRun: CheckpointRoutes.refuse(request.run, "run not found in state store", .notFound)
        case .stale, .known, .unknownEndpoint, .tooManyEndpoints:
            CheckpointRoutes.refuse(
                request.run, "the run has ended, or goes on outside of this request", .conflict)
        }
    }

    // MARK: - Results

    /// Waits for the result of a run and passes it on as the app wrote it.
    private func output(of id: ULID, _ request: Request) async throws -> Response {
        let node = node
        let run = try await request.body.consumeWithCancellationOnInboundClose { _ in
            try await cancelWhenGracefulShutdown { try await node.end(of: id, within: Self.patience) }
        }
        guard let run else {
            return Answers.error("Unable to find run with auth token", status: .unauthorized)
        }
        guard run.projection.status.isFinal else {
            if Task.isShuttingDownGracefully { return Answers.unavailable("the server is shutting down") }
            return Answers.json(
                Array(#"{"status":"running","message":"run did not end within 5 minutes"}"#.utf8),
                headers: OutputAnswer.shared)
        }
        return OutputAnswer.make(of: run)
    }
}
