import ApusCore
import ApusCron
import ApusEngine
import ApusNode
import HTTPTypes
import Hummingbird

/// What people do to event schedules. Every change is durable before it is answered.
struct EventScheduleRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    /// Bytes of a request: an event and what stands around it.
    private static let bodyLimit = 4 << 20

    /// `POST /v1/schedules`
    func create(_ request: Request) async throws -> Response {
        try await bodies.read(request, upTo: Self.bodyLimit) { body in
            let wish = try parse(body)
            let draft = wish.draft(named: wish.name ?? node.newScheduleName())
            return try await put(draft, replaces: false, by: Actor.of(request))
        }
    }

    /// `PUT /v1/schedules/{name or id}`
    func put(_ reference: ScheduleReference, _ request: Request) async throws -> Response {
        let name: String
        switch reference {
        case .name(let given):
            do {
                try EventScheduleRequest.check(name: given)
            } catch {
                return Answers.error("\(error)", status: .badRequest)
            }
            name = given
        case .id(let id):
            // An id follows from a name, so nothing new can be made under one.
            guard let known = try await node.eventSchedule(id) else { return reference.notFound }
            name = known.schedule.key.name
        }
        return try await bodies.read(request, upTo: Self.bodyLimit) { body in
            let wish = try parse(body)
            guard wish.name == nil || wish.name == name else {
                return Answers.error(
                    "name is \((wish.name ?? "").excerpt()) in the body and \(name.excerpt()) in the path",
                    status: .badRequest
                )
            }
            return try await put(wish.draft(named: name), replaces: true, by: Actor.of(request))
        }
    }

    private func parse(_ body: [UInt8]) throws(HTTPError) -> EventScheduleRequest {
        do {
            return try EventScheduleRequest(try RawJSON(parsing: body))
        } catch {
            throw HTTPError(.badRequest, message: "\(error)")
        }
    }

    private func put(_ draft: EventScheduleDraft, replaces: Bool, by actor: String) async throws -> Response {
        switch try await node.carryOut(.put(draft, replaces: replaces), by: actor) {
        case .created(let schedule): return shown(EventScheduleView(schedule, draft.event), status: .created)
        case .replaced(let schedule): return shown(EventScheduleView(schedule, draft.event))
        case .taken:
            return Answers.error(
                "there is a schedule \(draft.key.name.excerpt()) with other content; PUT /v1/schedules/{name} replaces it",
                status: .conflict
            )
        case .full(let limit):
            return Answers.error(
                "there are \(limit) schedules, as many as there may be (--max-schedules)", status: .tooManyRequests
            )
        case .same, .unknown, .done, .sent:
            guard let known = try await node.eventSchedule(draft.key.id) else {
                // It has fired once and gone in the meantime.
                return ScheduleReference.name(draft.key.name).notFound
            }
            return shown(known)
        }
    }

    private func shown(_ schedule: EventScheduleView, status: HTTPResponse.Status = .ok) -> Response {
        Answers.envelope(status: status) { ScheduleJSON.write(schedule, to: &$0) }
    }

    func change(_ schedule: EventScheduleView, _ body: [UInt8], by actor: String) async throws -> Response {
        let key = schedule.schedule.key
        let change: ScheduleChange
        do {
            change = try ScheduleChange(try RawJSON(parsing: body))
        } catch {
            return Answers.error("\(error)", status: .badRequest)
        }
        if change.overlap != nil {
            return Answers.error(
                "overlap is of cron triggers: a schedule that sends events knows nothing of runs", status: .badRequest
            )
        }
        if let catchUp = change.catchUp {
            guard case .cron = schedule.schedule.timing else {
                return Answers.error(
                    "catch_up is of schedules with cron; one with at fires however late it is", status: .badRequest
                )
            }
            guard catchUp != .unset else {
                return Answers.error("catch_up must be skip, latest or all", status: .badRequest)
            }
        }
        guard case .done = try await node.carryOut(.change(key, change), by: actor),
            let changed = try await node.eventSchedule(key.id)
        else { return ScheduleReference.name(key.name).notFound }
        return shown(changed)
    }

    func remove(_ schedule: EventScheduleView, by actor: String) async throws -> Response {
        let key = schedule.schedule.key
        guard case .done = try await node.carryOut(.remove(key), by: actor) else {
            return ScheduleReference.name(key.name).notFound
        }
        return Response(status: .noContent)
    }

    func run(_ schedule: EventScheduleView, by actor: String) async throws -> Response {
        let key = schedule.schedule.key
        guard let event = schedule.event, case .sent(let id) = try await node.carryOut(.run(key, event), by: actor)
        else { return ScheduleReference.name(key.name).notFound }
        return ScheduleAnswers.sent(id, by: key.id)
    }

    /// The times that would be ticks if the schedule were not paused.
    func next(of schedule: EventScheduleView, count: Int) -> Response {
        let content = schedule.schedule
        var times: [Timestamp] = []
        var zone = "UTC"
        switch content.timing {
        case .at: times = [schedule.nextTick].compactMap(\.self)
        case .cron(let expression):
            let cron = try? CronSchedule(expression)
            zone = cron?.zoneName ?? ""
            times = (cron?.upcoming(from: ServerClock.now().milliseconds, count: count) ?? [])
                .map(Timestamp.init(milliseconds:))
        }
        return ScheduleAnswers.next(
            [
                ("id", content.key.id.description), ("name", content.key.name), ("expression", content.timing.text),
                ("zone", zone),
            ], times)
    }
}

/// A schedule as a path names it.
enum ScheduleReference: Hashable {
    /// Of a cron trigger or an event schedule.
    case id(UUID16)
    /// Of an event schedule.
    case name(String)

    /// - Throws: 400 when the path is no text.
    init(_ context: RouteContext) throws(HTTPError) {
        let segment = context.parameters.get("id") ?? ""
        guard let text = try? EventRequest.decodeSlug(segment) else {
            throw HTTPError(.badRequest, message: "the name in the path must be UTF-8, percent-encoded")
        }
        self = UUID16(text).map(ScheduleReference.id) ?? .name(text)
    }

    /// The event schedule that it means, if it means one.
    var eventSchedule: UUID16 {
        switch self {
        case .id(let id): id
        case .name(let name): EventScheduleKey(name: name).id
        }
    }

    var notFound: Response {
        switch self {
        case .id(let id): Answers.error("Schedule not found: \(id)", status: .notFound)
        case .name(let name): Answers.error("Schedule not found: \(name.excerpt())", status: .notFound)
        }
    }
}
