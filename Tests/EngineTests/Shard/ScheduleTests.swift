import ApusCore
import Testing

@testable import ApusEngine

@Suite("Cron triggers")
struct ScheduleTests {
    /// 2025-06-15T15:06:40Z
    private static let start = CoreHarness.start

    private func scheduled(
        _ expressions: String..., slug: String = "app-f", jitter: String? = nil
    ) -> FunctionConfiguration {
        var configuration = function(slug)
        configuration.triggers = expressions.map { .cron(schedule: $0, jitter: jitter) }
        return configuration
    }

    private func minutes(_ engine: CoreHarness) -> [String] {
        engine.events(named: ScheduledEvent.name).compactMap { $0.body.view["data"]?["scheduledAt"]?.string }
            .map { String($0.dropFirst(11).prefix(5)) }
    }

    @Test("each tick starts one run with the event of the tick")
    func ticks() throws {
        let engine = CoreHarness(scheduled("*/5 * * * *"))
        engine.advance(by: .minutes(3))
        #expect(engine.runs.isEmpty)
        engine.advance(by: .minutes(10))
        #expect(minutes(engine) == ["15:10", "15:15"])
        #expect(engine.runs.count == 2)
        let event = try #require(engine.calls.first?.json["event"])
        #expect(event["name"]?.string == "inngest/scheduled.timer")
        #expect(event["id"]?.string == "2025-06-15T15:10:00Z")
        #expect(event["ts"]?.int == Self.start.milliseconds + 200_000)
        #expect(
            event["data"]?.raw.description
                == #"{"cron":"*/5 * * * *","fireAt":"2025-06-15T15:10:00Z","scheduledAt":"2025-06-15T15:10:00Z"}"#
        )
    }

    @Test("a restart and a registration neither lose nor double a tick", arguments: 0..<3)
    func interrupted(kind: Int) {
        let engine = CoreHarness(scheduled("* * * * *"))
        for minute in 0..<5 {
            engine.advance(by: .minutes(1))
            switch kind {
            case 0: engine.restart()
            case 1: engine.register([scheduled("* * * * *")], checksum: "\(minute)")
            default: engine.feed(.tick)
            }
        }
        #expect(minutes(engine) == ["15:07", "15:08", "15:09", "15:10", "15:11"])
        #expect(engine.runs.count == 5)
    }

    @Test("missed ticks are made up for, the newest ones after a long time", arguments: [5, 1_000])
    func missed(minutes count: Int) {
        let engine = CoreHarness(scheduled("* * * * *")) { $0.limits.missedTicks = 10 }
        engine.now = engine.now + .minutes(count)
        engine.restart()
        for _ in 0..<20 { engine.feed(.tick) }
        #expect(engine.runs.count == min(count, 10))
        #expect(engine.core.schedules.first.map { $0.at > engine.now } == true)
    }

    @Test("two expressions that fall on one time are one tick")
    func sameTime() {
        let engine = CoreHarness(scheduled("*/2 * * * *", "*/3 * * * *"))
        engine.advance(by: .minutes(6))
        #expect(minutes(engine) == ["15:08", "15:09", "15:10", "15:12"])
    }

    @Test("a schedule that is not registered any more ends, a new one begins now")
    func changed() {
        let engine = CoreHarness(scheduled("* * * * *"))
        engine.advance(by: .minutes(1))
        engine.register([scheduled("*/30 * * * *")])
        engine.advance(by: .minutes(30))
        #expect(minutes(engine) == ["15:07", "15:30"])
        engine.register([])
        engine.advance(by: .hours(2))
        #expect(engine.store.schedules.isEmpty)
        #expect(minutes(engine) == ["15:07", "15:30"])
    }

    @Test("a paused function misses its ticks")
    func paused() throws {
        let engine = CoreHarness(scheduled("* * * * *"))
        let id = try #require(engine.core.registry.function(named: "app-f")?.id)
        engine.feed(.pause(function: id, true))
        engine.advance(by: .minutes(3))
        engine.feed(.pause(function: id, false))
        engine.advance(by: .minutes(1))
        #expect(minutes(engine) == ["15:10"])
    }

    @Test("jitter delays the run, not the tick")
    func jitter() throws {
        let engine = CoreHarness(scheduled("*/10 * * * *", jitter: "30s"))
        engine.advance(by: .seconds(200))
        #expect(engine.runs.count == 1)
        #expect(engine.calls.isEmpty)
        engine.advance(by: .seconds(30))
        let event = try #require(engine.calls.first?.json["event"])
        #expect(event["id"]?.string == "2025-06-15T15:10:00Z")
        let delay = try #require(event["ts"]?.int) - Self.start.milliseconds - 200_000
        #expect((1_000..<30_000).contains(delay))
    }

    @Test("functions that listen to the event of ticks run as well")
    func listeners() {
        let engine = CoreHarness(
            scheduled("* * * * *"), function("app-all", on: "inngest/scheduled.timer")
        )
        engine.advance(by: .minutes(1))
        #expect(engine.runs.map(\.start.functionSlug).sorted() == ["app-all", "app-f"])
    }

    @Test("a clock that steps back repeats nothing")
    func clockStep() {
        let engine = CoreHarness(scheduled("* * * * *"))
        engine.advance(by: .minutes(3))
        engine.now = engine.now - .hours(1)
        engine.feed(.tick)
        engine.advance(by: .hours(1))
        engine.advance(by: .minutes(1))
        #expect(minutes(engine) == ["15:07", "15:08", "15:09", "15:10"])
    }

    @Test("a schedule is listed with its ticks and keeps its id")
    func listed() throws {
        let engine = CoreHarness(
            scheduled("*/5 * * * *", "0 0 1 * *", jitter: "10s"), scheduled("@daily", slug: "app-a")
        )
        let ids = engine.core.scheduleViews.map(\.key.id)
        #expect(Set(ids).count == 3)
        #expect(engine.core.scheduleViews.map(\.functionSlug) == ["app-a", "app-f", "app-f"])
        #expect(engine.core.scheduleViews.allSatisfy { $0.lastTick == nil }, "a registration is no tick")
        engine.advance(by: .minutes(4))
        engine.register([scheduled("@daily", slug: "app-a"), scheduled("*/5 * * * *", jitter: "10s")], checksum: "2")
        engine.restart()
        let view = try #require(engine.core.scheduleViews.last)
        #expect(view.key.expression == "*/5 * * * *" && ids.contains(view.key.id))
        #expect(view.jitter == "10s")
        #expect(view.lastTick?.rfc3339 == "2025-06-15T15:10:00.000Z")
        #expect(view.nextTick?.rfc3339 == "2025-06-15T15:15:00.000Z")
        let id = try #require(engine.core.registry.function(named: "app-f")?.id)
        engine.feed(.pause(function: id, true))
        #expect(engine.core.scheduleViews.map(\.isFunctionPaused) == [false, true])
    }

    @Test("what is withdrawn before its time never starts; what has started goes on")
    func withdrawn() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        engine.send("demo/x", at: engine.now + .hours(1))
        engine.send("demo/x")
        #expect(engine.calls.count == 1)
        for run in engine.runs { engine.feed(.cancel(run: run.row, .withdrawn)) }
        engine.advance(by: .hours(2))
        #expect(engine.calls.count == 1)
        #expect(engine.runs.map(\.status) == [.cancelled, .running])
        #expect(engine.runs.first?.end?.cause == "its event was cancelled before it started")
    }

    @Test("only the owner of the registry fires ticks")
    func shards() {
        let owner = CoreHarness(scheduled("* * * * *"), shardCount: 2)
        let other = CoreHarness(shard: 1, shardCount: 2)
        other.feed(.registry(owner.core.registry))
        other.advance(by: .minutes(5))
        #expect(other.runs.isEmpty && other.store.schedules.isEmpty)
    }

    @Test(
        "what is no schedule is refused when the app registers",
        arguments: [
            ("61 * * * *", "trigger 1: '61 * * * *' isn't a valid cron schedule: minute, column 1"),
            ("0 0 30 2 *", "isn't a valid cron schedule"), ("TZ=Europe/Berlim 0 9 * * *", "Europe/Berlin"),
        ]
    )
    func refused(expression: String, told: String) {
        let body = """
            {"appName":"app","url":"http://a/b","sdk":"py:v1","functions":[{"id":"app-f","name":"f",\
            "triggers":[{"cron":"\(expression)"}],\
            "steps":{"step":{"name":"step","runtime":{"url":"http://a/b"}}}}]}
            """
        do {
            _ = try Registration.accept(Array(body.utf8))
            Issue.record("\(expression) was accepted")
        } catch {
            #expect(error.message.contains(told), "\(error.message)")
        }
    }
}
