import ApusCore
import ApusCron
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// `/v1/schedules`: the cron triggers of all functions, and the event schedules that people make; an extension of
/// the v1 API.
struct ScheduleRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    /// Bytes of a request that holds no event.
    private static let bodyLimit = 64 << 10
    /// Times that are listed when nobody says how many, and at most.
    private static let times = (usual: 5, most: 1_000)
    private static let ticks = (usual: 20, most: 100)

    private var events: EventScheduleRoutes { EventScheduleRoutes(node: node, bodies: bodies) }

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/v1/schedules") { request, _ in try await ScheduleList(node: node).answer(request) }
        routes.on(.post, "/v1/schedules") { request, _ in try await events.create(request) }
        routes.on(.put, "/v1/schedules/:id") { request, context in
            let reference = try ScheduleReference(context)
            if case .id(let id) = reference, let trigger = await trigger(id) {
                return Answers.error(
                    "\(id) is a cron trigger, which \(trigger.functionSlug) registers", status: .conflict
                )
            }
            return try await events.put(reference, request)
        }
        routes.on(.delete, "/v1/schedules/:id") { request, context in
            try await forSchedule(context) { trigger in
                Answers.error(
                    "\(trigger.key.id) is a cron trigger, which ends when \(trigger.functionSlug) does not register it",
                    status: .conflict
                )
            } event: { schedule in
                try await events.remove(schedule, by: Actor.of(request))
            }
        }
        routes.on(.get, "/v1/schedules/:id") { _, context in
            try await forSchedule(context) { trigger in
                Answers.envelope { ScheduleJSON.write(trigger, to: &$0) }
            } event: { schedule in
                Answers.envelope { ScheduleJSON.write(schedule, to: &$0) }
            }
        }
        routes.on(.get, "/v1/schedules/:id/next") { request, context in
            try await forSchedule(context) { trigger in
                try next(of: trigger, request)
            } event: { schedule in
                let count = try request.number("count", usual: Self.times.usual, most: Self.times.most)
                return events.next(of: schedule, count: count)
            }
        }
        routes.on(.get, "/v1/schedules/:id/ticks") { request, context in
            try await forSchedule(context) { trigger in
                try await ticks(of: trigger, request)
            } event: { schedule in
                Answers.error(
                    "only cron triggers list their ticks; those of \(schedule.schedule.key.name) are the events "
                        + schedule.schedule.eventName, status: .badRequest
                )
            }
        }
        routes.on(.patch, "/v1/schedules/:id") { request, context in
            let body = try await bodies.read(request, upTo: Self.bodyLimit) { $0 }
            return try await forSchedule(context) { trigger in
                try await change(trigger, body, by: Actor.of(request))
            } event: { schedule in
                try await events.change(schedule, body, by: Actor.of(request))
            }
        }
        routes.on(.post, "/v1/schedules/:id/run") { request, context in
            try await forSchedule(context) { trigger in
                try await run(trigger, by: Actor.of(request))
            } event: { schedule in
                try await events.run(schedule, by: Actor.of(request))
            }
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
        return ScheduleAnswers.sent(event, by: schedule.key.id)
    }

    private func trigger(_ id: UUID16) async -> ScheduleView? {
        await node.schedules().first { $0.key.id == id }
    }

    /// Answers for the schedule that the path names.
    private func forSchedule(
        _ context: RouteContext, trigger answer: (ScheduleView) async throws -> Response,
        event answerEvent: (EventScheduleView) async throws -> Response
    ) async throws -> Response {
        let reference = try ScheduleReference(context)
        if case .id(let id) = reference, let trigger = await trigger(id) { return try await answer(trigger) }
        guard let schedule = try await node.eventSchedule(reference.eventSchedule) else { return reference.notFound }
        return try await answerEvent(schedule)
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
        return ScheduleAnswers.next(
            [
                ("id", schedule.key.id.description), ("function", schedule.functionSlug),
                ("expression", schedule.key.expression), ("zone", cron?.zoneName ?? ""),
            ], times.map(Timestamp.init(milliseconds:)))
    }
}

/// Answers that cron triggers and event schedules share.
enum ScheduleAnswers {
    /// The event of a tick by hand.
    static func sent(_ event: ULID, by schedule: UUID16) -> Response {
        Answers.envelope { writer in
            writer.object { writer in
                writer.member("id", schedule)
                writer.member("event_id", event)
            }
        }
    }

    /// The times of the next ticks, after what says whose they are.
    static func next(_ members: [(String, String)], _ times: [Timestamp]) -> Response {
        Answers.envelope { writer in
            writer.object { writer in
                for (key, value) in members { writer.member(key, value) }
                writer.key("times")
                writer.array(times) { $1.value($0) }
            }
        }
    }
}

/// Schedules as the API shows them.
enum ScheduleJSON {
    static func write(_ schedule: ScheduleView, to writer: inout JSONWriter) {
        // What an earlier release has accepted and this one does not understand has no words.
        let cron = try? CronSchedule(schedule.key.expression)
        writer.beginObject()
        writer.member("id", schedule.key.id.description)
        writer.member("kind", "trigger")
        writer.member("function", schedule.functionSlug)
        writer.member("function_id", schedule.key.function.description)
        writer.member("expression", schedule.key.expression)
        writer.member("words", cron?.words)
        writer.member("zone", cron?.zoneName)
        writer.member("jitter", schedule.jitter)
        writer.member("next_tick", schedule.nextTick?.rfc3339)
        writer.member("last_tick", schedule.lastTick?.rfc3339)
        writer.member("catch_up", schedule.settings.catchUp?.name)
        writer.member("overlap", schedule.settings.overlap.name)
        writer.member("run_id", schedule.run?.id.description)
        writer.member("buffered_tick", schedule.buffered?.rfc3339)
        writer.member("paused_at", schedule.settings.pausedAt?.rfc3339)
        for (key, value) in [
            ("paused", schedule.settings.pausedAt != nil), ("function_paused", schedule.isFunctionPaused),
        ] {
            writer.key(key)
            writer.value(value)
        }
        writer.endObject()
    }

    static func write(_ schedule: EventScheduleView, to writer: inout JSONWriter) {
        let content = schedule.schedule
        writer.beginObject()
        writer.member("id", content.key.id.description)
        writer.member("kind", "event")
        writer.member("name", content.key.name)
        switch content.timing {
        case .cron(let expression):
            let cron = try? CronSchedule(expression)
            writer.member("expression", expression)
            writer.member("words", cron?.words)
            writer.member("zone", cron?.zoneName)
            writer.member("at", nil as String?)
            writer.member("catch_up", content.state.catchUp.name)
        case .at(let time):
            for key in ["expression", "words", "zone"] { writer.member(key, nil) }
            writer.member("at", time.rfc3339)
            writer.member("catch_up", nil as String?)
        }
        writer.member("event_name", content.eventName)
        if let event = schedule.event {
            writer.key("event")
            write(event, &writer)
        }
        writer.member("next_tick", schedule.nextTick?.rfc3339)
        writer.member("paused_at", content.state.pausedAt?.rfc3339)
        writer.key("paused")
        writer.value(content.state.pausedAt != nil)
        writer.endObject()
    }

    private static func write(_ event: EventTemplate, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.value(event.name)
        writer.key("data")
        writer.raw(event.data)
        writer.key("user")
        writer.raw(event.user)
        if let version = event.version {
            writer.key("v")
            writer.value(version)
        }
        writer.endObject()
    }
}
