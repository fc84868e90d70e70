import ApusCore
import ApusEngine
import ApusNode
import Foundation
import HTTPTypes
import Hummingbird

/// The functions of an app, and `POST /v1/functions/{id}/pause` and `/resume`, an extension of the v1 API.
struct FunctionRoutes: Sendable {
    let node: Node

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/v1/apps/:id/functions") { _, context in functions(context) }
        routes.on(.get, "/v1/prom/:env") { _, _ in Answers.error("not implemented", status: .notImplemented) }
        routes.on(.post, "/v1/functions/:id/pause") { request, context in
            try await pause(context, true, by: Actor.of(request))
        }
        routes.on(.post, "/v1/functions/:id/resume") { request, context in
            try await pause(context, false, by: Actor.of(request))
        }
    }

    /// A bare array, as the reference gives it.
    private func functions(_ context: RouteContext) -> Response {
        let reference = context.functionReference
        let registry = node.registry
        let app = UUID16(reference).flatMap { registry.apps[$0] } ?? registry.app(named: reference)
        let functions = app.map { registry.functions(of: $0.id).filter { !$0.isArchived } } ?? []
        var writer = JSONWriter(reserving: 1_024)
        writer.array(functions) { function, writer in
            writer.object { writer in
                writer.member("internal_id", function.id)
                writer.member("env_id", Tenancy.environment)
                writer.member("app_id", function.app)
                writer.member("id", function.configuration.slug)
                writer.member("name", function.configuration.name)
                writer.key("config")
                DevInfo.write(function, to: &writer)
                writer.member("created_at", registry.apps[function.app]?.syncedAt)
                writer.member("archived_at", "0001-01-01T00:00:00Z")
            }
        }
        return Answers.json(writer.bytes)
    }

    private func pause(_ context: RouteContext, _ isPaused: Bool, by actor: String) async throws -> Response {
        let reference = context.functionReference
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

extension RouteContext {
    /// The id or slug of a function, as the path names it. The slug of an endpoint has a space and slashes.
    var functionReference: String {
        let text = parameters.get("id") ?? ""
        return text.removingPercentEncoding ?? text
    }
}
