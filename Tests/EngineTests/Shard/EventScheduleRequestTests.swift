import ApusCore
import Testing

@testable import ApusEngine

@Suite("What people write to make a schedule")
struct EventScheduleRequestTests {
    @Test("everything that can be said is understood")
    func whole() throws {
        let wish = try EventScheduleRequest(
            json(
                #"{"name":"a/b c","cron":"TZ=Europe/Berlin 0 9 * * *","catch_up":"all","paused":true,"#
                    + #""event":{"name":"due","data":{"n":1},"user":{"id":7},"v":"2"}}"#
            )
        )
        let draft = wish.draft(named: wish.name ?? "")
        #expect(draft.key.name == "a/b c")
        #expect(draft.timing == .cron("TZ=Europe/Berlin 0 9 * * *"))
        #expect(
            draft.event
                == EventTemplate(name: "due", data: json(#"{"n":1}"#), user: json(#"{"id":7}"#), version: "2")
        )
        #expect(draft.catchUp == .all && draft.isPaused)
        #expect(EventTemplate(name: "due", stored: draft.event.stored) == draft.event)
    }

    @Test("a time is written as text or as a number", arguments: [#""2027-01-31T10:00:00+01:00""#, "1801386000000"])
    func times(text: String) throws {
        let wish = try EventScheduleRequest(json(#"{"at":\#(text),"name":null,"event":{"name":"due"}}"#))
        #expect(wish.timing == .at(Timestamp(milliseconds: 1_801_386_000_000)))
        #expect(wish.name == nil && wish.catchUp == .latest && !wish.isPaused)
    }

    @Test(
        "what is wrong is told with the field",
        arguments: [
            ("[]", "the body must be a JSON object"),
            (#"{"name":7}"#, "name must be a string"),
            (#"{"name":""}"#, "name must not be empty"),
            (#"{"name":"\#(String(repeating: "ü", count: 128))"}"#, "name has 256 bytes; 255 are the most"),
            (#"{"name":"a\nb"}"#, "name must not hold control characters"),
            (#"{"name":"6ba7b812-9dad-11d1-80b4-00c04fd430c8"}"#, "name must not be a UUID: ids are"),
            (#"{"cron":5}"#, "cron must be a string"),
            (#"{"cron":"0 25 * * *"}"#, "cron: hour, column 3: `25` is out of range; use 0 to 23"),
            (#"{"at":true}"#, "at must be a time such as 2027-01-31T09:00:00Z, or milliseconds since 1970"),
            (#"{"at":"tomorrow"}"#, "at must be a time such as 2027-01-31T09:00:00Z, or milliseconds since 1970"),
            (#"{"at":1767600000}"#, "at is before 1980; it counts milliseconds, not seconds"),
            (#"{"at":"1979-12-31T23:59:59Z"}"#, "at is before 1980"),
            (#"{"at":"2100-01-01T00:00:01Z"}"#, "at is after 2100-01-01"),
            (#"{"event":{"name":"due"}}"#, "cron or at is missing: when is the event to be sent?"),
            (#"{"at":"2027-01-31T09:00:00Z","cron":"* * * * *"}"#, "cron and at exclude each other"),
            (#"{"cron":"* * * * *"}"#, "event is missing: what is to be sent?"),
            (#"{"event":[]}"#, "event must be an object"),
            (#"{"event":{}}"#, "event: event name is empty"),
            (#"{"event":{"name":"Inngest/x"}}"#, "event: event name is reserved for internal use: Inngest/x"),
            (#"{"event":{"name":"x","data":7}}"#, #"event: event field "data" must be an object"#),
            (#"{"event":{"name":"x","ts":7}}"#, "event.ts cannot be given: every tick has its own"),
            (#"{"event":{"name":"x","id":"7"}}"#, "event.id cannot be given: every tick has its own"),
            (#"{"event":{"name":"x","nme":7}}"#, "event.nme is no field; the fields are name, data, user, v"),
            (#"{"catch_up":"some"}"#, "catch_up must be skip, latest or all"),
            (
                #"{"at":"2027-01-31T09:00:00Z","catch_up":"all","event":{"name":"x"}}"#,
                "catch_up is of schedules with cron; one with at fires however late it is"
            ),
            (#"{"paused":1}"#, "paused must be true or false"),
            (#"{"every":1}"#, "every is no field; the fields are name, cron, at, event, catch_up, paused"),
        ]
    )
    func faults(body: String, told: String) {
        do {
            _ = try EventScheduleRequest(json(body))
            Issue.record("it was understood")
        } catch {
            #expect(error.description == told)
        }
    }

    @Test("an event that is too large is refused")
    func size() {
        let text = String(repeating: "x", count: 3 << 20)
        #expect(throws: ScheduleChangeError.self) {
            try EventScheduleRequest(json(#"{"cron":"* * * * *","event":{"name":"x","data":{"t":"\#(text)"}}}"#))
        }
    }

    @Test("the digest tells timings and events apart")
    func digest() {
        func digest(_ timing: EventSchedule.Timing, _ name: String, _ data: String = "{}") -> UInt64 {
            EventScheduleDraft(
                key: EventScheduleKey(name: "a"), timing: timing, event: EventTemplate(name: name, data: json(data))
            ).digest
        }
        let all = [
            digest(.cron("* * * * *"), "a"), digest(.cron("* * * * *"), "b"), digest(.cron("*/2 * * * *"), "a"),
            digest(.at(.epoch), "a"), digest(.cron("* * * * *"), "a", #"{"n":1}"#),
        ]
        #expect(Set(all).count == all.count)
        #expect(digest(.at(.epoch), "a") == all[3])
    }
}
