import ApusCore
import ApusEngine
import ApusNode
import HTTPTypes
import Hummingbird

/// `POST /e/{key}` and `POST /invoke/{slug}`: how work comes in.
struct EventRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies
    /// Bytes of a whole request body; past it the answer is 413.
    let bodyLimit: Int

    func add(to routes: inout RouteTable) {
        routes.on(.post, "/e/:key", access: .eventKey, runningOn: .eventLoop) { request, _ in try await ingest(request)
        }
        routes.on(.post, "/e", access: .open) { _, _ in
            Answers.json(answer(ids: [], status: 401, error: "Event key is required"), status: .unauthorized)
        }
        routes.on(.post, "/invoke/:slug", runningOn: .eventLoop) { request, context in
            try await invoke(request, context)
        }
    }

    private func ingest(_ request: Request) async throws -> Response {
        do {
            return try await bodies.read(request, upTo: bodyLimit) { body in
                await ingest(body, seed: seed(of: request))
            }
        } catch let refusal as BodyRefusal {
            let bytes = answer(ids: [], status: Int64(refusal.status.code), error: refusal.description)
            return Answers.json(bytes, status: refusal.status, headers: refusal.headers)
        }
    }

    private func ingest(_ body: [UInt8], seed: EventIDSeed?) async -> Response {
        let decoded = EventRequest.decode(body, seed: seed)
        let ids: [ULID]
        do throws(NodeError) {
            ids = try await node.ingest(decoded.events.map { SubmittedEvent($0.event, internalID: $0.internalID) })
        } catch {
            return refuse(error)
        }
        guard let failure = decoded.failure else { return Answers.json(answer(ids: ids, status: 200, error: nil)) }
        return Answers.json(answer(ids: ids, status: 400, error: failure.message), status: .badRequest)
    }

    private func seed(of request: Request) -> EventIDSeed? {
        request.headers[.eventIDSeed].flatMap { EventIDSeed($0) }
    }

    private func refuse(_ error: NodeError) -> Response {
        switch error {
        case .unavailable(let reason):
            Answers.json(
                answer(ids: [], status: 503, error: reason),
                status: .serviceUnavailable,
                headers: [.retryAfter: "1"]
            )
        case .rejected(let reason):
            Answers.json(answer(ids: [], status: 500, error: reason), status: .internalServerError)
        }
    }

    /// SDKs read `status` from the body, and `ids` must be there even when it is empty.
    private func answer(ids: [ULID], status: Int64, error: String?) -> [UInt8] {
        var writer = JSONWriter(reserving: 64 + ids.count * 29)
        writer.beginObject()
        writer.key("ids")
        writer.beginArray()
        for id in ids { writer.value(id) }
        writer.endArray()
        writer.key("status")
        writer.value(status)
        if let error {
            writer.key("error")
            writer.value(error)
        }
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private func invoke(_ request: Request, _ context: RouteContext) async throws -> Response {
        let segment = request.uri.path.split(separator: "/").last.map(String.init) ?? ""
        let id: ULID
        do {
            let slug = try EventRequest.decodeSlug(segment)
            id = try await bodies.read(request, upTo: bodyLimit) { body in
                let event = try EventRequest.decodeInvocation(body, function: slug)
                let submitted = SubmittedEvent(event, internalID: seed(of: request)?.id(offset: 0))
                return try await node.invoke(slug, submitted).event
            }
        } catch let error as InvocationError {
            return Answers.error(error.message, status: .badRequest)
        } catch let error as NodeError {
            if case .unavailable(let reason) = error { return Answers.unavailable(reason) }
            return Answers.error("Unable to create invocation event: \(error)", status: .internalServerError)
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("id")
        writer.value(id)
        writer.key("status")
        writer.value(Int64(200))
        writer.endObject()
        return Answers.json(writer.bytes)
    }
}
