import ApusCore
import Testing

@testable import ApusEngine

@Suite("Events start runs")
struct EventTests {
    @Test("an event starts one run of each function that listens to it")
    func everyFunction() throws {
        let engine = CoreHarness(
            function("app-f", on: "demo/x"),
            function("app-g", on: "demo/x"),
            function("app-h", on: "demo/y")
        )
        let event = engine.send("demo/x", #"{"a":1}"#)
        #expect(engine.runs.map(\.start.functionSlug).sorted() == ["app-f", "app-g"])
        #expect(engine.calls.count == 2)
        #expect(engine.store.events.map(\.id) == [event])
        #expect(Set(engine.runs.map(\.id)).count == 2)
        #expect(engine.changes.map(\.what) == [.started, .started])
    }

    @Test("an event that nothing listens to is stored and starts nothing")
    func noFunction() {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        engine.send("demo/other")
        #expect(engine.store.events.count == 1)
        #expect(engine.runs.isEmpty)
    }

    @Test("a function starts once, however many of its triggers match")
    func severalTriggers() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x", "demo/*", "demo/x"))
        engine.send("demo/x")
        _ = try engine.onlyRun()
    }

    @Test("the events of one request get ids in order and start a run each")
    func severalEvents() {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        let events = (0..<3).map { SubmittedEvent(IncomingEvent(name: "demo/x", data: json(#"{"n":\#($0)}"#))) }
        let decision = engine.feed(.events(events, prior: .unasked))
        #expect(decision.answer == .accepted(engine.store.events.map(\.id)))
        #expect(engine.runs.count == 3)
        #expect(engine.calls.compactMap { $0.json["event"]?["data"]?["n"]?.int } == [0, 1, 2])
    }

    @Test("run ids name the shard that owns the run", arguments: [0, 3, 6] as [ShardID])
    func homes(shard: ShardID) {
        let engine = CoreHarness(function("app-f", on: "demo/x"), shard: shard, shardCount: 7)
        for _ in 0..<20 { engine.send("demo/x") }
        #expect(engine.runs.allSatisfy { ShardCore.home(of: $0.id, shardCount: 7) == shard })
    }

    // MARK: Future events

    @Test("an event of the future starts its run now and calls the app then")
    func future() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        let due = engine.now + .minutes(5)
        engine.send("demo/x", at: due)
        #expect(engine.runs.count == 1)
        engine.advance(to: Timestamp(milliseconds: due.milliseconds - 1))
        #expect(engine.calls.isEmpty)
        engine.advance(to: due)
        #expect(try engine.onlyCall().json["event"]?["ts"]?.int == due.milliseconds)
    }

    @Test("an event of the past calls the app at once")
    func past() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        engine.send("demo/x", at: Timestamp(milliseconds: 1))
        #expect(try engine.onlyCall().json["event"]?["ts"]?.int == 1)
    }

    // MARK: Repeats

    @Test("a sender's id starts each function once in 24 hours and is free after them")
    func senderID() {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        engine.send("demo/x", id: "order-1")
        engine.send("demo/x", id: "order-1")
        engine.now = CoreHarness.start + .milliseconds(24 * 3_600_000 - 1)
        engine.send("demo/x", id: "order-1")
        #expect(engine.runs.count == 1)
        #expect(engine.store.events.count == 3, "a repeat is stored like any event")
        engine.now = CoreHarness.start + .hours(24)
        engine.send("demo/x", id: "order-1")
        #expect(engine.runs.count == 2)
    }

    @Test("a repeat does not prolong the 24 hours")
    func repeatsDoNotProlong() {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        for hour in [0, 12, 24, 36, 48] {
            engine.now = CoreHarness.start + .hours(hour)
            engine.send("demo/x", id: "heartbeat")
        }
        #expect(engine.runs.map(\.createdAt) == [0, 24, 48].map { CoreHarness.start + .hours($0) })
    }

    @Test("different ids, and events without an id, start runs of their own")
    func otherIDs() {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        engine.send("demo/x", id: "a")
        engine.send("demo/x", id: "b")
        engine.send("demo/x")
        engine.send("demo/x")
        #expect(engine.runs.count == 4)
    }

    @Test("the same id twice in one request starts one run")
    func repeatInOneRequest() {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        let event = SubmittedEvent(IncomingEvent(name: "demo/x", senderID: "a"))
        engine.feed(.events([event, event], prior: .unasked))
        #expect(engine.runs.count == 1)
    }

    @Test("an id from the sender's seed protects like a sender's id")
    func seededID() {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        let seeded = ULID(high: 7, low: 9)
        #expect(engine.send("demo/x", internalID: seeded) == seeded)
        engine.send("demo/x", internalID: seeded)
        engine.send("demo/x", internalID: ULID(high: 7, low: 10))
        #expect(engine.runs.count == 2)
    }

    @Test("a function that came later is started by the repeat, the others are not")
    func laterFunction() {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        engine.send("demo/x", id: "a")
        engine.register([function("app-f", on: "demo/x"), function("app-g", on: "demo/x")])
        engine.send("demo/x", id: "a")
        engine.send("demo/x", id: "a")
        #expect(engine.runs.map(\.start.functionSlug) == ["app-f", "app-g"])
    }

    @Test("what memory does not know is asked of the store, and its answer counts")
    func priorRuns() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"), function("app-g", on: "demo/x"))
        let event = SubmittedEvent(IncomingEvent(name: "demo/x", senderID: "a"))
        let key = EventKey(senderID: "a")
        #expect(engine.core.keysToLookUp(for: .events([event], prior: .unasked)) == [key])

        let f = try #require(engine.core.registry.function(named: "app-f"))
        let prior = PriorRuns(functions: [key: [f.id]], memory: engine.core.memoryOfRecentEvents)
        #expect(engine.core.keysToLookUp(for: .events([event], prior: prior)) == nil)
        engine.feed(.events([event], prior: prior))
        #expect(engine.runs.map(\.start.functionSlug) == ["app-g"])
        #expect(engine.core.keysToLookUp(for: .events([event], prior: .unasked)) == nil)
        engine.feed(.events([event], prior: .unasked))
        #expect(engine.runs.count == 1)
    }

    @Test("a repeat that only the store remembers does not prolong its 24 hours either")
    func priorRunsOnly() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        let event = SubmittedEvent(IncomingEvent(name: "demo/x", senderID: "a"))
        let key = EventKey(senderID: "a")
        let f = try #require(engine.core.registry.function(named: "app-f"))
        let prior = PriorRuns(functions: [key: [f.id]], memory: engine.core.memoryOfRecentEvents)
        engine.feed(.events([event], prior: prior))
        #expect(engine.runs.isEmpty)
        #expect(engine.core.keysToLookUp(for: .events([event], prior: .unasked)) == [key], "the store is asked again")
    }

    @Test("nothing is asked about events that cannot be repeated")
    func nothingToLookUp() {
        let engine = CoreHarness()
        let event = SubmittedEvent(IncomingEvent(name: "demo/x"))
        #expect(engine.core.keysToLookUp(for: .events([event], prior: .unasked)) == nil)
        #expect(engine.core.keysToLookUp(for: .tick) == nil)
    }

    // MARK: Invocations from outside

    @Test("an invocation from outside starts the function by its slug, whatever its triggers are")
    func invocation() throws {
        let engine = CoreHarness(function("app-f"), function("app-g", on: "demo/x"))
        let event = IncomingEvent(name: InvokedEvent.name, data: json(#"{"a":1}"#))
        let decision = engine.feed(.invoke(slug: "app-f", SubmittedEvent(event)))
        let stored = try #require(engine.store.events.first)
        #expect(decision.answer == .invoked(event: stored.id, run: try engine.onlyRun().id))
        #expect(try engine.onlyRun().start.functionSlug == "app-f")
        #expect(try engine.onlyCall().json["event"]?["data"]?.raw == json(#"{"a":1}"#))
        try engine.complete("1")
        #expect(try engine.onlyRun().status == .completed)
    }

    @Test("an invocation with an id from the sender's seed starts the function once")
    func repeatedInvocation() throws {
        let engine = CoreHarness(function("app-f"))
        let event = SubmittedEvent(IncomingEvent(name: InvokedEvent.name), internalID: ULID(high: 7, low: 9))
        #expect(engine.core.keysToLookUp(for: .invoke(slug: "app-f", event)) == event.key.map { [$0] })
        engine.feed(.invoke(slug: "app-f", event))
        // The run is not of this invocation.
        #expect(engine.feed(.invoke(slug: "app-f", event)).answer == .invoked(event: ULID(high: 7, low: 9), run: nil))
        _ = try engine.onlyRun()
        engine.feed(.invoke(slug: "app-f", SubmittedEvent(event.event)))
        #expect(engine.runs.count == 2)
    }

    @Test("an invocation of an unknown function is stored and starts nothing")
    func unknownInvocation() {
        let engine = CoreHarness(function("app-f"))
        let event = SubmittedEvent(IncomingEvent(name: InvokedEvent.name))
        let answer = engine.feed(.invoke(slug: "app-x", event)).answer
        #expect(answer == engine.store.events.first.map { .invoked(event: $0.id, run: nil) })
        #expect(engine.store.events.count == 1)
        #expect(engine.runs.isEmpty)
    }
}
