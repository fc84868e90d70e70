import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// What waits in a function, and its limits: an extension of the v1 API.
///
/// Every change is durable before it is answered and leaves a record in `GET /v1/audit`.
struct QueueRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    /// Bytes of a request.
    private static let bodyLimit = 64 << 10
    /// Keys that are listed when nobody says how many.
    private static let keys = 100

    func add(to routes: inout RouteTable) {
        let path = "/v1/functions/:id"
        routes.on(.get, "\(path)/queue") { request, context in
            try await forFunction(context) { await queue($0, request) }
        }
        routes.on(.post, "\(path)/queue/drain") { request, context in
            try await withBody(request, context) { try await drain($0, $1, by: Actor.of(request)) }
        }
        routes.on(.post, "\(path)/queue/move") { request, context in
            try await withBody(request, context) { try await move($0, $1, by: Actor.of(request)) }
        }
        routes.on(.get, "\(path)/limits") { _, context in
            try await forFunction(context) { limits(of: $0) }
        }
        routes.on(.put, "\(path)/limits") { request, context in
            try await withBody(request, context) { try await limit($0, $1, by: Actor.of(request)) }
        }
        routes.on(.delete, "\(path)/limits") { request, context in
            try await forFunction(context) { try await limit($0, nil, by: Actor.of(request)) }
        }
        routes.on(.get, "/v1/audit") { request, _ in try await audit(request) }
    }

    /// Answers for the function that the path names.
    private func forFunction(
        _ context: RouteContext, _ answer: (FunctionRecord) async throws -> Response
    ) async throws -> Response {
        let reference = context.functionReference
        guard let function = node.registry.function(named: reference) else {
            return Answers.error("Function not found: \(reference)", status: .notFound)
        }
        return try await answer(function)
    }

    private func withBody(
        _ request: Request, _ context: RouteContext,
        _ answer: @escaping (FunctionRecord, [UInt8]) async throws -> Response
    ) async throws -> Response {
        try await forFunction(context) { function in
            try await bodies.read(request, upTo: Self.bodyLimit) { try await answer(function, $0) }
        }
    }

    // MARK: - Queue

    private func queue(_ function: FunctionRecord, _ request: Request) async -> Response {
        let limit = request.uri.queryParameters["limit"].flatMap { Int($0) } ?? Self.keys
        let view = await node.queue(of: function.id, limit: min(max(limit, 0), 1_000))
        return Answers.envelope { writer in
            writer.beginObject()
            writer.key("function")
            writer.value(function.configuration.slug)
            writer.key("waiting")
            writer.value(view.depth)
            writer.key("calls")
            writer.value(view.calls)
            writer.key("admitted_per_second")
            writer.value(rounded: view.admittedPerSecond)
            writer.key("paused")
            writer.value(view.isPaused)
            writer.key("key_count")
            writer.value(view.keyCount)
            writer.key("keys")
            writer.beginArray()
            for key in view.keys { write(key, to: &writer) }
            writer.endArray()
            writer.endObject()
        }
    }

    private func write(_ key: QueueView.Key, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("keys")
        writer.beginArray()
        for value in key.values { writer.value(value) }
        writer.endArray()
        writer.key("started")
        writer.value(key.isStarted)
        writer.key("waiting")
        writer.value(key.depth)
        writer.key("waiting_since")
        writer.value(key.waitingSince.rfc3339)
        writer.key("admitted_per_second")
        writer.value(rounded: key.admittedPerSecond)
        if let standing = key.standing {
            writer.key("next")
            WaitReport(standing).write(to: &writer)
        }
        writer.endObject()
    }

    // MARK: - Backlog

    private func drain(_ function: FunctionRecord, _ body: [UInt8], by actor: String) async throws -> Response {
        let fields = try BodyFields(body, known: ["key"])
        return try await begin(BulkCancellation.Backlog(key: try key(fields)), function, by: actor)
    }

    private func move(_ function: FunctionRecord, _ body: [UInt8], by actor: String) async throws -> Response {
        let fields = try BodyFields(body, known: ["key", "to"])
        guard let reference = fields["to"]?.string else {
            return Answers.error("to must be the id of the function that takes the runs over", status: .badRequest)
        }
        guard let target = node.registry.function(named: reference), target.id != function.id else {
            return Answers.error("to is no other function: \(reference)", status: .badRequest)
        }
        guard target.pausedAt == nil else {
            return Answers.error("\(target.configuration.slug) is paused and takes nothing over", status: .conflict)
        }
        return try await begin(
            BulkCancellation.Backlog(key: try key(fields), target: target.id), function, by: actor
        )
    }

    private func begin(
        _ backlog: BulkCancellation.Backlog, _ function: FunctionRecord, by actor: String
    ) async throws -> Response {
        let now = ServerClock.now()
        let order = node.cancellation(of: function, until: now, backlog: backlog, at: now)
        try await node.begin(order, by: actor)
        return Answers.envelope { CancellationRoutes.write(order, on: node, to: &$0) }
    }

    private func key(_ fields: BodyFields) throws(HTTPError) -> String? {
        try fields.string("key").map(FlowKey.excerpt)
    }

    // MARK: - Limits

    private func limits(of function: FunctionRecord) -> Response {
        Answers.envelope { writer in
            writer.beginObject()
            writer.key("function")
            writer.value(function.configuration.slug)
            writer.key("registered")
            writer.raw(LimitOverride(function.configuration.flowControl).json)
            writer.key("set")
            if let set = function.override { writer.raw(set.json) } else { writer.null() }
            writer.key("in_force")
            writer.raw(LimitOverride(function.flowControl).json)
            writer.endObject()
        }
    }

    private func limit(_ function: FunctionRecord, _ body: [UInt8]?, by actor: String) async throws -> Response {
        var limits: LimitOverride?
        if let body {
            do {
                let json = try RawJSON(parsing: body)
                let wanted = try LimitOverride(json)
                try wanted.check(against: function.configuration.flowControl)
                limits = wanted.isEmpty ? nil : wanted
            } catch {
                return Answers.error("\(error)", status: .badRequest)
            }
        }
        guard let changed = try await node.limit(function.id, limits, by: actor) else {
            return Answers.error("Function not found: \(function.configuration.slug)", status: .notFound)
        }
        return self.limits(of: changed)
    }

    // MARK: - Audit

    private func audit(_ request: Request) async throws -> Response {
        let limit = request.uri.queryParameters["limit"].flatMap { Int($0) } ?? 100
        let entries = try await node.read { reader throws(StoreError) in
            try reader.audit(limit: min(max(limit, 1), 1_000))
        }
        return Answers.envelope { writer in
            writer.beginArray()
            for entry in entries {
                writer.beginObject()
                for (key, value) in [
                    ("at", entry.at.rfc3339), ("actor", entry.actor), ("action", entry.action.rawValue),
                    ("subject", entry.subject), ("detail", entry.detail),
                ] {
                    writer.key(key)
                    writer.value(value)
                }
                writer.endObject()
            }
            writer.endArray()
        }
    }
}

/// Who asks, as he names himself.
enum Actor {
    private static let header = HTTPField.Name("X-Apus-Actor")

    static func of(_ request: Request) -> String {
        guard let header, let name = request.headers[header], !name.isEmpty else { return AuditEntry.api }
        return name.excerpt(bytes: 100)
    }
}

extension JSONWriter {
    /// A figure for people: two digits after the point.
    fileprivate mutating func value(rounded number: Double) {
        value((number * 100).rounded() / 100)
    }
}
