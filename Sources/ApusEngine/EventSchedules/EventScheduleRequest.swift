import ApusCore
import ApusCron

/// What somebody writes to make a schedule:
/// `{"name": "report", "cron": "0 9 * * *", "event": {"name": "report/due", "data": {}}}`.
package struct EventScheduleRequest: Hashable, Sendable {
    package var name: String?
    package var timing: EventSchedule.Timing
    package var event: EventTemplate
    package var catchUp = CatchUp.latest
    package var isPaused = false

    private static let fields = "name, cron, at, event, catch_up, paused"

    /// - Throws: ``ScheduleChangeError`` that names the field.
    package init(_ json: RawJSON) throws(ScheduleChangeError) {
        guard json.view.kind == .object else { throw ScheduleChangeError("the body must be a JSON object") }
        var name: String?
        var cron: String?
        var time: Timestamp?
        var event: EventTemplate?
        var catchUp: CatchUp?
        for member in json.view.members {
            let value = member.value
            switch member.key.string ?? "" {
            case "name": name = value.isNull ? nil : try Self.name(value)
            case "cron": cron = value.isNull ? nil : try Self.expression(value)
            case "at": time = value.isNull ? nil : try Self.time(value)
            case "event": event = try Self.event(value)
            case "catch_up":
                guard !value.isNull else { continue }
                guard let policy = value.string.flatMap(CatchUp.init(name:)) else {
                    throw ScheduleChangeError("catch_up must be skip, latest or all")
                }
                catchUp = policy
            case "paused":
                guard let isPaused = value.bool else { throw ScheduleChangeError("paused must be true or false") }
                self.isPaused = isPaused
            case let other:
                throw ScheduleChangeError("\(other.excerpt()) is no field; the fields are \(Self.fields)")
            }
        }
        self.name = name
        switch (cron, time) {
        case (let expression?, nil): timing = .cron(expression)
        case (nil, let time?):
            guard catchUp == nil else {
                throw ScheduleChangeError("catch_up is of schedules with cron; one with at fires however late it is")
            }
            timing = .at(time)
        case (nil, nil): throw ScheduleChangeError("cron or at is missing: when is the event to be sent?")
        case (_?, _?): throw ScheduleChangeError("cron and at exclude each other")
        }
        guard let event else { throw ScheduleChangeError("event is missing: what is to be sent?") }
        self.event = event
        self.catchUp = catchUp ?? .latest
    }

    package func draft(named name: String) -> EventScheduleDraft {
        EventScheduleDraft(
            key: EventScheduleKey(name: name), timing: timing, event: event, catchUp: catchUp, isPaused: isPaused
        )
    }

    /// - Throws: ``ScheduleChangeError`` when a schedule cannot be called so.
    package static func check(name: String) throws(ScheduleChangeError) {
        guard !name.isEmpty else { throw ScheduleChangeError("name must not be empty") }
        guard name.utf8.count <= EventScheduleKey.longestName else {
            throw ScheduleChangeError(
                "name has \(name.utf8.count) bytes; \(EventScheduleKey.longestName) are the most"
            )
        }
        guard name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw ScheduleChangeError("name must not hold control characters")
        }
        guard UUID16(name) == nil else { throw ScheduleChangeError("name must not be a UUID: ids are") }
    }

    private static func name(_ value: JSONView) throws(ScheduleChangeError) -> String {
        guard let name = value.string else { throw ScheduleChangeError("name must be a string") }
        try check(name: name)
        return name
    }

    private static func expression(_ value: JSONView) throws(ScheduleChangeError) -> String {
        guard let text = value.string else { throw ScheduleChangeError("cron must be a string") }
        do {
            return try CronSchedule(text).text
        } catch {
            throw ScheduleChangeError("cron: \(error)")
        }
    }

    private static func time(_ value: JSONView) throws(ScheduleChangeError) -> Timestamp {
        let time: Timestamp?
        if let number = value.int {
            time = Timestamp(milliseconds: number)
        } else {
            time = value.string.flatMap(DateText.parseRFC3339)
        }
        guard let time else {
            throw ScheduleChangeError("at must be a time such as 2027-01-31T09:00:00Z, or milliseconds since 1970")
        }
        guard time >= earliest else {
            let hint = value.int == nil ? "" : "; it counts milliseconds, not seconds"
            throw ScheduleChangeError("at is before 1980\(hint)")
        }
        guard time <= latest else { throw ScheduleChangeError("at is after 2100-01-01") }
        return time
    }

    /// The times that events may have.
    private static let earliest = Timestamp(milliseconds: 315_532_800_000)
    private static let latest = Timestamp(milliseconds: 4_102_444_800_000)

    /// By the rules for events that are sent.
    private static func event(_ value: JSONView) throws(ScheduleChangeError) -> EventTemplate {
        guard value.kind == .object else { throw ScheduleChangeError("event must be an object") }
        for member in value.members {
            switch member.key.string ?? "" {
            case "name", "data", "user", "v": break
            case "id", "ts":
                throw ScheduleChangeError("event.\(member.key.string ?? "") cannot be given: every tick has its own")
            case let other:
                throw ScheduleChangeError(
                    "event.\(other.excerpt()) is no field; the fields are name, data, user, v"
                )
            }
        }
        let decoded = EventRequest.decode(Array(value.slice))
        guard let event = decoded.events.first?.event else {
            throw ScheduleChangeError("event: \(decoded.failure?.message ?? "it is empty")")
        }
        return EventTemplate(name: event.name, data: event.data, user: event.user, version: event.version)
    }
}
