import ApusCore
import Testing

@testable import ApusEngine

@Suite("Backfills")
struct BackfillTests {
    private let engine: CoreHarness
    private let key: ScheduleKey

    /// Once an hour; nothing happens by itself.
    init() throws {
        engine = CoreHarness(Self.hourly("app-f"), Self.hourly("app-g")) { $0.limits.backfillTicks = 10 }
        key = try Self.key("app-f", engine)
    }

    private static func hourly(_ slug: String) -> FunctionConfiguration {
        var configuration = function(slug)
        configuration.triggers = [.cron(schedule: "0 * * * *", jitter: "5m")]
        return configuration
    }

    private static func key(_ slug: String, _ engine: CoreHarness) throws -> ScheduleKey {
        ScheduleKey(function: try #require(engine.core.registry.function(named: slug)?.id), expression: "0 * * * *")
    }

    private func backfill(_ count: Int, id: UInt64 = 1, of key: ScheduleKey? = nil) -> OpenBackfill {
        let ticks = (0..<count).map { CoreHarness.start - .hours(count - $0) }
        let order = Backfill(
            id: ULID(high: 1, low: id), key: key ?? self.key, functionSlug: "app-f",
            from: CoreHarness.start - .hours(count), to: CoreHarness.start, ticks: count, actor: "ann",
            createdAt: .epoch
        )
        return OpenBackfill(order, ticks: ticks)
    }

    @discardableResult
    private func order(_ backfill: OpenBackfill) -> Answer {
        engine.feed(.backfill(backfill, seen: engine.core.outlook(of: key)?.stamp ?? 0)).answer
    }

    /// The ticks that were started, of all functions, in their order.
    private func started(_ engine: CoreHarness) -> [Timestamp] {
        engine.runs.compactMap { run in
            let body = engine.store.events.first { $0.row == run.start.events[0] }?.body
            return body?.view["data"]?["scheduledAt"]?.string.flatMap { DateText.parse($0) }
        }
    }

    private func state(_ id: UInt64 = 1) -> Backfill? { engine.store.backfills[ULID(high: 1, low: id)]?.order }

    /// Lets time pass, a few milliseconds at a time, without any tick of the schedule itself.
    private func proceed(_ rounds: Int = 1) {
        for _ in 0..<rounds {
            engine.now = engine.now + .milliseconds(20)
            engine.feed(.tick)
        }
    }

    @Test("each tick starts one run now, with the event of the tick, so many at a time")
    func paced() throws {
        let backfill = backfill(25)
        #expect(order(backfill) == .backfill(.ordered))
        #expect(engine.core.nextWake.map { $0 <= engine.now } == true)
        engine.feed(.tick)
        #expect(started(engine) == Array(backfill.ticks.prefix(10)))
        engine.feed(.tick)
        #expect(started(engine).count == 10, "the next ones take their time")
        #expect(engine.core.nextWake == engine.now + .milliseconds(20))
        proceed(2)
        #expect(started(engine) == backfill.ticks)
        let event = try #require(engine.events(named: ScheduledEvent.name).first)
        let first = "2025-06-14T14:06:40Z"
        #expect(event.body.view["id"]?.string == first && event.body.view["ts"]?.int == CoreHarness.start.milliseconds)
        #expect(
            event.body.view["data"]?.raw.description
                == #"{"cron":"0 * * * *","fireAt":"2025-06-15T15:06:40Z","scheduledAt":"\#(first)"}"#
        )
        #expect(state()?.state == .finished && state()?.started == 25 && state()?.endedAt == engine.now)
        #expect(engine.core.backfills.open.isEmpty)
        #expect(engine.store.audit.map(\.action) == [.backfilled])
        #expect(engine.store.audit.first?.actor == "ann" && engine.store.audit.first?.subject == "app-f")
    }

    @Test("a crash after any batch loses no tick and doubles none", arguments: 0..<8)
    func crashes(after batches: Int) {
        let first = backfill(33)
        let second = backfill(13, id: 2)
        for round in 0..<12 {
            if round == 0 { order(first) }
            if round == 2 { order(second) }
            if round == batches { engine.restart() }
            proceed()
        }
        #expect(started(engine).sorted() == (first.ticks + second.ticks).sorted())
        #expect(state(1)?.state == .finished && state(2)?.state == .finished)
    }

    @Test("a crash after every batch loses no tick and doubles none")
    func crashesEverywhere() {
        let backfill = backfill(33)
        order(backfill)
        for _ in 0..<6 {
            engine.restart()
            proceed()
        }
        #expect(started(engine) == backfill.ticks)
    }

    @Test("nothing further is started while the last ticks are not durable")
    func notDurable() {
        order(backfill(15))
        engine.feed(.tick)
        engine.core.committedBatch = 0
        engine.now = engine.now + .seconds(5)
        let decision = engine.core.decide(.tick, at: engine.now, batch: 99)
        #expect(decision.writes.isEmpty)
        #expect(engine.core.nextWake == engine.now + .milliseconds(20))
    }

    @Test("two orders share the pace")
    func shared() throws {
        let other = try Self.key("app-g", engine)
        order(backfill(15))
        order(backfill(6, id: 2, of: other))
        engine.feed(.tick)
        #expect(engine.runs(of: "app-f").count == 5 && engine.runs(of: "app-g").count == 5)
        proceed()
        #expect(engine.runs(of: "app-f").count == 14 && engine.runs(of: "app-g").count == 6)
        #expect(state(2)?.state == .finished && state(1)?.started == 14)
    }

    @Test("a paused function holds its order, also over a crash; a paused schedule does not")
    func paused() {
        engine.feed(.schedule(key, ScheduleChange(isPaused: true), by: "test"))
        order(backfill(12))
        engine.feed(.tick)
        engine.feed(.pause(function: key.function, true))
        proceed(2)
        engine.restart()
        proceed(2)
        #expect(started(engine).count == 10)
        #expect(engine.core.nextWake.map { $0 > engine.now + .seconds(1) } ?? true, "nobody looks at it")
        engine.feed(.pause(function: key.function, false))
        proceed()
        #expect(started(engine).count == 12)
    }

    @Test("the overlap of ticks means nothing here")
    func overlap() throws {
        engine.feed(.schedule(key, ScheduleChange(overlap: .skip), by: "test"))
        order(backfill(3))
        engine.feed(.tick)
        #expect(started(engine).count == 3)
        #expect(engine.core.scheduleViews.allSatisfy { $0.run == nil })
    }

    @Test("an order that is stopped starts nothing more")
    func stopped() {
        order(backfill(15))
        engine.feed(.tick)
        let id = ULID(high: 1, low: 1)
        #expect(engine.feed(.stopBackfill(id, by: "bob")).answer == .accepted([id]))
        #expect(engine.feed(.stopBackfill(id, by: "bob")).answer == .accepted([]))
        engine.restart()
        proceed(2)
        #expect(started(engine).count == 10)
        #expect(state()?.state == .stopped && state()?.started == 10)
        #expect(engine.store.audit.map(\.action) == [.backfilled, .backfillStopped])
        #expect(engine.store.audit.last?.detail == "0 * * * *: 10 of 15 ticks have started")
    }

    @Test("a function that is gone ends its order; another expression does not")
    func gone() throws {
        order(backfill(15))
        engine.feed(.tick)
        var changed = Self.hourly("app-f")
        changed.triggers = [.cron(schedule: "30 * * * *", jitter: nil)]
        engine.register([changed], checksum: "changed")
        proceed()
        #expect(started(engine).count == 15)
        let next = OpenBackfill(backfill(15, id: 2).order, ticks: backfill(15).ticks)
        let stamp = engine.core.backfills.stamp
        #expect(engine.feed(.backfill(next, seen: stamp)).answer == .backfill(.ordered))
        engine.register([function("app-other")], checksum: "gone")
        proceed(2)
        #expect(started(engine).count == 15)
        #expect(state(2)?.state == .abandoned && state(2)?.started == 0)
        let refused = engine.feed(.backfill(backfill(1, id: 3), seen: engine.core.backfills.stamp)).answer
        #expect(refused == .backfill(.unknown))
    }

    @Test("ticks that were computed before another order was made are computed again")
    func outdated() throws {
        let outlook = try #require(engine.core.outlook(of: key))
        #expect(outlook.awaited.isEmpty && outlook.next?.rfc3339 == "2025-06-15T16:00:00.000Z")
        #expect(engine.feed(.backfill(backfill(12), seen: outlook.stamp)).answer == .backfill(.ordered))
        #expect(engine.feed(.backfill(backfill(12), seen: outlook.stamp)).answer == .backfill(.ordered), "a repeat")
        #expect(engine.feed(.backfill(backfill(5, id: 2), seen: outlook.stamp)).answer == .backfill(.outdated))
        engine.feed(.tick)
        #expect(engine.core.outlook(of: key)?.awaited == Set(backfill(12).ticks.suffix(2)))
        #expect(engine.core.outlook(of: try Self.key("app-g", engine))?.awaited == [])
        let stamp = engine.core.backfills.stamp
        engine.restart()
        #expect(engine.feed(.backfill(backfill(5, id: 2), seen: stamp)).answer == .backfill(.outdated))
        #expect(engine.core.outlook(of: ScheduleKey(function: key.function, expression: "1 * * * *")) == nil)
    }

    @Test("there is a limit on orders that are under way")
    func full() {
        for number in 1...UInt64(Backfill.mostOpen) { #expect(order(backfill(1, id: number)) == .backfill(.ordered)) }
        #expect(order(backfill(1, id: 1_000)) == .backfill(.full))
        engine.feed(.tick)
        #expect(started(engine).count == 10)
        #expect(order(backfill(1, id: 1_000)) == .backfill(.ordered))
    }

    @Test("ticks are found by their key, and a backfill runs them again all the same")
    func keys() {
        engine.advance(by: .hours(1))
        let tick = CoreHarness.start + .seconds(3_200)
        let eventKey = EventKey(tick: tick, of: key.function)
        #expect(engine.store.functionsStarted(by: [eventKey], since: .epoch) == [eventKey: [key.function]])
        var again = backfill(1)
        again.ticks = [tick]
        order(again)
        engine.feed(.tick)
        let found = engine.store.events.filter { $0.key == eventKey }
        #expect(found.count == 2)
        engine.feed(.runSchedule(key, by: "test"))
        #expect(engine.events(named: ScheduledEvent.name).last?.key == nil, "a run by hand is of no tick")
    }
}
