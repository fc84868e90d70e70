import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// `/v1/cancellations`: cancelling all runs of a function that began in a stretch of time.
struct CancellationRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    /// Bytes of a request.
    private static let bodyLimit = 64 << 10
    /// By how much the sender's clock may be ahead.
    private static let grace = TimeSpan.seconds(5)

    func add(to routes: inout RouteTable) {
        routes.on(.post, "/v1/cancellations") { request, _ in
            try await bodies.read(request, upTo: Self.bodyLimit) { try await begin($0) }
        }
        routes.on(.get, "/v1/cancellations") { _, _ in try await list() }
        routes.on(.delete, "/v1/cancellations/:id") { _, context in try await forget(context) }
    }

    private func begin(_ body: [UInt8]) async throws -> Response {
        guard let view = (try? RawJSON(parsing: body))?.view, view.kind == .object else {
            return Answers.error("Invalid cancellation request", status: .badRequest)
        }
        let now = ServerClock.now()
        var problems: [String] = []
        let app = text("app_id", of: view, required: true, &problems) ?? ""
        let reference = text("function_id", of: view, required: true, &problems) ?? ""
        let before = time("started_before", of: view, required: true, &problems)
        let after = time("started_after", of: view, required: false, &problems)
        if let before, before > now + Self.grace { problems.append("started_before must be in the past") }
        if let before, let after, after >= before { problems.append("started_after must be before started_before") }
        let condition = text("if", of: view, required: false, &problems)
        do {
            if let condition { _ = try EventCondition(condition) }
        } catch {
            problems.append("invalid expression: \(error)")
        }
        guard problems.isEmpty, let before else {
            return Answers.error(problems.joined(separator: "\n"), status: .badRequest)
        }
        guard let function = function(reference, of: app) else {
            return Answers.error("function not found", status: .notFound)
        }
        let cancellation = node.cancellation(of: function, from: after, until: before, condition: condition, at: now)
        try await node.begin(cancellation)
        return Answers.envelope { Self.write(cancellation, on: node, to: &$0) }
    }

    private func list() async throws -> Response {
        let found = try await node.read { reader throws(StoreError) in try reader.cancellations() }
        return Answers.envelope { writer in
            writer.beginArray()
            for cancellation in found { Self.write(cancellation, on: node, to: &writer) }
            writer.endArray()
        }
    }

    private func forget(_ context: RouteContext) async throws -> Response {
        guard let id = ULID(context.parameters.get("id") ?? "") else {
            return Answers.error("Invalid cancellation ID", status: .badRequest)
        }
        guard try await node.forgetCancellation(id) else {
            return Answers.error("Cancellation not found", status: .notFound)
        }
        return Answers.envelope { writer in
            writer.beginObject()
            writer.key("ok")
            writer.value(true)
            writer.endObject()
        }
    }

    /// By its id or slug, with or without the app's name before it.
    private func function(_ reference: String, of app: String) -> FunctionRecord? {
        let registry = node.registry
        let found = registry.function(named: reference) ?? registry.function(named: "\(app)-\(reference)")
        guard let found, registry.apps[found.app]?.name == app || found.app.description == app else { return nil }
        return found
    }

    // MARK: - Fields

    private func text(_ name: String, of view: JSONView, required: Bool, _ problems: inout [String]) -> String? {
        let value = view[name].flatMap { $0.isNull ? nil : $0 }
        if let text = value?.string, !text.isEmpty { return text }
        if required {
            problems.append("\(name) is required")
        } else if value != nil, value?.string == nil {
            problems.append("\(name) must be a string")
        }
        return nil
    }

    private func time(_ name: String, of view: JSONView, required: Bool, _ problems: inout [String]) -> Timestamp? {
        guard let text = text(name, of: view, required: required, &problems) else { return nil }
        if let time = DateText.parse(text) { return time }
        problems.append("\(name) must be an RFC 3339 time")
        return nil
    }

    static func write(_ cancellation: BulkCancellation, on node: Node, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.value(cancellation.id)
        writer.member("account_id", Tenancy.account)
        writer.member("environment_id", Tenancy.environment)
        writer.member("app_id", node.registry.functions[cancellation.function]?.app.description)
        writer.member("function_internal_id", cancellation.function.description)
        writer.member("function_id", cancellation.functionSlug)
        writer.member("name", nil as String?)
        writer.member("kind", "bulk_run")
        if let backlog = cancellation.backlog {
            let target = backlog.target.flatMap { node.registry.functions[$0]?.configuration.slug }
            writer.member("backlog", target == nil ? "drain" : "move")
            if let key = backlog.key { writer.member("key", key) }
            if let target { writer.member("to", target) }
        }
        writer.member("cause", "API")
        writer.member("queue_name", nil as String?)
        writer.member("started_after", cancellation.startedAfter?.rfc3339)
        writer.member("started_before", cancellation.startedBefore.rfc3339)
        if let condition = cancellation.condition { writer.member("if", condition) }
        writer.member("created_at", cancellation.createdAt.rfc3339)
        writer.member("finished_at", cancellation.finishedAt?.rfc3339)
        writer.key("cancelled")
        writer.value(cancellation.cancelled)
        writer.endObject()
    }
}
