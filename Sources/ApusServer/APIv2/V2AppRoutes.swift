import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// Apps, their functions, and running one of them.
struct V2AppRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    private static let most = 100
    private static let bodyLimit = 4 << 20

    func add(to table: inout V2Table) {
        table.on(.get, "/apps") { request, _ in try apps(V2Query(request)) }
        table.on(.get, "/apps/:app") { _, context in
            let registry = node.registry
            let app = try V2Lookup(registry).app(context)
            return V2Answers.data { V2AppJSON.write(app, registry, to: &$0) }
        }
        table.on(.get, "/apps/:app/functions") { request, context in
            try functions(of: V2Lookup(node.registry).app(context), V2Query(request))
        }
        table.on(.get, "/apps/:app/functions/:function") { _, context in
            let registry = node.registry
            let function = try V2Lookup(registry).function(context)
            return V2Answers.data { V2AppJSON.write(function, of: registry.apps[function.app], to: &$0) }
        }
        table.on(.post, "/apps/:app/functions/:function/invoke") { request, context in
            let function = try V2Lookup(node.registry).function(context)
            return try await bodies.read(request, upTo: Self.bodyLimit) { try await invoke(function, $0) }
        }
    }

    private func apps(_ query: V2Query) throws -> Response {
        let registry = node.registry
        let isArchived = try query.givenFlag("archived") ?? false
        let all = registry.apps.values.filter { V2AppJSON.isArchived($0, registry) == isArchived }
        return try list(all, id: \.id, query) { V2AppJSON.write($0, registry, to: &$1) }
    }

    private func functions(of app: AppRecord, _ query: V2Query) throws -> Response {
        let isArchived = try query.givenFlag("archived") ?? false
        let all = node.registry.functions(of: app.id).filter { $0.isArchived == isArchived }
        return try list(all, id: \.id, query) { V2AppJSON.write($0, of: app, to: &$1) }
    }

    /// In the order of the ids, which are the cursors.
    private func list<Element>(
        _ all: [Element], id: KeyPath<Element, UUID16>, _ query: V2Query,
        _ write: (Element, inout JSONWriter) -> Void
    ) throws -> Response {
        let limit = try query.limit(most: Self.most)
        var rest = all.sorted { $0[keyPath: id] < $1[keyPath: id] }
        if let cursor = query.value("cursor") {
            guard let after = UUID16(cursor) else { throw V2Problem(.invalidField, "Cursor is invalid") }
            rest = rest.filter { $0[keyPath: id] > after }
        }
        let page = Array(rest.prefix(limit))
        let next = rest.count > page.count ? page.last?[keyPath: id].description : nil
        return V2Answers.data(page: .init(limit: limit, cursor: next)) { $0.array(page, write) }
    }

    // MARK: - Invoking

    private func invoke(_ function: FunctionRecord, _ bytes: [UInt8]) async throws -> Response {
        let body = try BodyFields(bytes, known: ["data", "idempotencyKey"])
        guard let data = try body.object("data") else { throw V2Problem(.missingField, "Input data is required") }
        guard !function.isArchived else { throw V2Problem(.notFound, "Function not found") }
        let slug = function.configuration.slug
        let key = try body.string("idempotencyKey").flatMap { $0.isEmpty ? nil : $0 }
        let event = IncomingEvent(
            name: InvokedEvent.name, data: InvokedEvent.data(payload: data, routing: .init(function: slug)),
            senderID: key.map { "\(slug)/\($0)" }
        )
        // Under one key all copies of the event have one id, by which the first run is found.
        let id = key.map { Self.eventID(of: function, key: $0) }
        let known = try await id.asyncMap { try await run(of: $0, function) } ?? nil
        if let known, ServerClock.now() - known.createdAt < .hours(24) {
            return answer(known.id, status: .conflict)
        }
        let invoked = try await node.invoke(slug, SubmittedEvent(event, internalID: id))
        if let run = invoked.run { return answer(run) }
        let accepted = invoked.event
        if let started = try await run(of: accepted, function) { return answer(started.id) }
        let outcomes = try await node.read { reader throws(StoreError) in try reader.outcomes(ofEvent: accepted) }
        let outcome = outcomes.last { $0.function == function.id }
        switch outcome?.rule {
        case .batch: if let run = outcome?.run { return answer(run) }
        case .rateLimit: throw V2Problem(.rateLimited, "Function is rate limited")
        case .debounce: throw V2Problem(.debounced, "Function is debounced")
        default: break
        }
        throw V2Problem(
            .skipped, "Function run was skipped: \(outcome?.rule.name ?? "it has run for this key already")")
    }

    private func answer(_ run: ULID, status: HTTPResponse.Status = .ok) -> Response {
        V2Answers.data(status: status) { writer in writer.object { $0.member("runId", run) } }
    }

    /// The newest run that the event has started, also as a copy.
    private func run(of event: ULID, _ function: FunctionRecord) async throws -> StoredRun? {
        let runs = try await node.read { reader throws(StoreError) in try reader.runs(ofEvent: event) }
        return runs.last { $0.function == function.id }
    }

    private static func eventID(of function: FunctionRecord, key: String) -> ULID {
        let hash = StableHash.wide(function.id.bytes + Array(key.utf8))
        // A time that no event has: the ids of others are of now.
        let high = UInt64(truncatingIfNeeded: hash >> 64) & 0xFFFF_FFFF_FFFF
        return ULID(high: high, low: UInt64(truncatingIfNeeded: hash))
    }
}

extension Optional where Wrapped: Sendable {
    /// Of a value that is there.
    fileprivate func asyncMap<Value>(_ body: (Wrapped) async throws -> Value) async rethrows -> Value? {
        if let self { try await body(self) } else { nil }
    }
}
