import ApusCore
import Testing

@testable import ApusEngine

@Suite("Event schedules")
struct EventScheduleTests {
    /// 2025-06-15T15:06:40Z
    private static let start = CoreHarness.start

    /// The schedules and times of the events that were sent, in their order: `a@15:07:00`.
    private func sent(_ engine: CoreHarness, _ name: String = "due") -> [String] {
        engine.events(named: name).compactMap { $0.body.view["id"]?.string }.map { id in
            let parts = id.split(separator: "@")
            return "\(parts[0])@\(parts[1].dropFirst(11).prefix(8))"
        }
    }

    private func at(_ seconds: Int) -> EventSchedule.Timing { .at(Self.start + .seconds(seconds)) }

    @discardableResult
    private func put(
        _ engine: CoreHarness, _ name: String, _ timing: EventSchedule.Timing, data: String = "{}",
        catchUp: CatchUp = .latest, paused: Bool = false, replaces: Bool = false
    ) -> EventScheduleAnswer {
        let draft = EventScheduleDraft(
            key: EventScheduleKey(name: name), timing: timing, event: EventTemplate(name: "due", data: json(data)),
            catchUp: catchUp, isPaused: paused
        )
        return order(engine, .put(draft, replaces: replaces))
    }

    @discardableResult
    private func order(_ engine: CoreHarness, _ order: EventScheduleOrder) -> EventScheduleAnswer {
        guard case .eventSchedule(let answer) = engine.feed(.eventSchedule(order, by: "ann")).answer else {
            Issue.record("\(order) was answered with something else")
            return .unknown
        }
        return answer
    }

    private func change(_ engine: CoreHarness, _ name: String, _ change: ScheduleChange) -> EventScheduleAnswer {
        order(engine, .change(EventScheduleKey(name: name), change))
    }

    @Test("one that fires once sends its event at its time and is gone")
    func once() throws {
        let engine = CoreHarness(function("app-f", on: "due"))
        let draft = EventScheduleDraft(
            key: EventScheduleKey(name: "a b"), timing: .at(Self.start + .milliseconds(90_250)),
            event: EventTemplate(name: "due", data: json(#"{"n":1}"#), user: json(#"{"id":7}"#), version: "2")
        )
        guard case .created(let schedule) = order(engine, .put(draft, replaces: false)) else {
            Issue.record("it was not made")
            return
        }
        #expect(schedule.nextTick(after: .none) == Self.start + .milliseconds(90_250))
        engine.advance(by: .seconds(90))
        #expect(engine.runs.isEmpty)
        engine.advance(by: .milliseconds(250))
        let event = try #require(engine.calls.first?.json["event"])
        #expect(
            event.raw.description
                == #"{"data":{"n":1},"id":"a b@2025-06-15T15:08:10Z","name":"due","ts":1750000090250,"#
                + #""user":{"id":7},"v":"2"}"#
        )
        #expect(engine.store.eventSchedules.isEmpty && engine.core.eventSchedules.count == 0)
        #expect(engine.store.audit.map(\.action) == [.scheduleCreated])
        engine.advance(by: .hours(1))
        #expect(engine.runs.count == 1)
    }

    @Test("a time that has passed fires at once, however late", arguments: [-3_600, -1, 0])
    func past(seconds: Int) {
        let engine = CoreHarness()
        put(engine, "a", at(seconds))
        engine.advance(by: .zero)
        #expect(sent(engine) == ["a@15:06:40"])
    }

    @Test("a tick writes its event and the cursor, nothing else")
    func writes() throws {
        let engine = CoreHarness()
        for name in ["a", "b", "c"] { put(engine, name, .cron("*/5 * * * *")) }
        engine.advance(by: .seconds(199))
        engine.now = Self.start + .seconds(200)
        let writes = engine.feed(.tick).writes
        #expect(writes.count == 4)
        #expect(writes.filter { if case .event = $0 { true } else { false } }.count == 3)
        guard case .ticked? = writes.last else {
            Issue.record("the cursor does not come last")
            return
        }
        engine.advance(by: .minutes(5))
        #expect(Set(sent(engine)) == Set(["a", "b", "c"].flatMap { ["\($0)@15:10:00", "\($0)@15:15:00"] }))
    }

    @Test("ticks happen in the order of time and id, also those that are added to a moment")
    func order() {
        let engine = CoreHarness()
        let names = (0..<40).map { "s\($0)" }
        for name in names { put(engine, name, at(60)) }
        put(engine, "early", at(59))
        engine.advance(by: .seconds(60))
        let sorted = names.sorted { EventScheduleKey(name: $0).id < EventScheduleKey(name: $1).id }
        #expect(sent(engine) == ["early@15:07:39"] + sorted.map { "\($0)@15:07:40" })
        // All that come now come after the cursor, whatever their ids are.
        for name in names { put(engine, name, at(60)) }
        engine.advance(by: .milliseconds(1))
        #expect(sent(engine).count == 81)
    }

    @Test("a recurring one does not have the tick of the moment in which it begins")
    func beginning() {
        let engine = CoreHarness()
        engine.advance(to: Self.start + .seconds(20))
        put(engine, "a", .cron("* * * * *"))
        engine.advance(by: .minutes(1))
        #expect(sent(engine) == ["a@15:08:00"])
    }

    @Test("the same again changes nothing, other content is refused or takes its place")
    func again() {
        let engine = CoreHarness()
        put(engine, "a", .cron("*/5 * * * *"), data: #"{"n":1}"#)
        #expect(put(engine, "a", .cron("*/5 * * * *"), data: #"{"n":1}"#) == .same)
        #expect(put(engine, "a", .cron("*/5 * * * *"), data: #"{"n":2}"#) == .taken)
        #expect(put(engine, "a", .cron("*/6 * * * *"), data: #"{"n":1}"#) == .taken)
        #expect(put(engine, "a", .cron("*/5 * * * *"), data: #"{"n":1}"#, catchUp: .skip) == .taken)
        #expect(put(engine, "a", .cron("*/5 * * * *"), data: #"{"n":1}"#, replaces: true) == .same)
        guard case .replaced = put(engine, "a", .cron("*/5 * * * *"), data: #"{"n":2}"#, replaces: true) else {
            Issue.record("it was not replaced")
            return
        }
        engine.restart()
        #expect(put(engine, "a", .cron("*/5 * * * *"), data: #"{"n":2}"#) == .same)
        engine.advance(by: .seconds(200))
        #expect(engine.events(named: "due").map { $0.body.view["data"]?["n"]?.int } == [2])
        #expect(engine.store.audit.map(\.action) == [.scheduleCreated, .scheduleReplaced])
        #expect(engine.store.audit.last?.actor == "ann")
    }

    @Test("what changes while its event is being read sends the new one, or none")
    func changedWhileRead() {
        let engine = CoreHarness()
        for name in ["changed", "removed", "paused", "later"] { put(engine, name, at(10), data: #"{"n":1}"#) }
        engine.advance(by: .seconds(8))
        engine.holdsReads = true
        engine.now = Self.start + .seconds(9)
        engine.feed(.tick)
        put(engine, "changed", at(10), data: #"{"n":2}"#, replaces: true)
        put(engine, "later", at(3_600), data: #"{"n":2}"#, replaces: true)
        #expect(order(engine, .remove(EventScheduleKey(name: "removed"))) == .done)
        #expect(change(engine, "paused", ScheduleChange(isPaused: true)) == .done)
        engine.now = Self.start + .seconds(10)
        engine.feed(.tick)
        engine.releaseReads()
        engine.advance(by: .minutes(30))
        #expect(sent(engine) == ["changed@15:06:50"])
        #expect(engine.events(named: "due").map { $0.body.view["data"]?["n"]?.int } == [2])
        #expect(Set(engine.store.eventSchedules.values.map(\.schedule.key.name)) == ["paused", "later"])
    }

    @Test("a replaced event does not lose the tick that has come, a replaced expression begins anew")
    func replacedWhenDue() {
        let engine = CoreHarness()
        put(engine, "event", .cron("* * * * *"))
        put(engine, "expression", .cron("* * * * *"))
        engine.holdsReads = true
        engine.now = Self.start + .seconds(20)
        engine.feed(.tick)
        put(engine, "event", .cron("* * * * *"), data: #"{"n":2}"#, replaces: true)
        put(engine, "expression", .cron("*/1 * * * *"), replaces: true)
        engine.restart()
        engine.releaseReads()
        engine.advance(by: .seconds(1))
        #expect(sent(engine) == ["event@15:07:00"])
    }

    @Test("ticks of a pause do not happen, and a resume makes up for none", arguments: [false, true])
    func paused(restarts: Bool) throws {
        let engine = CoreHarness()
        put(engine, "a", .cron("* * * * *"), catchUp: .all)
        put(engine, "missed", at(90))
        put(engine, "kept", at(600))
        put(engine, "never", at(90), paused: true)
        let names = ["a", "missed", "kept"]
        engine.advance(by: .seconds(30))
        for name in names { #expect(change(engine, name, ScheduleChange(isPaused: true)) == .done) }
        if restarts { engine.restart() }
        engine.advance(by: .minutes(3))
        if restarts { engine.restart() }
        for name in names { #expect(change(engine, name, ScheduleChange(isPaused: false)) == .done) }
        if restarts { engine.restart() }
        engine.advance(by: .minutes(1))
        #expect(sent(engine) == ["a@15:07:00", "a@15:11:00"])
        #expect(change(engine, "missed", ScheduleChange(isPaused: true)) == .done)
        if restarts { engine.restart() }
        #expect(change(engine, "missed", ScheduleChange(isPaused: false)) == .done)
        engine.advance(by: .minutes(10))
        #expect(sent(engine).contains("kept@15:16:40"))
        #expect(Set(engine.store.eventSchedules.values.map(\.schedule.key.name)) == ["a", "missed", "never"])
        let actions = engine.store.audit.map(\.action)
        #expect(actions.filter { $0 == .schedulePaused }.count == 4 && actions.last == .scheduleResumed)
        #expect(change(engine, "unknown", ScheduleChange(isPaused: true)) == .unknown)
    }

    @Test(
        "missed ticks are made up for as people want it", arguments: CatchUp.allCases, [0, 1, 59, 61, 150, 40_000]
    )
    func missed(policy: CatchUp, seconds: Int) {
        let engine = CoreHarness { $0.limits.missedTicks = 10 }
        put(engine, "a", .cron("* * * * *"), catchUp: policy)
        put(engine, "once", at(20))
        // At 15:07:00 and so many seconds.
        engine.now = Self.start + .seconds(20 + seconds)
        engine.restart()
        for _ in 0..<3 { engine.feed(.tick) }
        let minutes = seconds / 60
        let expected =
            switch policy {
            case .skip: 1
            case .latest: 1
            case .all: min(minutes + 1, 10)
            }
        let ticks = sent(engine).filter { $0.hasPrefix("a@") }
        #expect(ticks.count == expected, "\(ticks)")
        #expect(sent(engine).contains("once@15:07:00"), "one that fires once does, however late")
        #expect(ticks.last.map { $0.hasSuffix(":00") } == true)
        engine.advance(by: .minutes(1))
        #expect(sent(engine).filter { $0.hasPrefix("a@") }.count == expected + 1)
    }

    @Test("a clock that jumps twice does not have the first jump decide about the second")
    func jumps() {
        let engine = CoreHarness { $0.limits.missedTicks = 10 }
        put(engine, "a", .cron("* * * * *"), catchUp: .all)
        for jump in 1...2 {
            engine.now = engine.now + .minutes(50)
            for _ in 0..<3 { engine.feed(.tick) }
            #expect(sent(engine).count == 10 * jump)
        }
    }

    @Test("a tick that is rare and late is skipped where that is wanted", arguments: CatchUp.allCases)
    func rare(policy: CatchUp) {
        let engine = CoreHarness()
        put(engine, "a", .cron("0 * * * *"), catchUp: policy)
        engine.now = Self.start + .minutes(60)
        engine.restart()
        engine.feed(.tick)
        #expect(sent(engine) == (policy == .skip ? [] : ["a@16:00:00"]))
        engine.advance(by: .hours(1))
        #expect(sent(engine).last == "a@17:00:00")
    }

    @Test("a choice about missed ticks is kept", arguments: [false, true])
    func chosen(pauses: Bool) {
        let engine = CoreHarness()
        put(engine, "a", .cron("* * * * *"), paused: pauses)
        let pausedAt = engine.store.eventSchedules.values.first?.schedule.state.pausedAt
        engine.now = engine.now + .milliseconds(5)
        #expect(change(engine, "a", ScheduleChange(catchUp: .set(.all))) == .done)
        #expect(engine.store.audit.last?.detail == "catch_up all")
        #expect(engine.store.eventSchedules.values.first?.schedule.state.pausedAt == pausedAt)
        #expect(engine.store.eventSchedules.values.first?.schedule.state.catchUp == .all)
        engine.now = engine.now + .minutes(5)
        engine.restart()
        #expect(sent(engine).count == (pauses ? 0 : 5))
        #expect(put(engine, "a", .cron("* * * * *"), catchUp: .all) == .same)
    }

    @Test("a clock that steps an hour repeats nothing and loses nothing but by the policy", arguments: [-1, 1])
    func clockStep(hours: Int) {
        let engine = CoreHarness()
        put(engine, "all", .cron("* * * * *"), catchUp: .all)
        put(engine, "latest", .cron("* * * * *"))
        put(engine, "once", at(600))
        engine.advance(by: .minutes(3))
        engine.now = engine.now + .hours(hours)
        engine.feed(.tick)
        engine.restart()
        engine.advance(to: Self.start + .hours(2))
        let all = sent(engine)
        #expect(Set(all).count == all.count)
        #expect(all.filter { $0.hasPrefix("all@") }.count == 120)
        #expect(all.filter { $0.hasPrefix("latest@") }.count == (hours < 0 ? 120 : 61))
        #expect(all.filter { $0.hasPrefix("once@") } == ["once@15:16:40"])
    }

    @Test("clocks that change in a zone")
    func daylight() {
        let engine = CoreHarness()
        put(engine, "a", .cron("TZ=Europe/Berlin 30 2 * * *"))
        func days(_ from: String, _ to: String) -> [String] {
            engine.now = DateText.parseRFC3339(from) ?? engine.now
            engine.restart()
            let before = engine.events(named: "due").count
            engine.advance(to: DateText.parseRFC3339(to) ?? engine.now)
            return engine.events(named: "due")[before...].compactMap { $0.body.view["id"]?.string }
        }
        #expect(
            days("2025-10-25T12:00:00Z", "2025-10-26T12:00:00Z").suffix(2)
                == ["a@2025-10-26T00:30:00Z", "a@2025-10-26T01:30:00Z"], "twice, when the hour is repeated"
        )
        _ = days("2026-03-28T12:00:00Z", "2026-03-28T13:00:00Z")
        #expect(
            days("2026-03-28T14:00:00Z", "2026-03-30T12:00:00Z") == ["a@2026-03-30T00:30:00Z"],
            "not at all, when it is skipped"
        )
    }

    @Test("the event is sent by hand without moving the ticks")
    func byHand() throws {
        let engine = CoreHarness(function("app-f", on: "due"))
        put(engine, "a", .cron("*/5 * * * *"), paused: true)
        let event = try #require(engine.store.eventSchedules.values.first?.event)
        guard case .sent(let id) = order(engine, .run(EventScheduleKey(name: "a"), event)) else {
            Issue.record("nothing was sent")
            return
        }
        #expect(engine.events(named: "due").map(\.id) == [id])
        #expect(engine.runs.count == 1)
        #expect(engine.store.audit.last?.action == .scheduleRun)
        #expect(order(engine, .run(EventScheduleKey(name: "b"), event)) == .unknown)
        #expect(order(engine, .remove(EventScheduleKey(name: "b"))) == .unknown)
    }

    @Test("there are no more than there may be")
    func full() {
        let engine = CoreHarness { $0.limits.eventSchedules = 2 }
        put(engine, "a", at(10))
        put(engine, "b", .cron("* * * * *"))
        #expect(put(engine, "c", at(10)) == .full(limit: 2))
        #expect(put(engine, "b", .cron("* * * * *")) == .same)
        engine.advance(by: .seconds(10))
        if case .created = put(engine, "c", at(10)) {} else { Issue.record("there is room again") }
    }

    @Test("what holds up senders holds up schedules, and does not lose their ticks")
    func heldUp() {
        let engine = CoreHarness { $0.limits.pendings = 0 }
        put(engine, "a", at(10))
        engine.advance(by: .seconds(9))
        engine.now = Self.start + .seconds(10)
        engine.feed(.tick)
        #expect(sent(engine).isEmpty)
        #expect(engine.core.nextWake.map { $0 > engine.now } == true)
        #expect(engine.store.eventSchedules.count == 1)
    }

    @Test("very many at one moment are read page by page within the bounds and sent in order")
    func many() {
        let engine = CoreHarness()
        let count = 3_000
        let data = #"{"text":""# + String(repeating: "x", count: 5_000) + #""}"#
        for number in 0..<count { put(engine, "s\(number)", at(60), data: data) }
        engine.advance(by: .seconds(60))
        #expect(engine.events(named: "due").count == count)
        #expect(Set(sent(engine)).count == count)
    }

    @Test("what is replaced again and again leaves nothing behind")
    func growth() {
        let engine = CoreHarness()
        put(engine, "a", .cron("* * * * *"))
        for number in 0..<5_000 {
            put(engine, "b", .cron("\(number % 60) \(number / 60 % 24) * * *"), replaces: true)
        }
        #expect(engine.core.eventSchedules.expressionCount == 2)
        #expect(engine.core.eventSchedules.heldTicks < 1_100)
        engine.advance(by: .seconds(20))
        #expect(sent(engine) == ["a@15:07:00"])
    }
}
