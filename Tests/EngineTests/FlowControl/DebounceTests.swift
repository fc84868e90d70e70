import ApusCore
import Testing

@testable import ApusEngine

@Suite("Debounce")
struct DebounceTests {
    private func debounced(
        _ period: Int = 10, key: String? = nil, timeout: Int? = nil, on trigger: String = "demo/x"
    ) -> FunctionConfiguration {
        limited(
            "app-f", on: trigger,
            FlowControl(
                debounce: FlowControl.Debounce(
                    period: .seconds(period), key: key, timeout: timeout.map { .seconds($0) }
                )
            )
        )
    }

    @Test("one run starts when no more events come, with the last", arguments: Upset.allCases)
    func last(upset: Upset) throws {
        let engine = CoreHarness(upset, [debounced()])
        var events: [ULID] = []
        for n in 1...4 {
            events.append(engine.send("demo/x", #"{"n":\#(n)}"#))
            engine.suffer(upset)
            engine.advance(by: .seconds(9))
        }
        #expect(engine.runs.isEmpty)
        #expect(engine.store.pendings.count == 1)
        engine.advance(by: .milliseconds(999))
        #expect(engine.runs.isEmpty)
        engine.suffer(upset)
        engine.advance(by: .milliseconds(1))
        #expect(engine.starts() == [37])
        let run = try engine.onlyRun()
        #expect(engine.subjects() == [4])
        #expect(try engine.onlyCall().json["events"]?.elements.map(\.raw).count == 1)
        for event in events {
            let outcome = try #require(engine.outcome(event))
            #expect(outcome.rule == .debounce && outcome.run == run.id)
        }
        try engine.complete()
        engine.expectNothingLeft()
    }

    @Test("each key has its own debounce; a missing key is one too", arguments: Upset.allCases)
    func keys(upset: Upset) {
        let engine = CoreHarness(upset, [debounced(key: "event.data.k")])
        for (n, data) in [#""k":1"#, #""k":2"#, #""k":"1""#, #""l":1"#, #""l":2"#].enumerated() {
            engine.send("demo/x", #"{"n":\#(n),\#(data)}"#)
            engine.advance(by: .seconds(1))
        }
        engine.suffer(upset)
        engine.serve(for: .minutes(1))
        #expect(engine.subjects() == [1, 2, 4])
        #expect(engine.starts() == [11, 12, 14])
        engine.expectNothingLeft()
    }

    @Test(
        "a timeout ends a series that does not fall silent",
        arguments: Upset.allCases,
        [(10, 25, [25.0, 50]), (10, 4, [4, 12, 20, 28, 36, 44, 52]), (10, 10, [10, 20, 30])]
    )
    func timeout(upset: Upset, example: (period: Int, timeout: Int, starts: [Double])) {
        let engine = CoreHarness(upset, [debounced(example.period, timeout: example.timeout)])
        let distance = example.timeout == 4 ? 8 : 5
        for n in 0..<(50 / distance) {
            engine.serve(for: .seconds(n == 0 ? 0 : distance))
            engine.send("demo/x", #"{"n":\#(n)}"#)
            engine.suffer(upset)
        }
        engine.serve(for: .seconds(9))
        #expect(Array(engine.starts().prefix(example.starts.count)) == Array(example.starts.prefix(engine.runs.count)))
        #expect(engine.runs.count >= 2)
    }

    @Test("an older event is ignored: it neither takes the place of a later one nor prolongs the wait")
    func older() throws {
        let engine = CoreHarness(debounced())
        let ts = engine.now
        engine.send("demo/x", #"{"n":1}"#, at: ts)
        engine.advance(by: .seconds(5))
        let late = engine.send("demo/x", #"{"n":2}"#, at: ts - .milliseconds(1))
        #expect(engine.outcome(late)?.rule == .debounce)
        engine.serve(for: .seconds(5))
        #expect(engine.subjects() == [1])
        #expect(engine.starts() == [10])
    }

    @Test("an event of the same time takes the place of the one before")
    func equal() {
        let engine = CoreHarness(debounced())
        let ts = engine.now
        engine.send("demo/x", #"{"n":1}"#, at: ts)
        engine.advance(by: .seconds(5))
        engine.send("demo/x", #"{"n":2}"#, at: ts)
        engine.serve(for: .seconds(10))
        #expect(engine.subjects() == [2])
        #expect(engine.starts() == [15])
    }

    @Test("a time in the past does not matter, one in the future delays the run", arguments: Upset.allCases)
    func times(upset: Upset) {
        let engine = CoreHarness(upset, [debounced(key: "event.data.n")])
        engine.send("demo/x", #"{"n":1}"#, at: engine.now - .hours(1))
        engine.now += .milliseconds(1)
        engine.send("demo/x", #"{"n":2}"#, at: engine.now + .seconds(30))
        engine.suffer(upset)
        engine.serve(for: .seconds(20))
        #expect(engine.runs.count == 2, "the run exists before its time has come")
        engine.suffer(upset)
        engine.serve(for: .seconds(20))
        #expect(engine.starts() == [10, 30.001])
        engine.expectNothingLeft()
    }

    @Test("an event that comes while the last one is being read goes into the same run")
    func whileRead() throws {
        let engine = CoreHarness(debounced())
        engine.send("demo/x", #"{"n":1}"#)
        engine.holdsReads = true
        engine.advance(by: .seconds(10))
        engine.send("demo/x", #"{"n":2}"#)
        engine.releaseReads()
        #expect(engine.runs.isEmpty)
        engine.serve(for: .seconds(10))
        #expect(engine.subjects() == [2])
        #expect(engine.starts() == [20])
        engine.expectNothingLeft()
    }

    @Test("so does one that comes when the timeout is over, at once")
    func whileReadAtTimeout() throws {
        let engine = CoreHarness(debounced(timeout: 10))
        engine.send("demo/x", #"{"n":1}"#)
        engine.holdsReads = true
        engine.advance(by: .seconds(12))
        engine.send("demo/x", #"{"n":2}"#)
        engine.releaseReads()
        engine.serve()
        #expect(engine.subjects() == [2])
        #expect(engine.starts() == [12])
        engine.expectNothingLeft()
    }

    @Test("a restart while events are read reads them again")
    func restartWhileRead() throws {
        let engine = CoreHarness(debounced())
        engine.send("demo/x", #"{"n":1}"#)
        engine.holdsReads = true
        engine.advance(by: .seconds(10))
        engine.holdsReads = false
        engine.restart()
        #expect(engine.starts() == [10])
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test("events are read for one run at most once, and late answers start nothing")
    func lateRead() throws {
        let engine = CoreHarness(debounced())
        engine.send("demo/x", #"{"n":1}"#)
        let run = try #require(engine.store.pendings.keys.first)
        let event = try #require(engine.store.events.first)
        engine.feed(.eventsRead(for: run, [event]))
        #expect(engine.runs.isEmpty, "nobody asked")
        engine.serve(for: .seconds(10))
        engine.feed(.eventsRead(for: run, [event]))
        #expect(engine.runs.count == 1)
        #expect(try engine.onlyRun().id == run)
    }

    @Test("an event id protects against a second series, during the first and after it", arguments: Upset.allCases)
    func eventID(upset: Upset) {
        let engine = CoreHarness(upset, [debounced()])
        engine.send("demo/x", #"{"n":1}"#, id: "a")
        engine.advance(by: .seconds(6))
        engine.suffer(upset)
        engine.send("demo/x", #"{"n":2}"#, id: "a")
        engine.serve(for: .seconds(4))
        #expect(engine.subjects() == [1])
        engine.suffer(upset)
        engine.send("demo/x", #"{"n":3}"#, id: "a")
        engine.serve(for: .minutes(1))
        #expect(engine.runs.count == 1)
    }

    // MARK: Changes

    @Test("the period of each event's arrival counts; the function of the firing runs")
    func changed() throws {
        let engine = CoreHarness(debounced(10))
        engine.send("demo/x", #"{"n":1}"#)
        engine.register([debounced(60)])
        engine.advance(by: .seconds(5))
        engine.send("demo/x", #"{"n":2}"#)
        engine.advance(by: .seconds(30))
        engine.register([debounced(2)])
        engine.send("demo/x", #"{"n":3}"#)
        engine.serve(for: .seconds(2))
        #expect(engine.subjects() == [3])
        #expect(engine.starts() == [37])
        engine.send("demo/x", #"{"n":4}"#)
        engine.register([function("app-f", on: "demo/x")])
        engine.send("demo/x", #"{"n":5}"#)
        #expect(engine.called() == [5], "debounced no more")
        engine.serve(for: .seconds(2))
        #expect(engine.subjects() == [3, 5, 4], "what was begun is ended")
    }

    @Test("a function that is registered no more runs no more", arguments: Upset.allCases)
    func archived(upset: Upset) throws {
        let engine = CoreHarness(upset, [debounced()])
        let event = engine.send("demo/x")
        engine.register([function("app-other")])
        engine.suffer(upset)
        engine.serve(for: .seconds(10))
        #expect(engine.runs.isEmpty)
        #expect(engine.outcome(event)?.rule == .removed)
        #expect(engine.outcome(event)?.isTaken == false)
        engine.expectNothingLeft()
    }

    @Test("a paused function starts nothing, which the event says")
    func paused() throws {
        let engine = CoreHarness(debounced())
        let event = engine.send("demo/x")
        try engine.pause()
        engine.serve(for: .seconds(10))
        #expect(engine.runs.isEmpty)
        #expect(engine.outcome(event)?.rule == .pause)
        engine.expectNothingLeft()
    }

    // MARK: With other rules

    @Test("a rate limit counts events before they are debounced")
    func rateLimit() {
        var configuration = debounced()
        configuration.flowControl.rateLimit = FlowControl.RateLimit(limit: 1, period: .minutes(1))
        let engine = CoreHarness(configuration)
        engine.send("demo/x", #"{"n":1}"#)
        let dropped = engine.send("demo/x", #"{"n":2}"#)
        #expect(engine.outcome(dropped)?.rule == .rateLimit)
        engine.serve(for: .minutes(1))
        #expect(engine.subjects() == [1], "its firing is not counted again")
    }

    @Test("keys, priority and singleton are those of the last event, when it fires")
    func runRules() throws {
        var configuration = debounced(key: "event.data.k")
        configuration.flowControl.concurrency = [calls(1, key: "event.data.c")]
        configuration.flowControl.singleton = FlowControl.Singleton(mode: .skip, key: "event.data.s")
        let engine = CoreHarness(configuration)
        engine.send("demo/x", #"{"n":1,"k":1,"c":"x","s":1}"#)
        engine.send("demo/x", #"{"n":2,"k":1,"c":"y","s":2}"#)
        engine.now += .milliseconds(1)
        engine.send("demo/x", #"{"n":3,"k":2,"c":"y","s":3}"#)
        engine.now += .milliseconds(1)
        let skipped = engine.send("demo/x", #"{"n":4,"k":3,"c":"z","s":2}"#)
        engine.advance(by: .seconds(10))
        #expect(engine.subjects() == [2, 3])
        #expect(engine.called() == [2], "3 counts for the same key")
        #expect(engine.outcome(skipped)?.rule == .singleton)
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test("a throttled function's debounces wait for their turn")
    func throttle() {
        var configuration = debounced(key: "event.data.n")
        configuration.flowControl.throttle = FlowControl.Throttle(limit: 1, period: .minutes(1))
        let engine = CoreHarness(configuration)
        for n in 1...2 { engine.send("demo/x", #"{"n":\#(n)}"#) }
        engine.serve(for: .minutes(5))
        #expect(engine.starts().sorted() == [10, 70])
    }

    // MARK: Invocations

    private static let replaced = """
        {"error":{"message":"invoked function is debounced: a later event took the place of this one","name":"Error"}}
        """

    @Test(
        "an invocation gets the run's result, or hears at once that a later event took its place",
        arguments: Upset.allCases)
    func invoked(upset: Upset) throws {
        let engine = CoreHarness(upset, [debounced(on: "demo/never"), function("app-p", on: "demo/p", retries: 0)])
        engine.send("demo/p", #"{"n":1}"#)
        try engine.answer(invoke("i", "app-f"))
        engine.suffer(upset)
        engine.advance(by: .seconds(5))
        engine.send("demo/p", #"{"n":2}"#)
        try engine.answer(invoke("i", "app-f"))
        engine.suffer(upset)
        #expect(engine.called() == [1])
        #expect(try engine.onlyCall().memo("i") == Self.replaced)
        try engine.complete()
        engine.suffer(upset)
        engine.advance(by: .seconds(10))
        let call = try engine.call(of: "app-f")
        engine.reply(call, with: .returned(json("7")))
        #expect(engine.called() == [2])
        #expect(try engine.onlyCall().memo("i") == #"{"data":7}"#)
        try engine.complete()
        engine.expectNothingLeft()
    }

    @Test("an invocation of a function that is removed is answered")
    func invokedRemoved() throws {
        let engine = CoreHarness(debounced(on: "demo/never"), function("app-p", on: "demo/p", retries: 0))
        engine.send("demo/p")
        try engine.answer(invoke("i", "app-f"))
        engine.register([function("app-p", on: "demo/p", retries: 0)])
        engine.advance(by: .seconds(10))
        #expect(try engine.onlyCall().memo("i")?.contains("invoked function has not started: removed") == true)
    }

    @Test("an invocation whose event is gone from the store is answered")
    func invokedEventGone() throws {
        let engine = CoreHarness(debounced(on: "demo/never"), function("app-p", on: "demo/p", retries: 0))
        engine.send("demo/p")
        try engine.answer(invoke("i", "app-f"))
        let run = try #require(engine.store.pendings.keys.first)
        engine.holdsReads = true
        engine.advance(by: .seconds(10))
        engine.feed(.eventsRead(for: run, []))
        #expect(engine.runs(of: "app-f").isEmpty)
        #expect(try engine.onlyCall().memo("i")?.contains("error") == true)
        try engine.complete()
        engine.expectNothingLeft()
    }
}
