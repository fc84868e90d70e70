import ApusCore
import Testing

@testable import ApusEngine

@Suite("Throttle")
struct ThrottleTests {
    private func throttled(
        _ limit: Int, _ seconds: Int, burst: Int = 0, key: String? = nil, retries: Int? = nil,
        timeouts: FunctionConfiguration.Timeouts = FunctionConfiguration.Timeouts(),
        concurrency: [FlowControl.Concurrency] = []
    ) -> FunctionConfiguration {
        limited(
            "app-f", on: "demo/x", retries: retries, timeouts: timeouts,
            FlowControl(
                concurrency: concurrency,
                throttle: FlowControl.Throttle(limit: limit, period: .seconds(seconds), burst: burst, key: key)
            )
        )
    }

    @Test(
        "starts are spread over time; nothing is dropped",
        arguments: Upset.allCases,
        [
            (1, 60, 0, [0, 60, 120]), (1, 60, 1, [0, 0, 60, 120]), (3, 60, 0, [0, 0, 0, 20, 40, 60]),
            (1, 4, 1, [0, 0, 4, 8]), (7, 1, 0, [0, 0, 0, 0, 0, 0, 0, 0.143, 0.286]),
        ] as [(Int, Int, Int, [Double])]
    )
    func starts(upset: Upset, example: (limit: Int, seconds: Int, burst: Int, expected: [Double])) {
        let engine = CoreHarness(upset, [throttled(example.limit, example.seconds, burst: example.burst)])
        for _ in example.expected { engine.send("demo/x") }
        engine.suffer(upset)
        engine.serve()
        engine.suffer(upset)
        let step = TimeSpan.milliseconds(example.seconds * 250)
        for _ in 0..<(4 * example.expected.count) {
            engine.serve(for: step)
            engine.suffer(upset)
        }
        #expect(engine.starts() == example.expected)
        engine.expectNothingLeft()
    }

    @Test("each key has its own throttle; a missing key is a key", arguments: Upset.allCases)
    func keys(upset: Upset) {
        let engine = CoreHarness(upset, [throttled(1, 10, key: "event.data.k")])
        for (n, data) in [#""k":"a""#, #""k":"a""#, #""k":"b""#, #""l":1"#, #""l":2"#, #""k":false"#].enumerated() {
            engine.send("demo/x", #"{"n":\#(n),\#(data)}"#)
        }
        engine.suffer(upset)
        engine.serve(for: .seconds(60))
        #expect(engine.starts() == [0, 10, 0, 0, 10, 20])
        engine.expectNothingLeft()
    }

    @Test("only the first call of a run is charged: neither steps nor retries are", arguments: Upset.allCases)
    func onlyStarts(upset: Upset) throws {
        let engine = CoreHarness(upset, [throttled(1, 120, retries: 5)])
        engine.send("demo/x")
        engine.send("demo/x")
        try engine.answer(stepRun("a"))
        engine.suffer(upset)
        try engine.fail()
        engine.suffer(upset)
        // A retry comes 15 to 45 seconds later.
        engine.advance(by: .seconds(50))
        #expect(try engine.onlyCall().attempt == 1)
        try engine.answer(stepRun("b"))
        engine.suffer(upset)
        try engine.complete()
        #expect(engine.calls.isEmpty)
        engine.serve(for: .seconds(80))
        #expect(engine.starts() == [0, 120])
        engine.expectNothingLeft()
    }

    @Test("what waits says so, and for what", arguments: Upset.allCases)
    func waited(upset: Upset) throws {
        let engine = CoreHarness(upset, [throttled(1, 60, key: "event.data.k")])
        for _ in 0..<2 { engine.send("demo/x", #"{"k":"tenant"}"#) }
        engine.suffer(upset)
        engine.serve(for: .minutes(2))
        #expect(engine.runs.map(engine.obstacles) == [[], [Obstacle(.throttle, key: "tenant")]])
    }

    @Test("a place and the throttle are charged together or not at all", arguments: Upset.allCases)
    func withConcurrency(upset: Upset) throws {
        let engine = CoreHarness(upset, [throttled(1, 10, concurrency: [calls(1)])])
        for n in 1...3 { engine.send("demo/x", #"{"n":\#(n)}"#) }
        engine.suffer(upset)
        engine.advance(by: .seconds(35))
        #expect(engine.called() == [1])
        try engine.complete()
        #expect(engine.called() == [2])
        engine.suffer(upset)
        try engine.complete()
        engine.suffer(upset)
        engine.serve(for: .seconds(20))
        #expect(engine.starts() == [0, 35, 45])
        engine.expectNothingLeft()
    }

    @Test("priority and age decide who is next")
    func order() {
        var configuration = throttled(1, 10)
        configuration.flowControl.priority = "int(event.data.p)"
        let engine = CoreHarness(configuration)
        for (n, priority) in [0, 0, 100, 0].enumerated() {
            engine.send("demo/x", #"{"n":\#(n),"p":\#(priority)}"#)
        }
        engine.serve(for: .minutes(1))
        #expect(engine.starts() == [0, 20, 10, 30])
    }

    @Test("runs that were started before a restart count", arguments: Upset.allCases)
    func remembers(upset: Upset) {
        let engine = CoreHarness(upset, [throttled(1, 60)])
        engine.send("demo/x")
        engine.serve(for: .seconds(30))
        engine.suffer(upset)
        engine.send("demo/x")
        engine.suffer(upset)
        engine.serve(for: .minutes(2))
        #expect(engine.starts() == [0, 60])
    }

    @Test("today's limit and period hold for what waits")
    func changedLimit() {
        let engine = CoreHarness(throttled(1, 60))
        for _ in 0..<4 { engine.send("demo/x") }
        engine.serve(for: .seconds(30))
        engine.register([throttled(1, 10)])
        engine.serve(for: .minutes(3))
        #expect(engine.starts() == [0, 60, 70, 80], "what was charged stays charged")
        engine.send("demo/x")
        engine.send("demo/x")
        engine.register([limited("app-f", on: "demo/x", .none)])
        #expect(engine.calls.count == 2, "no throttle any more")
    }

    @Test("a changed key is found for the runs that wait", arguments: Upset.allCases)
    func changedKey(upset: Upset) throws {
        let engine = CoreHarness(upset, [throttled(1, 60)])
        for n in 0..<5 { engine.send("demo/x", #"{"n":\#(n),"k":\#(n % 2)}"#) }
        engine.suffer(upset)
        engine.serve(for: .seconds(10))
        engine.register([throttled(1, 60, key: "event.data.k")])
        engine.suffer(upset)
        engine.serve(for: .minutes(10))
        #expect(engine.starts() == [0, 10, 10, 70, 70])
        for run in engine.runs.dropFirst() {
            #expect(engine.store.count(of: run) { if case .keyed = $0 { true } else { false } } <= 2)
        }
        engine.expectNothingLeft()
    }

    @Test("a run that waits too long for its start is cancelled and charges nothing", arguments: Upset.allCases)
    func startTimeout(upset: Upset) {
        let engine = CoreHarness(
            upset, [throttled(1, 60, timeouts: FunctionConfiguration.Timeouts(start: .seconds(60)))]
        )
        for _ in 0..<3 { engine.send("demo/x") }
        engine.suffer(upset)
        engine.serve(for: .seconds(60))
        // At the very moment at which the throttle opens the second one is too old.
        #expect(engine.runs.map(\.status) == [.completed, .cancelled, .cancelled])
        engine.send("demo/x")
        #expect(engine.calls.count == 1)
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test(
        "a run that is cancelled while it waits, or while it is read for its turn, charges nothing",
        arguments: [false, true])
    func cancelled(isRead: Bool) throws {
        let engine = CoreHarness(.eviction, [throttled(1, 60)])
        for _ in 0..<3 { engine.send("demo/x") }
        engine.serve(for: .seconds(59))
        engine.holdsReads = isRead
        engine.feed(.cancel(run: engine.runs[1].row))
        engine.serve(for: .seconds(1))
        engine.releaseReads()
        engine.serve(for: .seconds(59))
        #expect(engine.starts() == [0, -1, 60])
        engine.send("demo/x")
        engine.serve(for: .minutes(2))
        #expect(engine.starts() == [0, -1, 60, 120])
        engine.expectNothingLeft()
    }

    @Test("what is stored of a throttle never goes back while a run is read for its turn")
    func slowRead() throws {
        let engine = CoreHarness(.eviction, [throttled(2, 120, key: "event.data.k")])
        for _ in 0..<3 { engine.send("demo/x", #"{"k":1}"#) }
        engine.serve(for: .seconds(59))
        engine.holdsReads = true
        engine.serve(for: .seconds(61))
        #expect(engine.calls.isEmpty)
        // This one is in memory and overtakes the one that is read.
        engine.send("demo/x", #"{"k":1}"#)
        engine.serve()
        engine.releaseReads()
        engine.serve()
        engine.restart()
        engine.send("demo/x", #"{"k":1}"#)
        engine.serve(for: .minutes(5))
        #expect(engine.starts() == [0, 0, 120, 120, 180])
        engine.expectNothingLeft()
    }

    @Test("a future event is charged when it starts", arguments: Upset.allCases)
    func future(upset: Upset) {
        let engine = CoreHarness(upset, [throttled(1, 60)])
        engine.send("demo/x", at: engine.now + .seconds(30))
        engine.send("demo/x")
        engine.suffer(upset)
        engine.serve(for: .minutes(3))
        #expect(engine.starts() == [60, 0])
    }

    @Test("what a throttle remembers is forgotten when it is over")
    func forgets() {
        let engine = CoreHarness(throttled(1, 10, key: "event.data.k"))
        for n in 0..<1_100 {
            engine.send("demo/x", #"{"k":\#(n)}"#)
            engine.serve()
        }
        #expect(engine.store.arrivals.count == 1_100)
        engine.now += .seconds(10)
        engine.feed(.tick)
        #expect(engine.store.arrivals.isEmpty)
        #expect(engine.core.queue.arrivals.count == 0)
        engine.restart()
        #expect(engine.core.queue.arrivals.count == 0)
    }
}
