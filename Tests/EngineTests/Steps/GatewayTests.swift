import ApusCore
import Testing

@testable import ApusEngine

@Suite("Requests that the server makes for steps")
struct GatewayTests {
    let engine = CoreHarness(function("f", on: "demo/x", retries: 2)) { $0.retryInterval = .seconds(1) }

    @Test("a request is made when it is in the journal, and its answer is the step's result")
    func single() throws {
        engine.send("demo/x")
        try engine.answer(infer("ask"))
        #expect(engine.calls.isEmpty)
        let run = try engine.onlyRun()
        #expect(run.version == 2)
        #expect(run.jobs.map { $0.gateways.map(\.host) } == [["ai.test"]])
        #expect(engine.core.figures.gatewayCalls == 1)
        #expect(engine.core.figures.openCalls == 0)
        try engine.end("ask", answered(200, #"{"choices":[]}"#))
        let call = try engine.onlyCall()
        #expect(call.memo("ask") == #"{"data":{"choices":[]}}"#)
        #expect(call.attempt == 0)
        #expect(call.isPlanning == false)
        try engine.complete()
        #expect(engine.core.figures.gatewayCalls == 0)
        #expect(try engine.onlyRun().status == .completed)
    }

    @Test("what is stored of a request holds no secret")
    func secrets() throws {
        engine.send("demo/x")
        try engine.answer(
            fetch(
                "get", "https://user:s3cret-pass@web.test/p?api_key=s3cret-query&q=cats#s3cret-part",
                #""method":"post","body":"s3cret-body","headers":{"X-Own":"s3cret-own","Content-Type":"text/plain"}"#
            ),
            infer(
                "ask",
                options:
                    #""headers":{"Authorization":"s3cret-auth"},"body":{"tools":[{"authorization":"s3cret-tool"}]}"#
            )
        )
        let stored = String(describing: engine.store.turns)
        #expect(stored.contains("/p?api_key=[hidden]&q=[hidden]"))
        #expect(stored.contains("text/plain"))
        #expect(!stored.contains("s3cret"))
        #expect(!String(describing: engine.gateways).contains("s3cret"))
    }

    @Test("one that fails makes the next attempt of the call, after the time that the provider asks for")
    func retry() throws {
        engine.send("demo/x")
        try engine.answer(infer("ask"))
        try engine.end("ask", answered(429, #"{"error":"slow down"}"#, [("Retry-After", "30")]))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .seconds(29))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .seconds(1))
        let call = try engine.onlyCall()
        #expect(call.attempt == 1)
        #expect(call.generation == 2)
        #expect(call.memoized.isEmpty)
        try engine.answer(infer("ask"))
        try engine.end("ask")
        #expect(try engine.onlyCall().memo("ask") == #"{"data":{"a":1}}"#)
        #expect(try engine.onlyCall().attempt == 0)
    }

    @Test("one that fails at the last attempt is the step's error, which the function can catch")
    func lastAttempt() throws {
        engine.send("demo/x")
        for _ in 0..<3 {
            try engine.answer(infer("ask"))
            try engine.end("ask", answered(500, #"{"m":"s3cret-key is wrong"}"#))
            engine.advance(by: .seconds(1))
        }
        let memo = try #require(try engine.onlyCall().memo("ask"))
        #expect(
            memo == #"{"error":{"data":{"m":"[hidden] is wrong"},"#
                + #""message":"Error making AI request: unsuccessful status code: 500","name":"AIGatewayError","#
                + #""stack":"{\"m\":\"[hidden] is wrong\"}"}}"#
        )
        #expect(try engine.onlyCall().attempt == 0)
        try engine.complete()
        #expect(try engine.onlyRun().status == .completed)
    }

    @Test("an address that must not be reached is final at once")
    func refused() throws {
        engine.send("demo/x")
        try engine.answer(fetch("get"))
        try engine.end("get", .failure(.refused("the address 10.0.0.1 is private")))
        let memo =
            #"{"error":{"message":"Error making gateway request: the address 10.0.0.1 is private","#
            + #""name":"GatewayError"}}"#
        #expect(try engine.onlyCall().memo("get") == memo)
    }

    @Test("a status that is no success is a result of a fetch")
    func fetchStatus() throws {
        engine.send("demo/x")
        try engine.answer(fetch("get"))
        try engine.end(
            "get", answered(503, "<b>", [("content-type", "text/html"), ("x-a", "1"), ("X-A", "2")]))
        let memo =
            #"{"data":{"body":"<b>","headers":{"Content-Type":"text/html","X-A":"1,2"},"#
            + #""status_code":503,"url":"https://web.test/end"}}"#
        #expect(try engine.onlyCall().memo("get") == memo)
    }

    // MARK: Several

    @Test("requests of one answer run side by side with other steps, and one discovery follows them all")
    func parallel() throws {
        engine.send("demo/x")
        try engine.answer(infer("one"), fetch("two"), planned("three"))
        #expect(engine.requested == ["one", "two"])
        let target = try engine.call(for: "three")
        #expect(target.isPlanning == true)
        try engine.end("two")
        #expect(engine.calls.count == 1)
        engine.reply(target, stepRun("three", "3"))
        #expect(engine.calls.isEmpty)
        try engine.end("one")
        let call = try engine.onlyCall()
        #expect(Set(call.memoized) == Set(ids("one", "two", "three")))
        #expect(call.stack == ids("two", "three", "one"))
    }

    @Test("when one of two fails the other's result stays, and only the failed one is asked for again")
    func oneOfTwo() throws {
        engine.send("demo/x")
        try engine.answer(infer("one"), infer("two"))
        try engine.end("one", .failure(.unreachable("connection refused")))
        engine.advance(by: .seconds(5))
        #expect(engine.calls.isEmpty, "the attempt goes on until the last request has ended")
        try engine.end("two")
        #expect(engine.calls.isEmpty)
        engine.advance(by: .seconds(1))
        let call = try engine.onlyCall()
        #expect(call.attempt == 1)
        #expect(call.memoized == ids("two"))
        try engine.answer(infer("one"))
        try engine.end("one")
        #expect(try engine.onlyCall().memoized.count == 2)
        try engine.complete()
        #expect(try engine.onlyRun().status == .completed)
    }

    @Test("a race goes on with the first that ends, and asks nobody twice")
    func race() throws {
        engine.send("demo/x")
        try engine.answer(infer("slow", race: true), infer("fast", race: true))
        try engine.end("fast")
        let call = try engine.onlyCall()
        #expect(call.memoized == ids("fast"))
        #expect(call.isPlanning == true)
        engine.reply(call, infer("slow", race: true), stepRun("next"))
        #expect(engine.requested == ["slow"])
        try engine.complete()
        #expect(try engine.onlyRun().status == .completed)
        #expect(engine.brokenOff.count == 1)
        try engine.end("slow", with: .notMade(retryIn: .zero))
        #expect(engine.core.figures.gatewayCalls == 0)
    }

    @Test("a step of the same answer that failed is tried again when the request has ended")
    func besideFailedStep() throws {
        engine.send("demo/x")
        try engine.answer(stepError("bad"), infer("ask"))
        engine.advance(by: .seconds(10))
        #expect(engine.calls.isEmpty)
        try engine.end("ask")
        engine.advance(by: .seconds(1))
        let call = try engine.onlyCall()
        #expect(call.attempt == 1)
        #expect(call.memoized == ids("ask"))
    }

    @Test("a planned step may turn out to be a request")
    func target() throws {
        engine.send("demo/x")
        try engine.answer(planned("ask"), planned("b"))
        engine.reply(try engine.call(for: "ask"), infer("ask"))
        engine.reply(try engine.call(for: "b"), stepRun("b"))
        try engine.end("ask", answered(500))
        engine.advance(by: .seconds(1))
        let again = try engine.call(for: "ask")
        #expect(again.attempt == 1)
        engine.reply(again, infer("ask"))
        try engine.end("ask")
        #expect(try engine.onlyCall().memoized.count == 2)
    }

    // MARK: Ends

    @Test("a crash repeats the call, as the same attempt, and the app asks again")
    func crash() throws {
        engine.send("demo/x")
        try engine.answer(infer("one"), infer("two"))
        try engine.end("one")
        engine.restart()
        let call = try engine.onlyCall()
        #expect(call.attempt == 0)
        #expect(call.generation == 2)
        #expect(call.memoized == ids("one"))
        try engine.answer(infer("two"))
        #expect(engine.requested == ["two"])
        try engine.end("two")
        try engine.complete()
        #expect(try engine.onlyRun().status == .completed)
    }

    @Test("a shard that reads itself again still takes the answers")
    func inherited() throws {
        engine.send("demo/x")
        try engine.answer(infer("one"), infer("two"))
        engine.restart(keepingCalls: true)
        #expect(engine.calls.isEmpty)
        try engine.end("one")
        try engine.end("two")
        #expect(try engine.onlyCall().memoized.count == 2)
        #expect(try engine.onlyCall().generation == 1)
    }

    @Test("an answer that comes after the call was repeated counts no more")
    func stale() throws {
        engine.send("demo/x")
        try engine.answer(infer("ask"))
        let old = try #require(engine.gateways.first)
        engine.restart()
        let result = GatewayResult(answered(), to: old.requests[0], now: engine.now)
        engine.feed(.gateway(GatewayReport(call: old.id, step: id("ask"), result: result, isLast: true)))
        #expect(try engine.onlyCall().memoized.isEmpty)
        try engine.complete()
    }

    @Test("a run that is cancelled breaks its requests off, and gives back their slots when they have ended")
    func cancel() throws {
        engine.send("demo/x")
        try engine.answer(infer("ask"))
        engine.feed(.cancel(run: try engine.onlyRun().row))
        #expect(try engine.onlyRun().status == .cancelled)
        #expect(engine.brokenOff == engine.gateways.map(\.id))
        try engine.end("ask", with: .notMade(retryIn: .zero))
        #expect(engine.core.figures.gatewayCalls == 0)
        #expect(engine.calls.isEmpty)
    }

    @Test("a request that found no room is asked for again later, and costs no attempt")
    func noRoom() throws {
        engine.send("demo/x")
        try engine.answer(infer("ask"))
        try engine.end("ask", with: .notMade(retryIn: .seconds(10)))
        engine.advance(by: .seconds(9))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .seconds(1))
        #expect(try engine.onlyCall().attempt == 0)
        #expect(try engine.onlyCall().generation == 2)
    }

    @Test("the end of the run in the same answer leaves nothing to ask for")
    func besideEnd() throws {
        engine.send("demo/x")
        try engine.answer(infer("ask"), runComplete("1"))
        #expect(engine.gateways.isEmpty)
        #expect(try engine.onlyRun().status == .completed)
    }

    @Test(
        "what cannot be asked for is a failed attempt, and says why",
        arguments: [
            (#""url":"""#, "AIGateway names no url."),
            (#""url":"ai.test""#, "AIGateway has a url that does not begin with http:// or https://."),
            (#""url":"http://a.test","headers":7"#, "AIGateway has headers that are not an object."),
        ])
    func unusable(options: String, message: String) throws {
        engine.send("demo/x")
        try engine.answer(Op(kind: .aiGateway, id: id("ask"), displayName: "ask", options: json("{\(options)}")))
        let run = try engine.onlyRun()
        #expect(run.status == .running)
        let count = engine.store.count(of: run) { entry in
            guard case .attemptFailed(_, _, let error) = entry else { return false }
            return error.view["message"]?.string == message
        }
        #expect(count == 1)
    }

    @Test("the trace shows the request, and its attempts are those of the call")
    func trace() throws {
        engine.send("demo/x")
        try engine.answer(infer("ask"))
        func step() throws -> RunTrace.Step {
            let turns = engine.store.turns[try engine.onlyRun().row] ?? []
            return try #require(RunTrace(turns).steps.first { $0.id == id("ask") })
        }
        #expect(try step().state == .running)
        #expect(try step().details.gateway?.host == "ai.test")
        engine.now = engine.now + .seconds(3)
        try engine.end("ask", answered(500))
        #expect(try step().state == .queued)
        engine.advance(by: .seconds(1))
        try engine.answer(infer("ask"))
        try engine.end("ask")
        try engine.complete()
        let found = try step()
        #expect(found.state == .completed)
        #expect(found.kind == .step(.aiGateway))
        #expect(found.attempts.map { $0.error != nil } == [true, false])
        #expect(found.attempts.allSatisfy { $0.answeredAt != nil })
    }
}
