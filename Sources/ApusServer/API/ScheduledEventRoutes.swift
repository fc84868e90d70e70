import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// `/v1/scheduled-events`: what events of a time that has not come will start; an extension of the v1 API.
struct ScheduledEventRoutes: Sendable {
    let node: Node

    /// Runs that are listed when nobody says how many, and at most.
    private static let page = (usual: 100, most: 1_000)

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/v1/scheduled-events") { request, _ in try await list(request) }
        routes.on(.delete, "/v1/scheduled-events/:id") { request, context in
            try await cancel(context, by: Actor.of(request))
        }
    }

    private func list(_ request: Request) async throws -> Response {
        let query = request.uri.queryParameters
        let limit = try request.number("limit", usual: Self.page.usual, most: Self.page.most)
        var cursor: Wake?
        if let text = query["cursor"].map(String.init) {
            guard let place = Wake(cursor: text) else {
                return Answers.error(
                    "\(text.excerpt()) is no cursor; take the one of the page before", status: .badRequest
                )
            }
            cursor = place
        }
        let starts = try await node.scheduledStarts(after: cursor, limit: limit)
        return Answers.envelope { writer in
            writer.beginObject()
            writer.key("events")
            writer.beginArray()
            for start in starts {
                writer.beginObject()
                for (key, value) in [
                    ("event_id", start.event.description), ("name", start.eventName),
                    ("function", start.functionSlug), ("run_id", start.run.description),
                    ("starts_at", start.wake.at.rfc3339),
                ] {
                    writer.key(key)
                    writer.value(value)
                }
                writer.endObject()
            }
            writer.endArray()
            writer.key("cursor")
            if starts.count == limit, let last = starts.last {
                writer.value(last.wake.cursor)
            } else {
                writer.null()
            }
            writer.endObject()
        }
    }

    private func cancel(_ context: RouteContext, by actor: String) async throws -> Response {
        let text = context.parameters.get("id") ?? ""
        guard let id = ULID(text) else {
            return Answers.error("Invalid event ID: \(text.excerpt())", status: .badRequest)
        }
        guard let count = try await node.withdraw(event: id, by: actor) else {
            return Answers.error("Event not found: \(text)", status: .notFound)
        }
        return Answers.envelope { writer in
            writer.beginObject()
            writer.key("event_id")
            writer.value(id)
            writer.key("cancelled")
            writer.value(count)
            writer.endObject()
        }
    }
}

extension Wake {
    fileprivate var cursor: String { TimeCursor(at, run).text }

    fileprivate init?(cursor: String) {
        guard let cursor = TimeCursor(cursor) else { return nil }
        self.init(at: cursor.time, run: cursor.row)
    }
}
