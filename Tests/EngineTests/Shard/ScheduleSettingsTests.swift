import ApusCore
import Testing

@testable import ApusEngine

@Suite("What people set about schedules")
struct ScheduleSettingsTests {
    private let engine: CoreHarness
    private let key: ScheduleKey

    /// Every minute, from 15:06:40 on.
    init() throws {
        engine = CoreHarness(Self.scheduled("* * * * *")) { $0.limits.missedTicks = 3 }
        key = ScheduleKey(
            function: try #require(engine.core.registry.function(named: "app-f")?.id), expression: "* * * * *"
        )
    }

    private static func scheduled(_ expression: String) -> FunctionConfiguration {
        var configuration = function("app-f")
        configuration.triggers = [.cron(schedule: expression, jitter: nil)]
        return configuration
    }

    private var minutes: [String] {
        engine.events(named: ScheduledEvent.name).compactMap { $0.body.view["data"]?["scheduledAt"]?.string }
            .map { String($0.dropFirst(11).prefix(5)) }
    }

    private func change(isPaused: Bool? = nil, catchUp: CatchUp? = nil) {
        let change = ScheduleChange(isPaused: isPaused, catchUp: catchUp.map { .set($0) })
        engine.feed(.schedule(key, change, by: "test"))
    }

    private var view: ScheduleView? { engine.core.scheduleViews.first }

    @Test("a paused schedule's ticks do not happen, also after a restart and a registration")
    func paused() {
        change(isPaused: true)
        engine.advance(by: .minutes(2))
        engine.restart()
        engine.register([Self.scheduled("* * * * *")], checksum: "again")
        engine.advance(by: .minutes(2))
        #expect(minutes.isEmpty)
        #expect(view?.nextTick == nil && view?.settings.pausedAt == CoreHarness.start)
        change(isPaused: false)
        engine.advance(by: .minutes(1))
        #expect(minutes == ["15:11"])
        #expect(engine.store.audit.map(\.action) == [.schedulePaused, .scheduleResumed])
        #expect(engine.store.audit.allSatisfy { $0.subject == "app-f" && $0.detail == "* * * * *" })
    }

    @Test(
        "a choice decides about the ticks of a pause",
        arguments: [
            (CatchUp?.none, ["15:16"]), (.skip, ["15:16"]), (.latest, ["15:15", "15:16"]),
            (.all, ["15:13", "15:14", "15:15", "15:16"]),
        ]
    )
    func afterPause(catchUp: CatchUp?, expected: [String]) {
        if let catchUp { change(catchUp: catchUp) }
        change(isPaused: true)
        engine.advance(by: .minutes(9))
        change(isPaused: false)
        engine.feed(.tick)
        engine.advance(by: .minutes(1))
        #expect(minutes == expected)
    }

    @Test(
        "a choice decides about the ticks that a server that was down has missed",
        arguments: [
            (CatchUp?.none, ["15:14", "15:15", "15:16", "15:17"]), (.skip, ["15:16", "15:17"]),
            (.latest, ["15:16", "15:17"]), (.all, ["15:14", "15:15", "15:16", "15:17"]),
        ]
    )
    func afterDowntime(catchUp: CatchUp?, expected: [String]) {
        if let catchUp { change(catchUp: catchUp) }
        engine.now = engine.now + .minutes(10)
        engine.restart()
        for _ in 0..<5 { engine.feed(.tick) }
        engine.advance(by: .minutes(1))
        #expect(minutes == expected)
    }

    @Test("a missed tick is left out when it is a minute late or more, and only then", arguments: [59, 60])
    func patience(seconds: Int) {
        engine.register([Self.scheduled("10 15 * * *")])
        let late = ScheduleKey(function: key.function, expression: "10 15 * * *")
        engine.feed(.schedule(late, ScheduleChange(catchUp: .set(.skip)), by: "test"))
        engine.now = engine.now + .seconds(200 + seconds)
        engine.restart()
        engine.feed(.tick)
        #expect(minutes == (seconds < 60 ? ["15:10"] : []))
        #expect((view?.lastTick != nil) == (seconds < 60))
        #expect(view?.nextTick?.rfc3339 == "2025-06-16T15:10:00.000Z", "it has been dealt with")
    }

    @Test("the same wish again changes nothing; a choice can be taken back")
    func repeated() {
        change(isPaused: true, catchUp: .latest)
        change(isPaused: true, catchUp: .latest)
        engine.feed(.schedule(key, ScheduleChange(), by: "test"))
        #expect(engine.store.audit.count == 2)
        engine.feed(.schedule(key, ScheduleChange(catchUp: .unset), by: "test"))
        #expect(view?.settings == ScheduleSettings(pausedAt: CoreHarness.start))
        #expect(engine.store.audit.last?.detail == "* * * * *: catch_up null")
        engine.register([Self.scheduled("*/2 * * * *")])
        #expect(view?.settings == ScheduleSettings(), "another expression is another schedule")
        change(isPaused: true)
        #expect(view?.settings == ScheduleSettings(), "an unknown schedule changes nothing")
    }

    @Test("a schedule that is run by hand keeps its ticks, also while it is paused")
    func runNow() throws {
        change(isPaused: true)
        let answer = engine.feed(.runSchedule(key, by: "test")).answer
        let event = try #require(engine.events(named: ScheduledEvent.name).first)
        #expect(answer == .accepted([event.id]))
        #expect(event.body.view["data"]?["scheduledAt"]?.string == "2025-06-15T15:06:40Z")
        #expect(engine.calls.count == 1)
        #expect(view?.lastTick == nil)
        change(isPaused: false)
        engine.advance(by: .minutes(1))
        #expect(minutes == ["15:06", "15:07"])
        engine.feed(.pause(function: key.function, true))
        #expect(engine.feed(.runSchedule(key, by: "test")).answer == .accepted([]))
        #expect(engine.runs.count == 2)
        #expect(engine.store.audit.filter { $0.action == .scheduleRun }.count == 1)
    }

    @Test(
        "a wish that means nothing names its field",
        arguments: [
            ("[]", "the body must be a JSON object"), (#"{"paused":1}"#, "paused must be true or false"),
            (#"{"catch_up":"some"}"#, "catch_up must be skip, latest, all or null"),
            (#"{"catchup":"all"}"#, "catchup is no field; the fields are paused, catch_up, overlap"),
        ]
    )
    func refused(text: String, told: String) throws {
        let body = try RawJSON(parsing: text)
        let error = #expect(throws: ScheduleChangeError.self) { try ScheduleChange(body) }
        #expect(error?.description == told)
    }

    @Test("what is left out of a wish stays")
    func wishes() throws {
        #expect(try ScheduleChange(RawJSON(parsing: "{}")) == ScheduleChange())
        #expect(try ScheduleChange(RawJSON(parsing: #"{"catch_up":null}"#)) == ScheduleChange(catchUp: .unset))
        let both = try ScheduleChange(RawJSON(parsing: #"{"catch_up":"latest","paused":true}"#))
        #expect(both == ScheduleChange(isPaused: true, catchUp: .set(.latest)))
    }
}
