import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// The v1 API of events and runs.
struct RunRoutes: Sendable {
    let node: Node

    /// Jobs of a run that are listed.
    private static let jobs = 10

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/v1/events") { request, _ in try await listEvents(request) }
        routes.on(.get, "/v1/events/:id") { _, context in try await event(context) }
        routes.on(.get, "/v1/events/:id/runs") { _, context in try await runsOfEvent(context) }
        routes.on(.get, "/v1/events/:id/outcomes") { _, context in try await outcomes(context) }
        routes.on(.get, "/v1/runs/:id") { _, context in try await run(context) }
        routes.on(.delete, "/v1/runs/:id") { _, context in try await cancel(context) }
        routes.on(.delete, "/v0/runs/:id") { _, context in try await cancelLiving(context) }
        routes.on(.get, "/v1/runs/:id/jobs") { _, context in try await jobs(context) }
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
        var search = EventSearch(from: since, until: until, limit: limit)
        if let text = query["cursor"] {
            guard let id = ULID(text) else {
                return Answers.error("Invalid cursor query parameter", status: .badRequest)
            }
            search.before = id
        }
        search.names = query["name"].map { [String($0)] }
        let events = try await search.find(on: node).events
        return Answers.envelope { writer in
            writer.array(events) { EventJSON.write($0, to: &$1) }
        }
    }

    private func event(_ context: RouteContext) async throws -> Response {
        let text = context.parameters.get("id") ?? ""
        guard let id = ULID(text) else { return Answers.error("Invalid event ID: \(text)", status: .badRequest) }
        let event = try await node.read { reader throws(StoreError) in try reader.event(id: id) }
        guard let event else { return Answers.error("Event not found", status: .notFound) }
        return Answers.envelope { EventJSON.write(event, to: &$0) }
    }

    private func runsOfEvent(_ context: RouteContext) async throws -> Response {
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
    private func outcomes(_ context: RouteContext) async throws -> Response {
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

    private func run(_ context: RouteContext) async throws -> Response {
        let (id, text) = try Self.runID(context)
        let registry = node.registry
        let found = try await node.read { reader throws(StoreError) -> (StoredRun, RunCause)? in
            guard let run = try reader.run(id: id) else { return nil }
            return (run, try RunCause.read(run, registry, reader))
        }
        guard let (run, trigger) = found else {
            return Answers.error("Unable to load function run: \(text)", status: .notFound)
        }
        let waiting = try await WaitReport.find(run, on: node)
        return Answers.envelope { RunJSON.write(run, trigger: trigger, waiting: waiting, to: &$0) }
    }

    private func cancel(_ context: RouteContext) async throws -> Response {
        let (id, text) = try Self.runID(context)
        guard try await node.cancel(run: id) else {
            return Answers.error("Unable to load function run: \(text)", status: .notFound)
        }
        return Response(status: .ok)
    }

    /// The older route, which knows only runs that have not ended.
    private func cancelLiving(_ context: RouteContext) async throws -> Response {
        let (id, _) = try Self.runID(context)
        let run = try await node.read { reader throws(StoreError) in try reader.run(id: id) }
        guard let run, !run.projection.status.isFinal else {
            return Answers.error("A function run with the given ID could not be found", status: .notFound)
        }
        _ = try await node.cancel(run: id)
        return Response(status: .noContent)
    }

    /// What the run will do next.
    private func jobs(_ context: RouteContext) async throws -> Response {
        let (id, text) = try Self.runID(context)
        let history = try await node.read { reader throws(StoreError) in try reader.journal(ofRun: id) }
        guard let history, let first = history.turns.first, case .started(let start)? = first.entries.first else {
            return Answers.error("Unable to load function run: \(text)", status: .notFound)
        }
        var run = Run(row: 0, start: start, createdAt: first.at)
        for turn in history.turns { run.apply(turn) }
        let jobs = run.jobs.sorted { ($0.wakeTime, $0.number) < ($1.wakeTime, $1.number) }.prefix(Self.jobs)
        return Answers.envelope { writer in
            writer.array(jobs) { JobJSON.write($0, of: id, to: &$1) }
        }
    }

    /// The whole history of a run: an extension of the v1 API.
    private func journal(_ context: RouteContext) async throws -> Response {
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

    static func runID(_ context: RouteContext) throws(HTTPError) -> (id: ULID, text: String) {
        let text = context.parameters.get("id") ?? ""
        guard let id = ULID(text) else { throw HTTPError(.badRequest, message: "Invalid run ID: \(text)") }
        return (id, text)
    }
}
