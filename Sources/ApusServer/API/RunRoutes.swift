import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// The v1 API of events and runs.
struct RunRoutes: Sendable {
    let node: Node

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/v1/events") { request, _ in try await listEvents(request) }
        routes.on(.get, "/v1/events/:id") { _, context in try await event(context) }
        routes.on(.get, "/v1/events/:id/runs") { _, context in try await runsOfEvent(context) }
        routes.on(.get, "/v1/events/:id/outcomes") { _, context in try await outcomes(context) }
        routes.on(.get, "/v1/runs/:id") { _, context in try await run(context) }
        routes.on(.delete, "/v1/runs/:id") { _, context in try await cancel(context) }
        routes.on(.get, "/v1/runs/:id/journal") { _, context in try await journal(context) }
    }

    // MARK: - Events

    private func listEvents(_ request: Request) async throws -> Response {
        let query = request.uri.queryParameters
        let limit = min(max(query["limit"].flatMap { Int($0) } ?? 20, 1), 51)
        var since = Timestamp(milliseconds: ServerClock.now().milliseconds - 3_600_000)
        if let text = query["received_after"].map(String.init) {
            guard let time = DateText.parse(text) else {
                return Answers.error("Invalid received_after query parameter", status: .badRequest)
            }
            since = time
        }
        var until: Timestamp?
        if let text = query["received_before"].map(String.init) {
            guard let time = DateText.parse(text) else {
                return Answers.error("Invalid received_after query parameter", status: .badRequest)
            }
            until = time
        }
        var before: RowID?
        if let text = query["cursor"] {
            guard let id = ULID(text) else {
                return Answers.error("Invalid cursor query parameter", status: .badRequest)
            }
            before = try await node.read { reader throws(StoreError) in try reader.event(id: id)?.row }
        }
        let name = query["name"].map(String.init)
        let events = try await newestEvents(named: name, before: before, since: since, until: until, limit: limit)
        return Answers.envelope { writer in
            writer.beginArray()
            for event in events { EventJSON.write(event, to: &writer) }
            writer.endArray()
        }
    }

    /// Pages through the store until enough events pass the filters; events that the server made
    /// itself are not listed.
    private func newestEvents(
        named name: String?, before: RowID?, since: Timestamp, until: Timestamp?, limit: Int
    ) async throws -> [StoredEvent] {
        var found: [StoredEvent] = []
        var cursor = before
        for _ in 0..<20 {
            let position = cursor
            let page = try await node.read { reader throws(StoreError) in
                try reader.events(named: name, before: position, since: since, limit: 200)
            }
            for event in page where !event.name.hasPrefix("inngest/") && (until.map { event.receivedAt <= $0 } ?? true)
            {
                found.append(event)
                if found.count == limit { return found }
            }
            guard page.count == 200, let last = page.last else { break }
            cursor = last.row
        }
        return found
    }

    private func event(_ context: BasicRequestContext) async throws -> Response {
        let text = context.parameters.get("id") ?? ""
        guard let id = ULID(text) else { return Answers.error("Invalid event ID: \(text)", status: .badRequest) }
        let event = try await node.read { reader throws(StoreError) in try reader.event(id: id) }
        guard let event else { return Answers.error("Event not found", status: .notFound) }
        return Answers.envelope { EventJSON.write(event, to: &$0) }
    }

    private func runsOfEvent(_ context: BasicRequestContext) async throws -> Response {
        let text = context.parameters.get("id") ?? ""
        guard let id = ULID(text) else { return Answers.error("Invalid event ID: \(text)", status: .badRequest) }
        let runs = try await node.read { reader throws(StoreError) in try reader.runs(ofEvent: id) }
        return Answers.envelope { writer in
            writer.beginArray()
            for run in runs { RunJSON.write(run, to: &writer) }
            writer.endArray()
        }
    }

    /// What each function made of an event: an extension of the v1 API.
    private func outcomes(_ context: BasicRequestContext) async throws -> Response {
        let text = context.parameters.get("id") ?? ""
        guard let id = ULID(text) else { return Answers.error("Invalid event ID: \(text)", status: .badRequest) }
        let found = try await node.read { reader throws(StoreError) -> (runs: [StoredRun], outcomes: [Outcome])? in
            guard try reader.event(id: id) != nil else { return nil }
            return (try reader.runs(ofEvent: id), try reader.outcomes(ofEvent: id))
        }
        guard let found else { return Answers.error("Event not found", status: .notFound) }
        let registry = node.registry
        return Answers.envelope { writer in
            writer.beginArray()
            for outcome in found.outcomes {
                let slug = registry.functions[outcome.function]?.configuration.slug ?? outcome.function.description
                OutcomeJSON.write(outcome, function: slug, to: &writer)
            }
            let merged = Set(found.outcomes.compactMap(\.run))
            for run in found.runs where !merged.contains(run.id) { OutcomeJSON.write(run, to: &writer) }
            writer.endArray()
        }
    }

    // MARK: - Runs

    private func run(_ context: BasicRequestContext) async throws -> Response {
        let (id, text) = try Self.runID(context)
        let run = try await node.read { reader throws(StoreError) in try reader.run(id: id) }
        guard let run else { return Answers.error("Unable to load function run: \(text)", status: .notFound) }
        let waiting = try await WaitReport.find(run, on: node)
        return Answers.envelope { RunJSON.write(run, waiting: waiting, to: &$0) }
    }

    private func cancel(_ context: BasicRequestContext) async throws -> Response {
        let (id, text) = try Self.runID(context)
        guard try await node.cancel(run: id) else {
            return Answers.error("Unable to load function run: \(text)", status: .notFound)
        }
        return Response(status: .ok)
    }

    /// The whole history of a run: an extension of the v1 API.
    private func journal(_ context: BasicRequestContext) async throws -> Response {
        let (id, text) = try Self.runID(context)
        let found = try await node.read { reader throws(StoreError) -> (StoredRun, LoadedRun)? in
            guard let run = try reader.run(id: id), let history = try reader.journal(ofRun: id) else { return nil }
            return (run, history)
        }
        guard let (run, history) = found else {
            return Answers.error("Unable to load function run: \(text)", status: .notFound)
        }
        return Answers.envelope { JournalJSON.write(run, history, to: &$0) }
    }

    static func runID(_ context: BasicRequestContext) throws(HTTPError) -> (id: ULID, text: String) {
        let text = context.parameters.get("id") ?? ""
        guard let id = ULID(text) else { throw HTTPError(.badRequest, message: "Invalid run ID: \(text)") }
        return (id, text)
    }
}
