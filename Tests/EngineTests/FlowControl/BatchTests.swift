import ApusCore
import Testing

@testable import ApusEngine

@Suite("Batches")
struct BatchTests {
    private func batched(
        _ size: Int, _ seconds: Int = 10, key: String? = nil, if condition: String? = nil,
        on trigger: String = "demo/x",
        _ change: (inout FlowControl) -> Void = { _ in }
    ) -> FunctionConfiguration {
        var flow = FlowControl(
            batch: FlowControl.Batch(size: size, timeout: .seconds(seconds), key: key, condition: condition)
        )
        change(&flow)
        return limited("app-f", on: trigger, flow)
    }

    /// The `n` of all events of each run.
    private func contents(_ engine: CoreHarness) -> [[Int64]] {
        engine.runs(of: "app-f").map { run in run.start.events.compactMap { engine.data(of: $0, "n") } }
    }

    @discardableResult
    private func send(_ engine: CoreHarness, _ numbers: ClosedRange<Int>, _ more: String = "", upset: Upset = .none)
        -> [ULID]
    {
        numbers.map { n in
            defer { engine.suffer(upset) }
            return engine.send("demo/x", #"{"n":\#(n)\#(more)}"#)
        }
    }

    @Test("a full batch starts one run with all its events, in their order", arguments: Upset.allCases)
    func size(upset: Upset) throws {
        let engine = CoreHarness(upset, [batched(3)])
        let events = send(engine, 1...2, upset: upset)
        #expect(engine.runs.isEmpty)
        #expect(engine.store.pendings.count == 1)
        #expect(events.allSatisfy { engine.outcome($0)?.rule == .batch && engine.outcome($0)?.isTaken == true })
        engine.suffer(upset)
        send(engine, 3...3)
        #expect(contents(engine) == [[1, 2, 3]])
        let run = try engine.onlyRun()
        #expect(events.allSatisfy { engine.outcome($0)?.run == run.id })
        engine.suffer(upset)
        let call = try engine.onlyCall()
        #expect(call.json["events"]?.elements.compactMap { $0["data"]?["n"]?.int } == [1, 2, 3])
        #expect(call.json["event"]?["data"]?["n"]?.int == 1)
        try engine.complete()
        engine.expectNothingLeft()
    }

    @Test("a batch starts when its time is up, counted from the first event", arguments: Upset.allCases)
    func timeout(upset: Upset) {
        let engine = CoreHarness(upset, [batched(100)])
        for n in 1...4 {
            send(engine, n...n, upset: upset)
            engine.serve(for: .seconds(3))
        }
        engine.suffer(upset)
        engine.serve(for: .seconds(20))
        #expect(contents(engine) == [[1, 2, 3, 4]])
        #expect(engine.starts() == [10])
        send(engine, 5...5, upset: upset)
        engine.serve(for: .seconds(20))
        #expect(contents(engine) == [[1, 2, 3, 4], [5]])
        #expect(engine.starts() == [10, 42])
        engine.expectNothingLeft()
    }

    @Test("an event that comes when a batch is full opens the next one", arguments: Upset.allCases)
    func overflow(upset: Upset) {
        let engine = CoreHarness(upset, [batched(3)])
        send(engine, 1...7, upset: upset)
        engine.serve(for: .seconds(10))
        #expect(contents(engine) == [[1, 2, 3], [4, 5, 6], [7]])
        engine.expectNothingLeft()
    }

    @Test("each key has its own batch; a missing key is one too", arguments: Upset.allCases)
    func keys(upset: Upset) {
        let engine = CoreHarness(upset, [batched(2, key: "event.data.k")])
        for (n, data) in [#""k":1"#, #""k":2"#, #""l":1"#, #""k":"1""#, #""l":2"#].enumerated() {
            engine.send("demo/x", #"{"n":\#(n),\#(data)}"#)
            engine.suffer(upset)
        }
        engine.serve(for: .seconds(10))
        #expect(contents(engine) == [[0, 3], [2, 4], [1]])
        engine.expectNothingLeft()
    }

    @Test(
        "events for which the condition does not hold take the ordinary way",
        arguments: ["event.data.n != 2", "event.data.flag"]
    )
    func condition(expression: String) {
        let engine = CoreHarness(
            batched(2, if: expression) {
                $0.rateLimit = FlowControl.RateLimit(limit: 1, period: .minutes(1))
            }
        )
        let events =
            send(engine, 1...1, #","flag":true"#) + send(engine, 2...2, #","flag":"no boolean""#)
            + send(engine, 2...2, #","flag":false"#)
        #expect(contents(engine) == [[2]])
        #expect(engine.outcome(events[1]) == nil)
        #expect(engine.outcome(events[2])?.rule == .rateLimit, "that way has a rate limit")
        send(engine, 3...3, #","flag":true"#)
        #expect(contents(engine) == [[2], [1, 3]])
    }

    @Test("a rate limit or an idempotency key counts nothing that is collected")
    func rateLimit() {
        let engine = CoreHarness(
            batched(3, 3) { $0.rateLimit = FlowControl.RateLimit(limit: 1, period: .minutes(1)) }
        )
        send(engine, 1...4)
        engine.serve(for: .seconds(3))
        #expect(contents(engine) == [[1, 2, 3], [4]])
        #expect(engine.store.arrivals.isEmpty)
    }

    @Test("a batch of very large events starts before it is full", arguments: Upset.allCases)
    func bytes(upset: Upset) {
        let engine = CoreHarness(seed: 1) {
            $0.limits.batchBytes = 2_000
            if upset == .eviction { $0.limits.residentBytes = 0 }
        }
        engine.register([batched(100)])
        let filling = String(repeating: "x", count: 700)
        send(engine, 1...7, #","t":"\#(filling)""#, upset: upset)
        engine.serve(for: .seconds(10))
        #expect(contents(engine) == [[1, 2, 3], [4, 5, 6], [7]])
        engine.expectNothingLeft()
    }

    @Test("an event comes into a batch once, and starts nothing later", arguments: Upset.allCases)
    func duplicates(upset: Upset) {
        let engine = CoreHarness(upset, [batched(2)])
        engine.send("demo/x", #"{"n":1}"#, id: "a")
        engine.suffer(upset)
        let repeated = engine.send("demo/x", #"{"n":1}"#, id: "a")
        #expect(engine.outcome(repeated) == nil)
        #expect(engine.runs.isEmpty)
        engine.send("demo/x", #"{"n":2}"#, id: "b")
        engine.suffer(upset)
        engine.send("demo/x", #"{"n":2}"#, id: "b")
        engine.send("demo/x", #"{"n":1}"#, id: "a")
        engine.serve(for: .seconds(10))
        #expect(contents(engine) == [[1, 2]])
    }

    @Test("a future time of an event is ignored")
    func future() {
        let engine = CoreHarness(batched(2))
        engine.send("demo/x", #"{"n":1}"#, at: engine.now + .hours(1))
        engine.send("demo/x", #"{"n":2}"#, at: engine.now + .hours(2))
        engine.serve()
        #expect(engine.starts() == [0])
    }

    @Test("keys of other rules are those of the first event", arguments: Upset.allCases)
    func firstEvent(upset: Upset) {
        let engine = CoreHarness(upset, [batched(2) { $0.concurrency = [calls(1, key: "event.data.k")] }])
        for (n, key) in [1, 2, 1, 2, 2, 1].enumerated() {
            engine.send("demo/x", #"{"n":\#(n),"k":\#(key)}"#)
            engine.suffer(upset)
        }
        #expect(engine.called().sorted() == [0, 4], "[2, 3] has the key of [0, 1]")
        engine.serve()
        #expect(contents(engine) == [[0, 1], [2, 3], [4, 5]])
        engine.expectNothingLeft()
    }

    @Test("batches are throttled like other runs")
    func throttle() {
        let engine = CoreHarness(batched(2) { $0.throttle = FlowControl.Throttle(limit: 1, period: .minutes(1)) })
        send(engine, 1...4)
        engine.serve(for: .minutes(2))
        #expect(engine.starts() == [0, 60])
    }

    // MARK: While events are read

    @Test("what comes while a batch is read goes into the next one", arguments: [true, false])
    func whileRead(isFull: Bool) {
        let engine = CoreHarness(batched(3))
        engine.holdsReads = true
        send(engine, 1...(isFull ? 3 : 2))
        if !isFull { engine.advance(by: .seconds(10)) }
        send(engine, 4...5)
        #expect(engine.store.pendings.count == 2)
        engine.releaseReads()
        engine.serve(for: .seconds(10))
        #expect(contents(engine) == [isFull ? [1, 2, 3] : [1, 2], [4, 5]])
        engine.expectNothingLeft()
    }

    @Test("a batch that fills while an older one is read starts too")
    func twoRead() {
        let engine = CoreHarness(batched(2))
        engine.holdsReads = true
        send(engine, 1...6)
        #expect(engine.store.pendings.count == 3)
        engine.releaseReads()
        #expect(contents(engine) == [[1, 2], [3, 4], [5, 6]])
    }

    @Test("a restart while batches are read loses none and doubles none", arguments: [true, false])
    func restartWhileRead(keepingCalls: Bool) {
        let engine = CoreHarness(batched(2))
        engine.holdsReads = true
        send(engine, 1...5)
        engine.holdsReads = false
        engine.restart(keepingCalls: keepingCalls)
        #expect(contents(engine).sorted { $0[0] < $1[0] } == [[1, 2], [3, 4]])
        send(engine, 6...6)
        engine.serve()
        #expect(contents(engine).last == [5, 6])
        engine.expectNothingLeft()
    }

    @Test("events that the store has lost are left out; without any nothing starts")
    func lostEvents() throws {
        let engine = CoreHarness(batched(3))
        engine.holdsReads = true
        send(engine, 1...3)
        let run = try #require(engine.store.pendings.keys.first)
        engine.feed(.eventsRead(for: run, Array(engine.store.events.suffix(2).reversed())))
        #expect(contents(engine) == [[2, 3]])
        send(engine, 4...6)
        let other = try #require(engine.store.pendings.keys.first)
        engine.feed(.eventsRead(for: other, []))
        #expect(engine.runs.count == 1)
        engine.holdsReads = false
        engine.serve()
        engine.expectNothingLeft()
    }

    // MARK: Changes

    @Test("a batch that is open when batching ends still starts", arguments: Upset.allCases)
    func disabled(upset: Upset) {
        let engine = CoreHarness(upset, [batched(3)])
        send(engine, 1...2, upset: upset)
        engine.register([function("app-f", on: "demo/x")])
        engine.suffer(upset)
        send(engine, 3...3)
        #expect(contents(engine) == [[3]])
        engine.serve(for: .seconds(10))
        #expect(contents(engine) == [[3], [1, 2]])
        engine.expectNothingLeft()
    }

    @Test("today's size and time hold: for the next event, and for the next batch")
    func changed() {
        let engine = CoreHarness(batched(5, 10))
        send(engine, 1...3)
        engine.register([batched(3, 60)])
        send(engine, 4...4)
        #expect(contents(engine) == [[1, 2, 3, 4]])
        send(engine, 5...5)
        engine.register([batched(3, 1)])
        engine.serve(for: .seconds(59))
        #expect(engine.runs.count == 1)
        engine.serve(for: .seconds(1))
        #expect(contents(engine).last == [5])
    }

    @Test(
        "a function that is registered no more, or is paused, starts nothing, and the events say so",
        arguments: [true, false])
    func stopped(isRemoved: Bool) throws {
        let engine = CoreHarness(batched(3))
        let events = send(engine, 1...2)
        if isRemoved { engine.register([function("app-other")]) } else { try engine.pause() }
        engine.serve(for: .seconds(10))
        #expect(engine.runs.isEmpty)
        for event in events {
            #expect(engine.outcome(event)?.rule == (isRemoved ? .removed : .pause))
            #expect(engine.outcome(event)?.isTaken == false)
        }
        engine.expectNothingLeft()
    }

    // MARK: Invocations

    @Test("all who invoked a run of the batch get its result", arguments: Upset.allCases, [true, false])
    func invoked(upset: Upset, fails: Bool) throws {
        var batch = batched(3, on: "demo/x")
        batch.retries = 0
        let engine = CoreHarness(upset, [batch, function("app-p", on: "demo/p", retries: 0)])
        for n in 1...2 {
            engine.send("demo/p", #"{"n":\#(n)}"#)
            try engine.answer(invoke("i", "app-f", #""payload":{"data":{"n":\#(n)}}"#))
            engine.suffer(upset)
        }
        send(engine, 3...3)
        engine.suffer(upset)
        #expect(contents(engine) == [[1, 2, 3]])
        if fails { try engine.fail() } else { try engine.complete("7") }
        engine.suffer(upset)
        // Messages to runs that have to be read first are repeated.
        engine.advance(by: .seconds(5))
        #expect(engine.calls.count == 2)
        #expect(Set(engine.called()) == [1, 2])
        for call in engine.calls {
            #expect(call.memo("i")?.contains(fails ? #""error""# : #"{"data":7}"#) == true)
        }
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test("a run may invoke a batch twice")
    func invokedTwice() throws {
        let engine = CoreHarness(batched(2, on: "demo/never"), function("app-p", on: "demo/p", retries: 0))
        engine.send("demo/p")
        try engine.answer(
            invoke("i", "app-f", #""payload":{"data":{"n":1}}"#), invoke("j", "app-f", #""payload":{"data":{"n":2}}"#)
        )
        #expect(contents(engine) == [[1, 2]])
        try engine.complete("7")
        let call = try engine.onlyCall()
        #expect(call.memo("i") == #"{"data":7}"# && call.memo("j") == #"{"data":7}"#)
    }

    @Test("all are told when nothing starts", arguments: 0..<3)
    func invokedInVain(kind: Int) throws {
        let engine = CoreHarness(batched(3, on: "demo/never"), function("app-p", on: "demo/p", retries: 0))
        for n in 1...2 {
            engine.send("demo/p", #"{"n":\#(n)}"#)
            try engine.answer(invoke("i", "app-f"))
        }
        switch kind {
        case 0: engine.register([function("app-p", on: "demo/p", retries: 0)])
        case 1: try engine.pause()
        default: engine.holdsReads = true
        }
        engine.advance(by: .seconds(10))
        if kind == 2 { engine.feed(.eventsRead(for: try #require(engine.store.pendings.keys.first), [])) }
        #expect(engine.calls.count == 2)
        #expect(engine.calls.allSatisfy { $0.memo("i")?.contains(#""error""#) == true })
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test("an invocation that is given up does not take its event out of the batch")
    func invokedTooLong() throws {
        let engine = CoreHarness(batched(3, 60, on: "demo/never"), function("app-p", on: "demo/p", retries: 0))
        engine.send("demo/p")
        try engine.answer(invoke("i", "app-f", #""payload":{"data":{"n":1}},"timeout":"10s""#))
        engine.advance(by: .seconds(10))
        #expect(try engine.onlyCall().memo("i")?.contains("Timed out") == true)
        try engine.complete()
        engine.serve(for: .minutes(1))
        #expect(contents(engine) == [[1]])
        engine.expectNothingLeft()
    }

    @Test("past the limit on open batches no more events come in")
    func bounded() {
        let engine = CoreHarness(batched(2, key: "event.data.n")) { $0.limits.pendings = 3 }
        for n in 1...3 {
            #expect(engine.core.refusal == nil)
            send(engine, n...n)
        }
        #expect(engine.core.refusal != nil)
        engine.serve(for: .seconds(10))
        #expect(engine.core.refusal == nil)
    }
}
