import ApusCore
import ApusCron
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// `/v1/schedules`: the cron triggers of all functions; an extension of the v1 API.
struct ScheduleRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    /// Bytes of a request.
    private static let bodyLimit = 64 << 10
    /// Times that are listed when nobody says how many, and at most.
    private static let times = (usual: 5, most: 1_000)
    private static let ticks = (usual: 20, most: 100)

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/v1/schedules") { _, _ in await list() }
        routes.on(.get, "/v1/schedules/:id") { _, context in
            try await forSchedule(context) { schedule in
                Answers.envelope { ScheduleJSON.write(schedule, to: &$0) }
            }
        }
        routes.on(.get, "/v1/schedules/:id/next") { request, context in
            try await forSchedule(context) { try next(of: $0, request) }
        }
        routes.on(.get, "/v1/schedules/:id/ticks") { request, context in
            try await forSchedule(context) { try await ticks(of: $0, request) }
        }
        routes.on(.patch, "/v1/schedules/:id") { request, context in
            try await forSchedule(context) { schedule in
                try await bodies.read(request, upTo: Self.bodyLimit) { body in
                    try await change(schedule, body, by: Actor.of(request))
                }
            }
        }
        routes.on(.post, "/v1/schedules/:id/run") { request, context in
            try await forSchedule(context) { try await run($0, by: Actor.of(request)) }
        }
    }

    private func change(_ schedule: ScheduleView, _ body: [UInt8], by actor: String) async throws -> Response {
        let change: ScheduleChange
        do {
            change = try ScheduleChange(try RawJSON(parsing: body))
        } catch {
            return Answers.error("\(error)", status: .badRequest)
        }
        guard let changed = try await node.change(schedule.key, change, by: actor) else {
            return Answers.error("Schedule not found: \(schedule.key.id)", status: .notFound)
        }
        return Answers.envelope { ScheduleJSON.write(changed, to: &$0) }
    }

    private func run(_ schedule: ScheduleView, by actor: String) async throws -> Response {
        guard let event = try await node.run(schedule.key, by: actor) else {
            return Answers.error("\(schedule.functionSlug) is paused and starts nothing", status: .conflict)
        }
        return Answers.envelope { writer in
            writer.beginObject()
            writer.key("id")
            writer.value(schedule.key.id)
            writer.key("event_id")
            writer.value(event)
            writer.endObject()
        }
    }

    private func list() async -> Response {
        let schedules = await node.schedules()
        return Answers.envelope { writer in
            writer.beginArray()
            for schedule in schedules { ScheduleJSON.write(schedule, to: &writer) }
            writer.endArray()
        }
    }

    /// Answers for the schedule that the path names.
    private func forSchedule(
        _ context: BasicRequestContext, _ answer: (ScheduleView) async throws -> Response
    ) async throws -> Response {
        let text = context.parameters.get("id") ?? ""
        guard let id = UUID16(text) else {
            return Answers.error("\(text.excerpt()) is no schedule's id, which is a UUID", status: .badRequest)
        }
        guard let schedule = await node.schedules().first(where: { $0.key.id == id }) else {
            return Answers.error("Schedule not found: \(id)", status: .notFound)
        }
        return try await answer(schedule)
    }

    private func ticks(of schedule: ScheduleView, _ request: Request) async throws -> Response {
        let limit = try request.number("limit", usual: Self.ticks.usual, most: Self.ticks.most)
        let key = schedule.key
        let ticks = try await node.read { reader throws(StoreError) in
            try ScheduleTicks.find(key, limit: limit, reader)
        }
        return Answers.envelope { writer in
            writer.beginArray()
            for tick in ticks { ScheduleTicks.write(tick, function: schedule.functionSlug, to: &writer) }
            writer.endArray()
        }
    }

    private func next(of schedule: ScheduleView, _ request: Request) throws -> Response {
        let count = try request.number("count", usual: Self.times.usual, most: Self.times.most)
        let cron = try? CronSchedule(schedule.key.expression)
        let times = cron?.upcoming(from: ServerClock.now().milliseconds, count: count) ?? []
        return Answers.envelope { writer in
            writer.beginObject()
            writer.key("id")
            writer.value(schedule.key.id)
            writer.key("function")
            writer.value(schedule.functionSlug)
            writer.key("expression")
            writer.value(schedule.key.expression)
            writer.key("zone")
            writer.value(cron?.zoneName ?? "")
            writer.key("times")
            writer.beginArray()
            for time in times { writer.value(Timestamp(milliseconds: time).rfc3339) }
            writer.endArray()
            writer.endObject()
        }
    }
}

/// A schedule as the API shows it.
enum ScheduleJSON {
    static func write(_ schedule: ScheduleView, to writer: inout JSONWriter) {
        // What an earlier release has accepted and this one does not understand has no words.
        let cron = try? CronSchedule(schedule.key.expression)
        writer.beginObject()
        write("id", schedule.key.id.description, &writer)
        write("function", schedule.functionSlug, &writer)
        write("function_id", schedule.key.function.description, &writer)
        write("expression", schedule.key.expression, &writer)
        write("words", cron?.words, &writer)
        write("zone", cron?.zoneName, &writer)
        write("jitter", schedule.jitter, &writer)
        write("next_tick", schedule.nextTick?.rfc3339, &writer)
        write("last_tick", schedule.lastTick?.rfc3339, &writer)
        write("catch_up", schedule.settings.catchUp?.name, &writer)
        write("overlap", schedule.settings.overlap.name, &writer)
        write("run_id", schedule.run?.id.description, &writer)
        write("buffered_tick", schedule.buffered?.rfc3339, &writer)
        write("paused_at", schedule.settings.pausedAt?.rfc3339, &writer)
        for (key, value) in [
            ("paused", schedule.settings.pausedAt != nil), ("function_paused", schedule.isFunctionPaused),
        ] {
            writer.key(key)
            writer.value(value)
        }
        writer.endObject()
    }

    private static func write(_ key: String, _ value: String?, _ writer: inout JSONWriter) {
        writer.key(key)
        if let value { writer.value(value) } else { writer.null() }
    }
}
