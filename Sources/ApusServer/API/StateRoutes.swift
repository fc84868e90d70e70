import ApusCore
import ApusNode
import HTTPTypes
import Hummingbird

/// The state of a live run, which SDKs fetch when it is too large to travel with a call.
struct StateRoutes: Sendable {
    let node: Node

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/v0/runs/:id/actions") { _, context in try await state(.results, context) }
        routes.on(.get, "/v0/runs/:id/batch") { _, context in try await state(.events, context) }
    }

    private func state(_ part: Node.StatePart, _ context: RouteContext) async throws -> Response {
        let text = context.parameters.get("id") ?? ""
        guard let id = ULID(text) else {
            return Answers.error("The run ID specified is invalid", status: .badRequest)
        }
        guard let state = try await node.state(of: id, part) else {
            return Answers.error(
                "runtime state is no longer available for runID: \(text)",
                status: .init(code: 410, reasonPhrase: "Gone")
            )
        }
        return Answers.json(state)
    }
}
