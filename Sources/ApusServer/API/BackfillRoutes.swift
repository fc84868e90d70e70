import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// Running a schedule's function as of ticks of the past; an extension of the v1 API.
struct BackfillRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    /// Bytes of a request.
    private static let bodyLimit = 64 << 10
    /// Times that an answer lists at most.
    private static let times = 1_000

    func add(to routes: inout RouteTable) {
        routes.on(.post, "/v1/schedules/:id/backfill") { request, context in
            let id = try schedule(context)
            return try await bodies.read(request, upTo: Self.bodyLimit) { body in
                try await begin(id, body, by: Actor.of(request))
            }
        }
        routes.on(.get, "/v1/schedules/:id/backfills") { _, context in try await list(of: schedule(context)) }
        routes.on(.delete, "/v1/schedules/:id/backfills/:backfill") { request, context in
            try await stop(context, of: schedule(context), by: Actor.of(request))
        }
        routes.on(.get, "/v1/backfills") { _, _ in
            let found = try await backfills()
            return Answers.envelope { write(found, to: &$0) }
        }
    }

    // MARK: - Ordering

    private func begin(_ id: UUID16, _ body: [UInt8], by actor: String) async throws -> Response {
        let wish: BackfillWish
        do {
            wish = try BackfillWish(body)
        } catch {
            return Answers.error(error.message, status: .badRequest)
        }
        guard let schedule = await node.schedules().first(where: { $0.key.id == id }) else { return Self.unknown(id) }
        let (order, plan): (Backfill?, BackfillPlan)
        if wish.isPreview {
            guard let found = try await node.planBackfill(schedule.key, from: wish.from, to: wish.to, again: wish.again)
            else { return Self.unknown(id) }
            (order, plan) = (nil, found)
        } else {
            guard
                let made = try await node.backfill(
                    schedule, from: wish.from, to: wish.to, again: wish.again, by: actor
                )
            else { return Self.unknown(id) }
            (order, plan) = made
        }
        guard !plan.isTooMuch else {
            let count = plan.isCounted ? "\(plan.found)" : "more than \(BackfillPlan.counted)"
            return Answers.error(
                "there are \(count) ticks from \(wish.from.rfc3339) to \(wish.to.rfc3339); one backfill may have "
                    + "\(Backfill.mostTicks)",
                status: .badRequest
            )
        }
        return Answers.envelope { writer in
            writer.beginObject()
            writer.member("id", order?.id.description)
            writer.member("schedule_id", id.description)
            writer.member("function", schedule.functionSlug)
            writer.member("expression", schedule.key.expression)
            writer.key("preview")
            writer.value(wish.isPreview)
            writer.key("ticks")
            writer.value(plan.ticks.count)
            writer.key("already_run")
            writer.value(plan.alreadyRun)
            writer.member("first", plan.ticks.first?.rfc3339)
            writer.member("last", plan.ticks.last?.rfc3339)
            writer.key("times")
            writer.beginArray()
            for tick in plan.ticks.prefix(Self.times) { writer.value(tick.rfc3339) }
            writer.endArray()
            writer.endObject()
        }
    }

    // MARK: - What is under way

    private func list(of schedule: UUID16) async throws -> Response {
        let found = try await backfills().filter { $0.key.id == schedule }
        if found.isEmpty, await !node.schedules().contains(where: { $0.key.id == schedule }) {
            return Self.unknown(schedule)
        }
        return Answers.envelope { write(found, to: &$0) }
    }

    private func stop(
        _ context: RouteContext, of schedule: UUID16, by actor: String
    ) async throws -> Response {
        let text = context.parameters.get("backfill") ?? ""
        guard let id = ULID(text) else {
            return Answers.error("\(text.excerpt()) is no backfill's id", status: .badRequest)
        }
        guard try await backfill(id, of: schedule) != nil else {
            return Answers.error("Backfill not found: \(id)", status: .notFound)
        }
        try await node.stopBackfill(id, by: actor)
        guard let stopped = try await backfill(id, of: schedule) else {
            return Answers.error("Backfill not found: \(id)", status: .notFound)
        }
        return Answers.envelope { write(stopped, to: &$0) }
    }

    private func backfill(_ id: ULID, of schedule: UUID16) async throws -> Backfill? {
        try await backfills().first { $0.id == id && $0.key.id == schedule }
    }

    private func backfills() async throws -> [Backfill] {
        try await node.read { reader throws(StoreError) in try reader.backfills() }
    }

    private func schedule(_ context: RouteContext) throws(HTTPError) -> UUID16 {
        let text = context.parameters.get("id") ?? ""
        guard let id = UUID16(text) else {
            throw HTTPError(.badRequest, message: "\(text.excerpt()) is no schedule's id, which is a UUID")
        }
        return id
    }

    private static func unknown(_ id: UUID16) -> Response {
        Answers.error("Schedule not found: \(id)", status: .notFound)
    }

    // MARK: - Writing

    private func write(_ backfills: [Backfill], to writer: inout JSONWriter) {
        writer.beginArray()
        for backfill in backfills { write(backfill, to: &writer) }
        writer.endArray()
    }

    private func write(_ backfill: Backfill, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", backfill.id.description)
        writer.member("schedule_id", backfill.key.id.description)
        writer.member("function", backfill.functionSlug)
        writer.member("expression", backfill.key.expression)
        writer.member("from", backfill.from.rfc3339)
        writer.member("to", backfill.to.rfc3339)
        writer.key("ticks")
        writer.value(backfill.ticks)
        writer.key("started")
        writer.value(backfill.started)
        writer.member("state", state(of: backfill))
        writer.member("created_at", backfill.createdAt.rfc3339)
        writer.member("ended_at", backfill.endedAt?.rfc3339)
        writer.member("by", backfill.actor)
        writer.endObject()
    }

    private func state(of backfill: Backfill) -> String {
        let isHeld = backfill.state == .running && node.registry.functions[backfill.key.function]?.pausedAt != nil
        return isHeld ? "held" : backfill.state.name
    }
}

/// What somebody wants to be made up for: `{"from": …, "to": …, "preview": true, "again": true}`.
struct BackfillWish {
    var from: Timestamp
    var to: Timestamp
    var isPreview: Bool
    /// Also ticks that have run already.
    var again: Bool

    /// Says which field is wrong.
    struct Failure: Error {
        var message: String
    }

    init(_ body: [UInt8]) throws(Failure) {
        guard let view = (try? RawJSON(parsing: body))?.view, view.kind == .object else {
            throw Failure(message: "the body must be a JSON object")
        }
        let known = ["from", "to", "preview", "again"]
        for name in view.members.map({ $0.key.string ?? "" }) where !known.contains(name) {
            throw Failure(message: "\(name.excerpt()) is no field; the fields are \(known.joined(separator: ", "))")
        }
        from = try Self.time("from", of: view)
        to = try Self.time("to", of: view)
        guard from < to else { throw Failure(message: "from must be before to") }
        isPreview = try Self.flag("preview", of: view)
        again = try Self.flag("again", of: view)
    }

    private static func time(_ name: String, of view: JSONView) throws(Failure) -> Timestamp {
        guard let time = view[name]?.string.flatMap({ DateText.parse($0) }) else {
            throw Failure(message: "\(name) must be an RFC 3339 time")
        }
        return time
    }

    private static func flag(_ name: String, of view: JSONView) throws(Failure) -> Bool {
        guard let value = view[name], !value.isNull else { return false }
        guard let flag = value.bool else { throw Failure(message: "\(name) must be true or false") }
        return flag
    }
}
