import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import Hummingbird

/// Runs: lists, one run with its trace, and all that can be done to it.
struct V2RunRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    private static let most = 100
    /// Bytes of a step's arguments, which may be as large as its result.
    private static let bodyLimit = 5 << 20

    func add(to table: inout V2Table) {
        table.on(.get, "/runs") { request, _ in
            let query = V2Query(request)
            return try await list(query, functions: try functions(query))
        }
        table.on(.get, "/apps/:app/functions/:function/runs") { request, context in
            let found = try V2Lookup(node.registry).function(context)
            return try await list(V2Query(request), functions: [found.id])
        }
        table.on(.get, "/runs/:id") { request, context in try await run(V2Query(request), context) }
        table.on(.get, "/runs/:id/trace") { request, context in try await trace(V2Query(request), context) }
        table.on(.post, "/runs/:id/cancel") { _, context in try await cancel(context) }
        table.on(.post, "/runs/:id/rerun") { request, context in
            let id = try id(context)
            return try await bodies.read(request, upTo: Self.bodyLimit) { body in
                try await rerun(id, body, by: Actor.of(request))
            }
        }
        table.on(.post, "/runs/:id/scores") { request, context in
            let id = try id(context)
            return try await bodies.read(request, upTo: Self.bodyLimit) { try await score(id, $0) }
        }
    }

    // MARK: - Lists

    private func list(_ query: V2Query, functions: Set<UUID16>?) async throws -> Response {
        var wanted = RunQuery(functions: functions)
        let states = query.values("status")
        if !states.isEmpty {
            wanted.states = []
            for text in states {
                guard let state = RunState(name: text.lowercased()) else {
                    throw V2Problem(.invalidField, "Status is invalid")
                }
                wanted.states.insert(state)
            }
        }
        let times: [String: RunTime] = [
            "QUEUED_AT": .created, "QUEUEDAT": .created, "STARTED_AT": .started, "STARTEDAT": .started,
            "ENDED_AT": .ended, "ENDEDAT": .ended,
        ]
        wanted.time = try query.word("timeField", times) ?? .created
        wanted.isOldestFirst = try query.word("order", ["ASC": true, "DESC": false]) ?? false
        wanted.from = try query.time("from")
        wanted.until = try query.time("until")
        if let from = wanted.from, let until = wanted.until, from >= until {
            throw V2Problem(.invalidField, "from must be before until")
        }
        if let cursor = query.value("cursor") {
            wanted.after = RunPosition(text: cursor)
            guard wanted.after != nil else { throw V2Problem(.invalidField, "Cursor is invalid") }
        }
        let limit = try query.limit(most: Self.most)
        let hasOutput = try query.flag("includeOutput")
        wanted.hasEnds = hasOutput
        // No run is deferred.
        let isNothing = try query.flag("isDeferred") || functions?.isEmpty == true
        let found =
            isNothing ? RunFindings(runs: [], next: nil) : try await node.find(RunSearch(query: wanted, limit: limit))
        let registry = node.registry
        let runs = try await node.read { reader throws(StoreError) in try V2Run.read(found.runs, registry, reader) }
        return V2Answers.data(
            page: .init(limit: limit, cursor: found.next?.text), from: wanted.from, until: wanted.until
        ) { writer in
            writer.array(runs) { $0.write(hasOutput: hasOutput, registry, to: &$1) }
        }
    }

    /// Those of `appId` and `functionId`; `nil` for all.
    private func functions(_ query: V2Query) throws(V2Problem) -> Set<UUID16>? {
        let (apps, functions) = (query.values("appId"), query.values("functionId"))
        guard !apps.isEmpty else {
            guard functions.isEmpty else {
                throw V2Problem(.invalidField, "appId is required when filtering by functionId")
            }
            return nil
        }
        let lookup = V2Lookup(node.registry)
        var found: Set<UUID16> = []
        for name in apps {
            guard let app = lookup.app(name) else { continue }
            for function in lookup.registry.functions(of: app.id)
            where functions.isEmpty || functions.contains(where: { lookup.isNamed($0, function, of: app) }) {
                found.insert(function.id)
            }
        }
        return found
    }

    // MARK: - One run

    private func run(_ query: V2Query, _ context: RouteContext) async throws -> Response {
        let id = try id(context)
        let hasOutput = try query.flag("includeOutput")
        let registry = node.registry
        let found = try await node.read { reader throws(StoreError) -> V2Run? in
            guard let run = try reader.run(id: id) else { return nil }
            return try V2Run.read([run], registry, reader).first
        }
        guard let found else { throw Self.notFound }
        return V2Answers.data { found.write(hasOutput: hasOutput, registry, to: &$0) }
    }

    private func trace(_ query: V2Query, _ context: RouteContext) async throws -> Response {
        let id = try id(context)
        let hasOutput = try query.flag("includeOutput")
        let found = try await node.read { reader throws(StoreError) -> (RunDetail, [StoredEvent])? in
            guard let detail = try RunDetail.read(id, reader) else { return nil }
            return (detail, hasOutput ? try detail.events(reader) : [])
        }
        guard let (detail, events) = found else { throw Self.notFound }
        return V2Answers.data { V2Trace.write(detail, events, hasOutput: hasOutput, to: &$0) }
    }

    private func cancel(_ context: RouteContext) async throws -> Response {
        let id = try id(context)
        let run = try await node.read { reader throws(StoreError) in try reader.run(id: id) }
        switch run?.projection.status {
        case nil: throw Self.notFound
        case .cancelled: throw V2Problem(.alreadyCancelled, "Run is already cancelled")
        case .completed, .failed: throw V2Problem(.alreadyEnded, "Run has already ended")
        case .running: _ = try await node.cancel(run: id)
        }
        return V2Answers.data { writer in writer.object { $0.member("runId", id) } }
    }

    private func rerun(_ id: ULID, _ bytes: [UInt8], by actor: String) async throws -> Response {
        var (place, input): (RerunOrder.Place, RawJSON?) = (.beginning, nil)
        if let object = try BodyFields(bytes, known: ["fromStep"])["fromStep"] {
            let step = try BodyFields(object, known: ["stepId", "input"], at: "fromStep")
            guard let name = try step.string("stepId") else { throw V2Problem(.missingField, "stepId is required") }
            (place, input) = (.step(name), try step.array("input"))
        }
        switch try await node.rerun(id, from: place, input: input, by: actor) {
        case .started(let run): return V2Answers.data { writer in writer.object { $0.member("runId", run) } }
        case .unknownRun: throw Self.notFound
        case .impossible(.unknownStep): throw V2Problem(.invalidRequest, "Step not found in original run")
        case .impossible(.ambiguousStep):
            throw V2Problem(.invalidRequest, "Step name matches multiple steps in original run")
        case .impossible(let problem): throw V2Problem(.invalidRequest, "\(problem)")
        case .refused(let answer): throw V2Problem(.skipped, answer.reason)
        }
    }

    private func score(_ id: ULID, _ bytes: [UInt8]) async throws -> Response {
        let scores = try V2Score.read(bytes)
        switch try await node.annotate(id, scores.flatMap(\.annotations)) {
        case .unknownRun: throw Self.notFound
        case .tooLarge: throw V2Problem(.invalidRequest, "The run has as much metadata as it may have")
        case .stored: return V2Answers.data { $0.array(scores) { $0.write(of: id, to: &$1) } }
        }
    }

    private func id(_ context: RouteContext) throws(V2Problem) -> ULID {
        guard let id = ULID(try context.v2Parameter("id")) else {
            throw V2Problem(.invalidField, "Run ID must be a ULID")
        }
        return id
    }

    private static let notFound = V2Problem(.notFound, "Run not found")
}

/// Finds apps and functions by what paths and queries of the v2 API call them.
struct V2Lookup {
    let registry: Registry

    init(_ registry: Registry) {
        self.registry = registry
    }

    /// By its name or UUID.
    func app(_ name: String) -> AppRecord? {
        UUID16(name).flatMap { registry.apps[$0] } ?? registry.app(named: name)
    }

    /// By its UUID, or its slug with or without the app's name.
    func isNamed(_ name: String, _ function: FunctionRecord, of app: AppRecord) -> Bool {
        let slug = function.configuration.slug
        return slug == name || slug == "\(app.name)-\(name)" || function.id.description == name
    }

    func app(_ context: RouteContext) throws(V2Problem) -> AppRecord {
        guard let app = app(try context.v2Parameter("app")) else { throw V2Problem(.notFound, "App not found") }
        return app
    }

    func function(_ context: RouteContext) throws(V2Problem) -> FunctionRecord {
        let app = try app(context)
        let name = try context.v2Parameter("function")
        let named = registry.functions(of: app.id).filter { isNamed(name, $0, of: app) }
        guard let function = named.first(where: { !$0.isArchived }) ?? named.first else {
            throw V2Problem(.notFound, "Function not found")
        }
        return function
    }
}
