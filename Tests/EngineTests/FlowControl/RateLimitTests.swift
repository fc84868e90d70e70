import ApusCore
import Testing

@testable import ApusEngine

@Suite("Rate limit and idempotency")
struct RateLimitTests {
    private func rated(
        _ limit: Int, _ seconds: Int, key: String? = nil, isIdempotency: Bool = false, on trigger: String = "demo/x"
    ) -> FunctionConfiguration {
        limited(
            "app-f", on: trigger,
            FlowControl(
                rateLimit: FlowControl.RateLimit(
                    limit: limit, period: .seconds(seconds), key: key, isIdempotency: isIdempotency
                )
            )
        )
    }

    private func idempotent(_ key: String) -> FunctionConfiguration {
        rated(1, 86_400, key: key, isIdempotency: true)
    }

    @Test(
        "what comes too fast is dropped",
        arguments: Upset.allCases,
        [
            (1, 10, 1, 10_000), (2, 10, 1, 5_000), (9, 9, 1, 1_000), (10, 10, 2, 1_000), (100, 60, 11, 600),
        ] as [(Int, Int, Int, Int)]
    )
    func limit(upset: Upset, example: (limit: Int, seconds: Int, atOnce: Int, distance: Int)) {
        let engine = CoreHarness(upset, [rated(example.limit, example.seconds)])
        for _ in 0..<20 {
            engine.send("demo/x")
            engine.suffer(upset)
        }
        #expect(engine.runs.count == example.atOnce)
        engine.now += .milliseconds(example.distance - 1)
        engine.send("demo/x")
        #expect(engine.runs.count == example.atOnce)
        engine.now += .milliseconds(1)
        engine.send("demo/x")
        engine.suffer(upset)
        engine.send("demo/x")
        #expect(engine.runs.count == example.atOnce + 1)
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test("a dropped event says so and does not prolong the wait")
    func outcome() throws {
        let engine = CoreHarness(rated(1, 10, key: "event.data.k"))
        let first = engine.send("demo/x", #"{"k":"tenant"}"#)
        #expect(engine.outcome(first) == nil)
        for _ in 0..<3 {
            engine.now += .seconds(3)
            let dropped = try #require(engine.outcome(engine.send("demo/x", #"{"k":"tenant"}"#)))
            #expect(dropped.rule == .rateLimit && dropped.key == "tenant" && dropped.run == nil && !dropped.isTaken)
            #expect(dropped.at == engine.now)
        }
        engine.now += .seconds(1)
        #expect(engine.outcome(engine.send("demo/x", #"{"k":"tenant"}"#)) == nil)
        #expect(engine.runs.count == 2)
        #expect(engine.store.events.count == 5, "events are stored whatever becomes of them")
    }

    @Test("keys are limited one by one; without a key's value nothing is")
    func keys() {
        let engine = CoreHarness(rated(1, 60, key: "event.data.k"))
        for data in [
            #"{"k":1}"#, #"{"k":"1"}"#, #"{"k":2}"#, "{}", "{}", #"{"k":false}"#, #"{"k":false}"#, #"{"k":null}"#,
            #"{"k":null}"#,
        ] {
            engine.send("demo/x", data)
        }
        #expect(engine.runs.count == 7, "1 and \"1\" are one key, and so are two times null")
    }

    @Test("a key that cannot be worked out limits nothing", arguments: ["1 / 0", "event.data.k.x", "nothing.at.all"])
    func keyError(expression: String) {
        let engine = CoreHarness(rated(1, 60, key: expression))
        for _ in 0..<3 { engine.send("demo/x", #"{"k":1}"#) }
        #expect(engine.runs.count == 3)
        #expect(engine.store.arrivals.isEmpty)
    }

    @Test("an idempotency key starts one run a day; what is refused prolongs nothing", arguments: Upset.allCases)
    func idempotency(upset: Upset) throws {
        let engine = CoreHarness(upset, [idempotent("event.data.cart + '-' + event.data.user")])
        engine.send("demo/x", #"{"cart":"c","user":"u"}"#)
        engine.serve()
        engine.suffer(upset)
        for hours in [1, 12, 10] {
            engine.advance(by: .hours(hours))
            let again = engine.send("demo/x", #"{"cart":"c","user":"u"}"#)
            #expect(engine.outcome(again)?.rule == .idempotency)
            #expect(engine.outcome(again)?.key == "c-u")
            engine.suffer(upset)
        }
        engine.send("demo/x", #"{"cart":"c","user":"v"}"#)
        #expect(engine.runs.count == 2)
        engine.advance(by: .hours(1))
        engine.send("demo/x", #"{"cart":"c","user":"u"}"#)
        #expect(engine.runs.count == 3)
    }

    @Test("idempotency of events without the key's value protects nothing")
    func idempotencyWithoutKey() {
        let engine = CoreHarness(idempotent("event.data.k"))
        for data in [#"{"k":1}"#, #"{"k":"1"}"#, "{}", "{}"] { engine.send("demo/x", data) }
        #expect(engine.runs.count == 3)
    }

    @Test("an event with an id that comes again is neither counted nor dropped again")
    func eventID() {
        let engine = CoreHarness(rated(1, 60))
        engine.send("demo/x", id: "1")
        engine.now += .seconds(60)
        let repeated = engine.send("demo/x", id: "1")
        #expect(engine.outcome(repeated) == nil)
        engine.send("demo/x", id: "2")
        #expect(engine.runs.count == 2)
    }

    @Test("an event that was dropped may come again under its id")
    func eventIDOfDropped() {
        let engine = CoreHarness(rated(1, 60))
        engine.send("demo/x")
        engine.send("demo/x", id: "1")
        engine.now += .seconds(60)
        engine.send("demo/x", id: "1")
        #expect(engine.runs.count == 2)
    }

    @Test("an event is counted also when a later rule drops it")
    func laterRule() throws {
        let engine = CoreHarness(rated(1, 60))
        try engine.pause()
        #expect(engine.outcome(engine.send("demo/x"))?.rule == .pause)
        try engine.pause("app-f", false)
        #expect(engine.outcome(engine.send("demo/x"))?.rule == .rateLimit)
        #expect(engine.runs.isEmpty)
    }

    @Test("ticks of a schedule are counted")
    func cron() throws {
        var configuration = rated(1, 150)
        configuration.triggers = [.cron(schedule: "* * * * *", jitter: nil)]
        let engine = CoreHarness(configuration)
        engine.serve(for: .minutes(9))
        #expect(engine.starts() == [20, 200, 380])
        let dropped = engine.store.events.filter { !(engine.store.outcomes[$0.row] ?? [:]).isEmpty }
        #expect(dropped.count == 6)
    }

    @Test(
        "an invocation that is dropped is the caller's error",
        arguments: [
            (false, "invoked function is rate limited"),
            (true, "invoked function has run for this idempotency key already"),
        ]
    )
    func invoked(isIdempotency: Bool, message: String) throws {
        let engine = CoreHarness(
            rated(1, 60, key: "event.data.k", isIdempotency: isIdempotency, on: "demo/never"),
            function("app-parent", on: "demo/p", retries: 0)
        )
        engine.send("demo/p")
        try engine.answer(invoke("i", "app-f", #""payload":{"data":{"k":1}}"#))
        try engine.complete("7")
        try engine.answer(invoke("j", "app-f", #""payload":{"data":{"k":1}}"#))
        let call = try engine.onlyCall()
        #expect(call.memo("i") == #"{"data":7}"#)
        #expect(call.memo("j") == #"{"error":{"message":"\#(message)","name":"Error"}}"#)
        #expect(try engine.onlyRun(of: "app-parent").waits.isEmpty)
        try engine.complete()
        engine.expectNothingLeft()
    }

    @Test("today's limit holds")
    func changed() {
        let engine = CoreHarness(rated(1, 60))
        engine.send("demo/x")
        engine.register([rated(1, 10)])
        engine.now += .seconds(59)
        engine.send("demo/x")
        #expect(engine.runs.count == 1, "what was counted stays counted")
        engine.now += .seconds(1)
        engine.send("demo/x")
        engine.now += .seconds(10)
        engine.send("demo/x")
        #expect(engine.runs.count == 3)
        engine.register([function("app-f", on: "demo/x")])
        engine.send("demo/x")
        #expect(engine.runs.count == 4)
    }

    @Test("an override of 0 drops everything")
    func zero() {
        let engine = CoreHarness(rated(0, 60))
        engine.send("demo/x")
        #expect(engine.runs.isEmpty)
    }

    @Test("what a rate limit remembers is forgotten when it is over")
    func forgets() throws {
        let engine = CoreHarness(rated(1, 60, key: "event.data.k"))
        try engine.pause()
        for n in 0..<1_100 { engine.send("demo/x", #"{"k":\#(n)}"#) }
        #expect(engine.store.arrivals.count == 1_100)
        engine.now += .minutes(1)
        engine.feed(.tick)
        #expect(engine.store.arrivals.isEmpty && engine.core.queue.arrivals.count == 0)
    }

    @Test("a restart reads what is remembered and not what is over")
    func restored() {
        let engine = CoreHarness(rated(1, 60, key: "event.data.k"))
        engine.send("demo/x", #"{"k":1}"#)
        engine.now += .seconds(59)
        engine.send("demo/x", #"{"k":2}"#)
        engine.now += .seconds(1)
        engine.restart()
        #expect(engine.core.queue.arrivals.count == 1)
        engine.send("demo/x", #"{"k":1}"#)
        engine.send("demo/x", #"{"k":2}"#)
        #expect(engine.runs.count == 3)
    }

    @Test("past the limit on remembered keys no more events come in")
    func bounded() {
        let engine = CoreHarness(rated(1, 60, key: "event.data.k")) { $0.limits.rateKeys = 3 }
        for n in 0..<3 {
            #expect(engine.core.refusal == nil)
            engine.send("demo/x", #"{"k":\#(n)}"#)
        }
        #expect(engine.core.refusal != nil)
        engine.serve()
        engine.advance(by: .seconds(61))
        #expect(engine.core.refusal == nil, "keys whose time is over make way")
        #expect(engine.store.arrivals.isEmpty)
    }
}
