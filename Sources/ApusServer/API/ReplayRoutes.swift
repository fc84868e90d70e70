import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// Repeating all runs of a function that ended in a stretch of time: an extension of the v1 API.
struct ReplayRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    /// Bytes of a request.
    private static let bodyLimit = 64 << 10

    func add(to routes: inout RouteTable) {
        routes.on(.post, "/v1/replays") { request, _ in
            try await bodies.read(request, upTo: Self.bodyLimit) { try await order($0, by: Actor.of(request)) }
        }
        routes.on(.get, "/v1/replays") { _, _ in
            let found = try await node.read { reader throws(StoreError) in try reader.replays() }
            return Answers.envelope { writer in
                writer.array(found) { Self.write($0, to: &$1) }
            }
        }
        routes.on(.get, "/v1/replays/:id") { _, context in
            let id = try Self.id(context)
            return Self.answer(
                try await node.read { reader throws(StoreError) in try reader.replays() }
                    .first { $0.id == id })
        }
        routes.on(.patch, "/v1/replays/:id") { request, context in
            let id = try Self.id(context)
            return try await bodies.read(request, upTo: Self.bodyLimit) { body in
                let fields = try BodyFields(body, known: ["paused", "per_minute"])
                let state: Replay.State? = try fields.flag("paused").map { $0 ? .paused : .running }
                let pace = try fields.int("per_minute", in: 1...Replay.fastestPace)
                return Self.answer(try await node.changeReplay(id, to: state, perMinute: pace))
            }
        }
        routes.on(.delete, "/v1/replays/:id") { _, context in
            Self.answer(try await node.changeReplay(Self.id(context), to: .stopped, perMinute: nil))
        }
    }

    private static func id(_ context: RouteContext) throws(HTTPError) -> ULID {
        let text = context.parameters.get("id") ?? ""
        guard let id = ULID(text) else {
            throw HTTPError(.badRequest, message: "\(text.excerpt()) is no replay's id")
        }
        return id
    }

    private static func answer(_ replay: Replay?) -> Response {
        guard let replay else { return Answers.error("Replay not found", status: .notFound) }
        return Answers.envelope { write(replay, to: &$0) }
    }

    private func order(_ body: [UInt8], by actor: String) async throws -> Response {
        let fields = try BodyFields(
            body, known: ["function_id", "from", "until", "status", "start", "per_minute", "preview"]
        )
        guard let reference = try fields.string("function_id") else {
            throw HTTPError(.badRequest, message: "function_id is required")
        }
        guard let function = node.registry.function(named: reference) else {
            return Answers.error("Function not found: \(reference)", status: .notFound)
        }
        let (from, until) = (try fields.time("from"), try fields.time("until"))
        if let from, let until, from >= until { throw HTTPError(.badRequest, message: "from must be before until") }
        guard let start = Replay.Start(name: try fields.string("start") ?? Replay.Start.failure.name) else {
            throw HTTPError(.badRequest, message: "start must be failure or beginning")
        }
        let wish = Node.ReplayWish(
            function: function, states: try states(fields), from: from, until: until, start: start,
            perMinute: try fields.int("per_minute", in: 1...Replay.fastestPace) ?? Replay.usualPace
        )
        let isPreview = try fields.flag("preview") ?? false
        let plan = isPreview ? try await node.preview(wish, by: actor) : try await node.order(wish, by: actor)
        let isMade = !isPreview && plan.replay.found > 0
        return Answers.envelope(status: isMade ? .created : .ok) { writer in
            writer.object { writer in
                writer.member("preview", isPreview)
                writer.member("runs", plan.replay.found)
                writer.member("is_complete", plan.isWhole)
                writer.key("replay")
                if isMade { Self.write(plan.replay, to: &writer) } else { writer.null() }
            }
        }
    }

    /// The ends that runs must have had: failed ones, unless somebody says otherwise.
    private func states(_ fields: BodyFields) throws(HTTPError) -> Set<RunState> {
        guard let array = try fields.array("status") else { return [.failed] }
        var states: Set<RunState> = []
        for element in array.view.elements {
            guard let state = element.string.flatMap(RunState.init(name:)), state.status.isFinal else {
                throw HTTPError(.badRequest, message: "status must hold failed, cancelled or completed")
            }
            states.insert(state)
        }
        guard !states.isEmpty else { throw HTTPError(.badRequest, message: "status must not be empty") }
        return states
    }

    private static func write(_ replay: Replay, to writer: inout JSONWriter) {
        let progress = replay.progress
        writer.object { writer in
            writer.member("id", replay.id)
            writer.member("function_id", replay.functionSlug)
            writer.key("status")
            writer.array(RunState.allCases.filter(replay.states.contains)) { $1.value($0.name) }
            writer.member("from", replay.from)
            writer.member("until", replay.until)
            writer.member("start", replay.start.name)
            writer.member("per_minute", replay.perMinute)
            writer.member("state", replay.state.name)
            writer.member("runs", replay.found)
            writer.member("started", progress.started)
            writer.member("skipped", progress.skipped)
            writer.member("problem", progress.problem.isEmpty ? nil : progress.problem)
            writer.member("created_by", replay.actor)
            writer.member("created_at", replay.createdAt)
            writer.member("ended_at", replay.endedAt)
        }
    }
}
