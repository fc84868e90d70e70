import ApusCore
import Testing

@testable import ApusEngine

@Suite("Ticks while the run of the one before lives")
struct ScheduleOverlapTests {
    private let engine: CoreHarness
    private let key: ScheduleKey

    /// Every minute, from 15:06:40 on.
    init() throws {
        var configuration = function("app-f")
        configuration.triggers = [.cron(schedule: "* * * * *", jitter: nil)]
        engine = CoreHarness(configuration)
        key = ScheduleKey(
            function: try #require(engine.core.registry.function(named: "app-f")?.id), expression: "* * * * *"
        )
    }

    private func choose(_ overlap: Overlap) {
        engine.feed(.schedule(key, ScheduleChange(overlap: overlap), by: "test"))
    }

    private var view: ScheduleView? { engine.core.scheduleViews.first }

    /// The minutes of the ticks that have started a run.
    private var started: [String] { engine.runs.compactMap { minute($0.start.events[0]) } }

    /// The minutes of the ticks that were skipped.
    private var skipped: [String] {
        engine.store.outcomes.values.flatMap(\.values).filter { $0.rule == .overlap }.compactMap { minute($0.event) }
            .sorted()
    }

    private func minute(_ event: RowID) -> String? {
        let body = engine.store.events.first { $0.row == event }?.body
        return body?.view["data"]?["scheduledAt"]?.string.map { String($0.dropFirst(11).prefix(5)) }
    }

    private func endFirst() throws {
        engine.reply(try #require(engine.calls.first), with: .returned(nil))
    }

    @Test("runs of several ticks live beside each other unless something else was chosen")
    func allow() {
        engine.advance(by: .minutes(3))
        #expect(started == ["15:07", "15:08", "15:09"])
        #expect(engine.runs.allSatisfy { !$0.isFinished })
    }

    @Test("a tick is skipped while the run of the one before lives, and says so", arguments: [false, true])
    func skip(restarts: Bool) throws {
        choose(.skip)
        engine.advance(by: .minutes(2))
        if restarts { engine.restart() }
        engine.advance(by: .minutes(1))
        #expect(started == ["15:07"])
        #expect(skipped == ["15:08", "15:09"])
        let outcomes = engine.store.outcomes.values.flatMap(\.values)
        #expect(outcomes.allSatisfy { $0.run == engine.runs[0].id && !$0.isTaken && $0.function == key.function })
        #expect(view?.run?.id == engine.runs[0].id)
        try endFirst()
        #expect(view?.run == nil)
        if restarts { engine.restart() }
        engine.advance(by: .minutes(1))
        #expect(started == ["15:07", "15:10"])
    }

    @Test("a tick cancels the run of the one before", arguments: [false, true])
    func cancelPrevious(restarts: Bool) {
        choose(.cancelPrevious)
        engine.advance(by: .minutes(1))
        if restarts { engine.restart() }
        engine.advance(by: .minutes(2))
        #expect(started == ["15:07", "15:08", "15:09"])
        #expect(engine.runs.map(\.status) == [.cancelled, .cancelled, .running])
        #expect(engine.runs[0].end?.cause == "cancelled because the next tick of its schedule has come")
        #expect(skipped.isEmpty)
    }

    @Test("one tick waits for the run of the one before, further ones are skipped", arguments: [false, true])
    func bufferOne(restarts: Bool) throws {
        choose(.bufferOne)
        engine.advance(by: .minutes(3))
        if restarts { engine.restart() }
        #expect(started == ["15:07"])
        #expect(skipped == ["15:09"])
        #expect(view?.buffered?.rfc3339 == "2025-06-15T15:08:00.000Z")
        try endFirst()
        #expect(started == ["15:07", "15:08"])
        #expect(view?.buffered == nil && view?.run?.id == engine.runs[1].id)
        engine.advance(by: .minutes(1))
        #expect(view?.buffered?.rfc3339 == "2025-06-15T15:10:00.000Z")
        try endFirst()
        if restarts { engine.restart() }
        try endFirst()
        engine.advance(by: .minutes(1))
        #expect(started == ["15:07", "15:08", "15:10", "15:11"])
    }

    @Test("a tick that waits starts however the run ends, also one that is cancelled")
    func cancelled() throws {
        choose(.bufferOne)
        engine.advance(by: .minutes(2))
        engine.feed(.cancel(run: engine.runs[0].row))
        #expect(started == ["15:07", "15:08"])
    }

    @Test("a pause takes back the tick that waits")
    func paused() throws {
        choose(.bufferOne)
        engine.advance(by: .minutes(2))
        engine.feed(.schedule(key, ScheduleChange(isPaused: true), by: "test"))
        try endFirst()
        engine.advance(by: .minutes(2))
        #expect(started == ["15:07"])
    }

    @Test("a paused function drops the tick that waits")
    func pausedFunction() throws {
        choose(.bufferOne)
        engine.advance(by: .minutes(2))
        engine.feed(.pause(function: key.function, true))
        engine.feed(.cancel(run: engine.runs[0].row))
        engine.feed(.pause(function: key.function, false))
        #expect(started == ["15:07"])
        engine.advance(by: .minutes(1))
        #expect(started == ["15:07", "15:09"])
    }

    @Test("ticks that are made up for overlap as well")
    func madeUpFor() {
        choose(.skip)
        engine.now = engine.now + .minutes(3)
        engine.restart()
        engine.feed(.tick)
        #expect(started == ["15:07"])
        #expect(skipped == ["15:08", "15:09"])
    }

    @Test("a run that is started by hand stands in no tick's way")
    func byHand() {
        choose(.skip)
        engine.feed(.runSchedule(key, by: "test"))
        engine.advance(by: .minutes(1))
        #expect(engine.runs.count == 2)
    }

    @Test("a skipped tick reaches nobody who listens to ticks")
    func listeners() {
        var configuration = function("app-f")
        configuration.triggers = [.cron(schedule: "* * * * *", jitter: nil)]
        engine.register([configuration, function("app-all", on: "inngest/scheduled.timer")])
        choose(.skip)
        engine.advance(by: .minutes(2))
        #expect(engine.runs(of: "app-all").count == 1)
    }

    @Test("a choice is one of four words, and null means the first")
    func words() throws {
        for overlap in Overlap.allCases {
            let body = try RawJSON(parsing: #"{"overlap":"\#(overlap.name)"}"#)
            #expect(try ScheduleChange(body) == ScheduleChange(overlap: overlap))
        }
        #expect(try ScheduleChange(RawJSON(parsing: #"{"overlap":null}"#)) == ScheduleChange(overlap: .allow))
        let body = try RawJSON(parsing: #"{"overlap":"queue"}"#)
        let error = #expect(throws: ScheduleChangeError.self) { try ScheduleChange(body) }
        #expect(error?.description == "overlap must be allow, skip, cancel_previous, buffer_one or null")
    }
}
