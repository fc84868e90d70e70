import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import Hummingbird

/// Sending an event, and the runs that it started.
struct V2EventRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    private static let bodyLimit = 4 << 20
    /// Bytes of an event's name.
    private static let longestName = 512
    private static let mostRuns = 40

    func add(to table: inout V2Table) {
        table.on(.post, "/events") { request, _ in
            try await bodies.read(request, upTo: Self.bodyLimit) { try await send($0) }
        }
        table.on(.get, "/events/:id/runs") { request, context in try await runs(request, context) }
    }

    private func send(_ bytes: [UInt8]) async throws -> Response {
        let body = try BodyFields(bytes, known: ["name", "data", "user", "id", "ts"])
        let name = try body.string("name") ?? ""
        guard !name.isEmpty else { throw V2Problem(.missingField, "Event name is required") }
        guard name.utf8.count <= Self.longestName else {
            throw V2Problem(.invalidField, "Event name cannot exceed \(Self.longestName) bytes")
        }
        let request = EventRequest.decode(bytes)
        guard let event = request.events.first?.event else {
            throw V2Problem(.invalidField, request.failure?.message ?? "the body holds no event")
        }
        let ids = try await node.ingest([SubmittedEvent(event)])
        return V2Answers.data { writer in writer.object { $0.member("eventId", ids.first) } }
    }

    private func runs(_ request: Request, _ context: RouteContext) async throws -> Response {
        let query = V2Query(request)
        let limit = try query.limit(most: Self.mostRuns)
        let hasOutput = try query.flag("includeOutput")
        let text = try context.v2Parameter("id")
        guard let id = ULID(text) else { throw V2Problem(.invalidField, "Event ID must be a ULID") }
        let after = query.value("cursor").map { ULID($0) }
        if case .some(nil) = after { throw V2Problem(.invalidField, "Cursor is invalid") }
        let registry = node.registry
        let found = try await node.read { reader throws(StoreError) -> (runs: [V2Run], hasMore: Bool)? in
            guard try reader.event(id: id) != nil else { return nil }
            var runs = try reader.runs(ofEvent: id)
            if let after, let last = runs.firstIndex(where: { $0.id == after }) { runs.removeFirst(last + 1) }
            let page = Array(runs.prefix(limit))
            return (try V2Run.read(page, registry, reader), runs.count > page.count)
        }
        guard let found else { throw V2Problem(.notFound, "Event not found") }
        let next = found.hasMore ? found.runs.last?.run.id.description : nil
        return V2Answers.data(page: .init(limit: limit, cursor: next)) { writer in
            writer.array(found.runs) { $0.write(hasOutput: hasOutput, registry, to: &$1) }
        }
    }
}
