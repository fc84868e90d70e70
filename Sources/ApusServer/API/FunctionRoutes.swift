import ApusCore
import ApusEngine
import ApusNode
import HTTPTypes
import Hummingbird

/// `POST /v1/functions/{id}/pause` and `/resume`: an extension of the v1 API.
struct FunctionRoutes: Sendable {
    let node: Node

    func add(to routes: inout RouteTable) {
        routes.on(.post, "/v1/functions/:id/pause") { request, context in
            try await pause(context, true, by: Actor.of(request))
        }
        routes.on(.post, "/v1/functions/:id/resume") { request, context in
            try await pause(context, false, by: Actor.of(request))
        }
    }

    private func pause(_ context: BasicRequestContext, _ isPaused: Bool, by actor: String) async throws -> Response {
        let reference = context.parameters.get("id") ?? ""
        guard let function = try await node.pause(reference, isPaused, by: actor) else {
            return Answers.error("Function not found: \(reference)", status: .notFound)
        }
        return Answers.envelope { writer in
            writer.beginObject()
            writer.key("id")
            writer.value(function.id)
            writer.key("slug")
            writer.value(function.configuration.slug)
            writer.key("paused_at")
            if let pausedAt = function.pausedAt { writer.value(pausedAt.rfc3339) } else { writer.null() }
            writer.endObject()
        }
    }
}
