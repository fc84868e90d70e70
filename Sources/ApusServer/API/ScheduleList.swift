import ApusCore
import ApusEngine
import ApusNode
import Hummingbird

/// `GET /v1/schedules`: page by page, the cron triggers first.
struct ScheduleList: Sendable {
    let node: Node

    /// Schedules that are listed when nobody says how many, and at most.
    private static let page = (usual: 100, most: 1_000)

    /// The last schedule of the page before.
    private enum Cursor {
        case trigger(UUID16)
        case event(UUID16)

        init?(_ text: String) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, let id = UUID16(parts[1]) else { return nil }
            switch parts[0] {
            case "trigger": self = .trigger(id)
            case "event": self = .event(id)
            default: return nil
            }
        }

        var text: String {
            switch self {
            case .trigger(let id): "trigger.\(id)"
            case .event(let id): "event.\(id)"
            }
        }
    }

    func answer(_ request: Request) async throws -> Response {
        let query = request.uri.queryParameters
        let limit = try request.number("limit", usual: Self.page.usual, most: Self.page.most)
        let kind = query["kind"].map(String.init)
        if let kind, kind != "trigger", kind != "event" {
            return Answers.error("kind must be trigger or event, not \(kind.excerpt())", status: .badRequest)
        }
        var cursor: Cursor?
        if let text = query["cursor"].map(String.init) {
            cursor = Cursor(text)
            guard cursor != nil else {
                return Answers.error(
                    "\(text.excerpt()) is no cursor; take the one of the page before", status: .badRequest
                )
            }
        }
        var triggers: [ScheduleView] = []
        if kind != "event" {
            switch cursor {
            case nil: triggers = await node.schedules()
            case .event: break
            case .trigger(let id):
                let all = await node.schedules()
                guard let index = all.firstIndex(where: { $0.key.id == id }) else {
                    return Answers.error(
                        "the cursor's schedule is not there any more; begin again without a cursor", status: .badRequest
                    )
                }
                triggers = Array(all[(index + 1)...])
            }
        }
        // One more than the page holds tells whether there is another.
        var events: [EventScheduleView] = []
        if kind != "trigger", triggers.count <= limit {
            var last: UUID16?
            if case .event(let id) = cursor { last = id }
            events = try await node.eventSchedules(after: last, limit: min(limit - triggers.count + 1, Self.page.most))
        }
        let isMore = triggers.count + events.count > limit || events.count == Self.page.most
        triggers = Array(triggers.prefix(limit))
        events = Array(events.prefix(limit - triggers.count))
        let newest = events.last.map { Cursor.event($0.schedule.key.id) } ?? triggers.last.map { .trigger($0.key.id) }
        return Answers.envelope(cursor: .some(isMore ? newest?.text : nil)) { writer in
            writer.beginArray()
            for trigger in triggers { ScheduleJSON.write(trigger, to: &writer) }
            for event in events { ScheduleJSON.write(event, to: &writer) }
            writer.endArray()
        }
    }
}
