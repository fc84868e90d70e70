import ApusCore
import ApusEngine
import ApusNode
import HTTPTypes
import Hummingbird

/// Steps that SDKs report while a call goes on.
struct CheckpointRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    /// Bytes of a request: as many as a reply may have.
    private static let bodyLimit = 8 << 20

    func add(to routes: inout RouteTable) {
        for base in ["/v1/checkpoint", "/v1/http/runs"] {
            routes.on(.post, "\(base)/:id/async", runningOn: .eventLoop) { request, _ in
                try await bodies.read(request, upTo: Self.bodyLimit) { try await take($0) }
            }
        }
    }

    private func take(_ body: [UInt8]) async throws -> Response {
        let request: CheckpointRequest
        do {
            request = try CheckpointRequest(parsing: body, limits: ReplyLimits())
        } catch {
            return Self.refuse(error)
        }
        let answer: CheckpointAnswer
        do {
            answer = try await node.checkpoint(request)
        } catch let problem as CheckpointProblem {
            return Self.refuse(request.run, problem.description, .badRequest)
        }
        return switch answer {
        case .stored: Response(status: .ok)
        case .stale:
            Self.refuse(request.run, "stale dispatch: this call has been replaced, or its run has ended", .conflict)
        case .unknownRun: Self.refuse(request.run, "run not found in state store", .badRequest)
        case .tooLarge(let step):
            Self.refuse(
                request.run, "step \(step) output too large: the results of the run's steps are beyond the limit",
                .contentTooLarge
            )
        }
    }

    /// The answer to a request that cannot be read.
    static func refuse(_ problem: CheckpointRequestError) -> Response {
        if case .tooLarge = problem { return Answers.error(problem.description, status: .contentTooLarge) }
        return Answers.error(problem.description, status: .badRequest)
    }

    static func refuse(_ run: ULID, _ reason: String, _ status: HTTPResponse.Status) -> Response {
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        writer.key("error")
        writer.value(reason)
        writer.key("data")
        writer.beginObject()
        writer.key("run_id")
        writer.value(run)
        writer.endObject()
        writer.key("status")
        writer.value(status.code)
        writer.endObject()
        return Answers.json(writer.bytes, status: status)
    }
}
