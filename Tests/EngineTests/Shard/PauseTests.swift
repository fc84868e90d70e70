import ApusCore
import Testing

@testable import ApusEngine

@Suite("Paused functions")
struct PauseTests {
    private let engine = CoreHarness(function("app-f", on: "demo/x"), function("app-g", on: "demo/x"))

    private func pause(_ slug: String = "app-f", _ isPaused: Bool = true) throws {
        let function = try #require(engine.core.registry.function(named: slug))
        engine.feed(.pause(function: function.id, isPaused))
    }

    @Test("a paused function starts nothing, the others go on")
    func starts() throws {
        try pause()
        engine.send("demo/x")
        #expect(engine.runs.map(\.start.functionSlug) == ["app-g"])
        try pause("app-f", false)
        engine.send("demo/x")
        #expect(engine.runs(of: "app-f").count == 1)
    }

    @Test("a run of a paused function is called when it is resumed, also after a restart", arguments: [true, false])
    func calls(restarts: Bool) throws {
        engine.send("demo/x")
        engine.reply(try engine.call(of: "app-f"), sleep("s", "10s"))
        engine.reply(try engine.call(of: "app-g"), with: .returned(nil))
        try pause()
        engine.advance(by: .seconds(20))
        #expect(engine.calls.isEmpty)
        #expect(try engine.onlyRun(of: "app-f").memo("s") == "null", "the sleep is over")
        if restarts { engine.restart() }
        #expect(engine.calls.isEmpty)
        try pause("app-f", false)
        #expect(try engine.onlyCall().memo("s") == "null")
        #expect(try engine.onlyCall().attempt == 0, "waiting is no failed attempt")
    }

    @Test("a call under way is not cut off")
    func underWay() throws {
        engine.send("demo/x")
        let call = try engine.call(of: "app-f")
        try pause()
        engine.reply(call, stepRun("a"))
        #expect(engine.calls.count == 1, "only that of the other function")
        #expect(try engine.onlyRun(of: "app-f").memo("a") != nil)
    }

    @Test("a run of a paused function can be cancelled")
    func cancelled() throws {
        engine.send("demo/x")
        engine.reply(try engine.call(of: "app-f"), stepRun("a"))
        let run = try engine.onlyRun(of: "app-f")
        let call = try engine.call(of: "app-f")
        try pause()
        engine.reply(call, stepRun("b"))
        engine.feed(.cancel(run: run.row))
        #expect(try engine.onlyRun(of: "app-f").status == .cancelled)
        try pause("app-f", false)
        #expect(engine.calls.count == 1)
    }

    @Test("a function stays paused when its app registers again")
    func synced() throws {
        try pause()
        engine.register([function("app-f", on: "demo/x", retries: 1), function("app-g", on: "demo/x")])
        engine.send("demo/x")
        #expect(engine.runs(of: "app-f").isEmpty)
    }

    @Test("pausing twice, or what does not exist, changes nothing")
    func twice() throws {
        try pause()
        let since = engine.core.registry.function(named: "app-f")?.pausedAt
        engine.now = engine.now + .seconds(1)
        try pause()
        #expect(engine.core.registry.function(named: "app-f")?.pausedAt == since)
        let decision = engine.feed(.pause(function: UUID16(high: 1, low: 2), true))
        #expect(decision.writes.isEmpty)
    }
}
