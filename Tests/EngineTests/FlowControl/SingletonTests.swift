import ApusCore
import Testing

@testable import ApusEngine

@Suite("Singleton")
struct SingletonTests {
    private func single(
        _ mode: FlowControl.Singleton.Mode = .skip, key: String? = "event.data.k", on trigger: String = "demo/x",
        retries: Int? = nil, cancelledBy cancellations: [FunctionConfiguration.Cancellation] = [],
        timeouts: FunctionConfiguration.Timeouts = FunctionConfiguration.Timeouts(),
        _ change: (inout FlowControl) -> Void = { _ in }
    ) -> FunctionConfiguration {
        var flow = FlowControl(singleton: FlowControl.Singleton(mode: mode, key: key))
        change(&flow)
        return limited(
            "app-f", on: trigger, retries: retries, cancelledBy: cancellations, timeouts: timeouts, flow
        )
    }

    // MARK: Skip

    @Test("an event whose key has a living run starts nothing and names the run", arguments: Upset.allCases)
    func skip(upset: Upset) throws {
        let engine = CoreHarness(upset, [single()])
        engine.send("demo/x", #"{"n":1,"k":"tenant"}"#)
        engine.suffer(upset)
        let skipped = engine.send("demo/x", #"{"n":2,"k":"tenant"}"#)
        engine.send("demo/x", #"{"n":3,"k":"other"}"#)
        #expect(engine.subjects() == [1, 3])
        let outcome = try #require(engine.outcome(skipped))
        #expect(outcome.rule == .singleton && outcome.key == "tenant" && !outcome.isTaken)
        // After a restart the run's id is known only once it has been read.
        #expect(outcome.run == engine.runs[0].id || upset == .reload)
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test(
        "the run holds its key while it sleeps, waits for its retry or its turn, or for its time",
        arguments: Upset.allCases, 0..<4)
    func held(upset: Upset, kind: Int) throws {
        let engine = CoreHarness(upset, [single { $0.concurrency = [calls(1)] }])
        switch kind {
        case 0:
            engine.send("demo/x", #"{"n":1,"k":1}"#)
            try engine.answer(sleep("s", "1h"))
        case 1:
            engine.send("demo/x", #"{"n":1,"k":1}"#)
            try engine.fail()
        case 2:
            engine.send("demo/x", #"{"n":0,"k":0}"#)
            engine.send("demo/x", #"{"n":1,"k":1}"#)
        default:
            engine.send("demo/x", #"{"n":1,"k":1}"#, at: engine.now + .hours(1))
        }
        engine.suffer(upset)
        let skipped = engine.send("demo/x", #"{"n":2,"k":1}"#)
        #expect(engine.outcome(skipped)?.rule == .singleton)
        let holder = engine.outcome(skipped)?.run
        #expect(holder == engine.runs.last?.id || (holder == nil && (upset == .crash || upset == .reload)))
        engine.serve(for: .hours(2))
        engine.send("demo/x", #"{"n":3,"k":1}"#)
        #expect(engine.subjects().contains(3))
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test("whatever ends the run frees its key", arguments: Upset.allCases, 0..<6)
    func released(upset: Upset, kind: Int) throws {
        let engine = CoreHarness(
            upset,
            [
                single(
                    retries: 0, cancelledBy: [cancelledBy("demo/stop")],
                    timeouts: FunctionConfiguration.Timeouts(start: .seconds(50), finish: .seconds(60))
                ) { $0.concurrency = [calls(1)] }
            ]
        )
        if kind == 5 { engine.send("demo/x", #"{"n":0,"k":0}"#) }
        engine.send("demo/x", #"{"n":1,"k":1}"#)
        engine.suffer(upset)
        if (2...4).contains(kind) { try engine.answer(sleep("s", "1h")) }
        engine.suffer(upset)
        switch kind {
        case 0: try engine.complete()
        case 1: try engine.fail()
        case 2: engine.feed(.cancel(run: try #require(engine.runs.last).row))
        case 3: engine.send("demo/stop")
        case 4: engine.advance(by: .seconds(60))
        default: engine.advance(by: .seconds(50))
        }
        engine.suffer(upset)
        #expect(engine.runs.last?.isFinished == true)
        engine.send("demo/x", #"{"n":2,"k":1}"#)
        #expect(engine.subjects().last == 2)
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test(
        "without a key's value a run is an ordinary one",
        arguments: ["event.data.missing", "1 / 0", "event.data.k == 2"])
    func falseKey(expression: String) {
        let engine = CoreHarness(single(key: expression))
        for _ in 0..<2 { engine.send("demo/x", #"{"k":1}"#) }
        #expect(engine.runs.count == 2)
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test("without a key the function has one run")
    func noKey() {
        let engine = CoreHarness(single(key: nil))
        for n in 1...2 { engine.send("demo/x", #"{"n":\#(n)}"#) }
        #expect(engine.subjects() == [1])
    }

    @Test("a skipped event may come again under its id")
    func eventID() {
        let engine = CoreHarness(single(key: nil))
        engine.send("demo/x", #"{"n":1}"#)
        engine.send("demo/x", #"{"n":2}"#, id: "a")
        engine.serve()
        engine.send("demo/x", #"{"n":3}"#, id: "a")
        #expect(engine.subjects() == [1, 3])
    }

    // MARK: Cancel

    @Test("a new event takes the place of the living run", arguments: Upset.allCases, [false, true])
    func cancel(upset: Upset, sleeps: Bool) throws {
        let engine = CoreHarness(upset, [single(.cancel)])
        engine.send("demo/x", #"{"n":1,"k":1}"#)
        engine.suffer(upset)
        if sleeps {
            try engine.answer(sleep("s", "1h"))
            engine.suffer(upset)
        }
        let second = engine.send("demo/x", #"{"n":2,"k":1}"#)
        #expect(engine.outcome(second) == nil)
        #expect(engine.runs.map(\.status) == [.cancelled, .running])
        #expect(engine.runs[0].end?.cause.contains(engine.runs[1].id.description) == true)
        engine.suffer(upset)
        engine.send("demo/x", #"{"n":3,"k":1}"#)
        #expect(engine.runs.map(\.status) == [.cancelled, .cancelled, .running])
        engine.serve(for: .hours(1))
        #expect(engine.runs.map(\.status) == [.cancelled, .cancelled, .completed])
        engine.expectNothingLeft()
    }

    @Test("the run whose place is taken is cancelled also when it has to be read first, across a restart")
    func cancelParked() throws {
        let engine = CoreHarness(.eviction, [single(.cancel)])
        engine.send("demo/x", #"{"n":1,"k":1}"#)
        try engine.answer(sleep("s", "1h"))
        engine.feed(.tick)
        #expect(engine.core.residents.isEmpty)
        engine.losesOwnMail = true
        engine.send("demo/x", #"{"n":2,"k":1}"#)
        #expect(engine.runs.map(\.status) == [.running, .running])
        engine.restart(keepingCalls: true)
        engine.losesOwnMail = false
        engine.send("demo/x", #"{"n":3,"k":2}"#)
        engine.advance(by: .seconds(5))
        #expect(engine.runs.map(\.status) == [.cancelled, .running, .running])
        engine.send("demo/x", #"{"n":4,"k":1}"#)
        engine.advance(by: .seconds(5))
        #expect(engine.runs.map(\.status) == [.cancelled, .cancelled, .running, .running], "the key is the second's")
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test("with a concurrency limit the new run waits for the cancelled one's call to end")
    func cancelWithConcurrency() throws {
        let engine = CoreHarness(single(.cancel) { $0.concurrency = [calls(1)] })
        engine.send("demo/x", #"{"n":1,"k":1}"#)
        engine.send("demo/x", #"{"n":2,"k":1}"#)
        #expect(engine.called() == [1])
        try engine.complete()
        #expect(engine.called() == [2])
    }

    @Test("the caller of a run whose place is taken hears of it")
    func cancelInvoked() throws {
        let engine = CoreHarness(single(.cancel), function("app-p", on: "demo/p", retries: 0))
        engine.send("demo/p")
        try engine.answer(invoke("i", "app-f", #""payload":{"data":{"k":1}}"#))
        let call = try engine.onlyCall()
        engine.send("demo/x", #"{"n":2,"k":1}"#)
        #expect(try engine.call(of: "app-p").memo("i") == #"{"error":{"message":"Function cancelled","name":"Error"}}"#)
        engine.reply(call, with: .returned(nil))
        engine.serve()
        engine.expectNothingLeft()
    }

    // MARK: Interplay

    @Test("an invocation that is skipped is the caller's error", arguments: Upset.allCases)
    func invoked(upset: Upset) throws {
        let engine = CoreHarness(upset, [single(), function("app-p", on: "demo/p", retries: 0)])
        engine.send("demo/x", #"{"k":1}"#)
        try engine.answer(sleep("s", "1h"))
        engine.suffer(upset)
        engine.send("demo/p")
        try engine.answer(invoke("i", "app-f", #""payload":{"data":{"k":1}}"#))
        #expect(
            try engine.onlyCall().memo("i")
                == #"{"error":{"message":"invoked function is a singleton and runs already","name":"Error"}}"#
        )
    }

    @Test("a function may invoke itself under its own key and is told that it runs")
    func invokedByItself() throws {
        let engine = CoreHarness(single(key: nil))
        engine.send("demo/x")
        try engine.answer(invoke("i", "app-f"))
        #expect(try engine.onlyCall().memo("i")?.contains("runs already") == true)
    }

    @Test("in cancel mode a function that invokes itself ends itself, and nothing else of the reply happens")
    func cancelsItself() throws {
        let engine = CoreHarness(single(.cancel, key: nil))
        engine.send("demo/x", #"{"n":1}"#)
        try engine.answer(invoke("i", "app-f"), planned("a"), sleep("s", "1m"))
        #expect(engine.runs.map(\.status) == [.cancelled, .running])
        try engine.complete()
        engine.expectNothingLeft()
    }

    @Test("a paused function displaces nobody")
    func paused() throws {
        let engine = CoreHarness(single(.cancel))
        engine.send("demo/x", #"{"n":1,"k":1}"#)
        try engine.pause()
        let dropped = engine.send("demo/x", #"{"n":2,"k":1}"#)
        #expect(engine.outcome(dropped)?.rule == .pause)
        #expect(engine.runs.map(\.status) == [.running])
    }

    @Test("a rate limit counts before the singleton looks")
    func rateLimit() {
        let engine = CoreHarness(single { $0.rateLimit = FlowControl.RateLimit(limit: 1, period: .minutes(1)) })
        engine.send("demo/x", #"{"k":1}"#)
        #expect(engine.outcome(engine.send("demo/x", #"{"k":1}"#))?.rule == .rateLimit)
        engine.now += .minutes(1)
        #expect(engine.outcome(engine.send("demo/x", #"{"k":1}"#))?.rule == .singleton)
        #expect(engine.outcome(engine.send("demo/x", #"{"k":2}"#))?.rule == .rateLimit, "the skipped event was counted")
    }

    @Test("a run that waits for its throttle holds its key", arguments: Upset.allCases)
    func throttle(upset: Upset) {
        let engine = CoreHarness(
            upset, [single { $0.throttle = FlowControl.Throttle(limit: 1, period: .minutes(1)) }]
        )
        engine.send("demo/x", #"{"n":1,"k":1}"#)
        engine.send("demo/x", #"{"n":2,"k":2}"#)
        engine.suffer(upset)
        engine.serve(for: .seconds(30))
        engine.send("demo/x", #"{"n":3,"k":2}"#)
        engine.suffer(upset)
        engine.serve(for: .minutes(1))
        #expect(engine.subjects() == [1, 2])
        #expect(engine.starts() == [0, 60])
        engine.expectNothingLeft()
    }

    @Test("a new mode holds at once; with a new key the runs of before stand in nobody's way")
    func changed() {
        let engine = CoreHarness(single())
        engine.send("demo/x", #"{"n":1,"k":1}"#)
        engine.register([single(.cancel)])
        engine.send("demo/x", #"{"n":2,"k":1}"#)
        #expect(engine.runs.map(\.status) == [.cancelled, .running])
        engine.register([single(key: "event.data.k + 0")])
        engine.send("demo/x", #"{"n":3,"k":1}"#)
        #expect(engine.runs.map(\.status) == [.cancelled, .running, .running])
        engine.serve()
        engine.expectNothingLeft()
    }
}
