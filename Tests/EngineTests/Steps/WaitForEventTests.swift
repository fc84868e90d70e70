import ApusCore
import Testing

@testable import ApusEngine

@Suite("step.waitForEvent")
struct WaitForEventTests {
    private let engine = CoreHarness(function("app-f", on: "demo/x"))

    private func begin(_ op: Op, data: String = #"{"id":"u1"}"#) throws {
        engine.send("demo/x", data)
        try engine.answer(op)
        #expect(engine.calls.isEmpty)
    }

    @Test("the event is the step's result as it was stored")
    func matched() throws {
        try begin(waitForEvent("w", "demo/y"))
        engine.now = engine.now + .seconds(1)
        let event = engine.send("demo/y", #"{"n":1}"#)
        let call = try engine.onlyCall()
        #expect(
            call.memo("w")
                == #"{"data":{"n":1},"id":"\#(event)","name":"demo/y","ts":\#(engine.now.milliseconds),"user":{}}"#
        )
        #expect(call.stack == ids("w"))
        let run = try engine.onlyRun()
        #expect(run.listeners.isEmpty && run.jobs.count == 1, "neither listener nor deadline is left")
        #expect(engine.store.looks.isEmpty)
    }

    @Test("without an event the step's result is null when its time has come")
    func timedOut() throws {
        try begin(waitForEvent("w", "demo/y", timeout: "10m"))
        engine.advance(by: .minutes(9))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .minutes(1))
        #expect(try engine.onlyCall().memo("w") == "null")
        engine.send("demo/y")
        try engine.complete()
        #expect(try engine.onlyRun().status == .completed)
    }

    @Test("an empty timeout is over at once")
    func noTimeout() throws {
        engine.send("demo/x")
        try engine.answer(waitForEvent("w", "demo/y", timeout: ""))
        #expect(try engine.onlyCall().memo("w") == "null")
    }

    @Test(
        "only an event for which the condition holds is taken",
        arguments: [
            (#"event.data.id == async.data.id"#, #"{"id":"u1"}"#, true),
            (#"event.data.id == async.data.id"#, #"{"id":"u2"}"#, false),
            (#"event.data.id == async.data.id"#, "{}", false),
            (#"async.data.id == event.data.id && async.data.n > 3"#, #"{"id":"u1","n":4}"#, true),
            (#"async.data.id == event.data.id && async.data.n > 3"#, #"{"id":"u1","n":3}"#, false),
            (#"async.data.n > 3"#, #"{"n":4}"#, true), (#"async.data.n > 3"#, "{}", false),
            (#"event.data.none == async.data.none"#, "{}", true),
            (#"event.data.id == 'u2'"#, "{}", false), (#"event.data.id == 'u1'"#, "{}", true),
        ]
    )
    func condition(text: String, data: String, matches: Bool) throws {
        try begin(waitForEvent("w", "demo/y", #""if":\#(RawJSON.string(text))"#))
        engine.send("demo/y", data)
        #expect(engine.calls.count == (matches ? 1 : 0))
        engine.restart()
        engine.send("demo/y", data)
        #expect(engine.calls.count == (matches ? 1 : 0))
    }

    @Test("a condition that does not compile fails the run at once")
    func badCondition() throws {
        engine.send("demo/x")
        try engine.answer(waitForEvent("w", "demo/y", #""if":"async.data.id ==""#))
        let error = try #require(try engine.onlyRun().end?.output?.json.view)
        #expect(error["name"]?.string == "InvalidExpression")
        #expect(error["message"]?.string?.contains("1:17") == true, "\(error.raw)")
    }

    @Test("a timeout of more than a year fails the run, one that is none only the attempt")
    func badTimeouts() throws {
        engine.send("demo/x")
        try engine.answer(waitForEvent("w", "demo/y", timeout: "400d"))
        let error = try #require(try engine.onlyRun().end?.output?.json.view)
        #expect(error["name"]?.string == "InngestErrTimeoutTooLong")
        engine.send("demo/x")
        try engine.answer(waitForEvent("w", "demo/y", timeout: "soon"))
        #expect(try #require(engine.runs.last).jobs.first?.attempt == 1)
    }

    @Test("events of other names, of the past and of the future do not count")
    func otherEvents() throws {
        engine.send("demo/y")
        engine.now = engine.now + .seconds(1)
        try begin(waitForEvent("w", "demo/y", timeout: "1h"))
        engine.send("demo/z")
        engine.send("demo/y/z")
        #expect(engine.calls.isEmpty)
        #expect(engine.store.looks.isEmpty)
        engine.advance(by: .hours(1))
        #expect(try engine.onlyCall().memo("w") == "null")
    }

    @Test("one event wakes all runs that wait for it, a page at a time", arguments: [1, 7, 1_000])
    func many(page: Int) throws {
        engine.listenerPage = page
        for number in 0..<20 {
            engine.send("demo/x", #"{"id":\#(number % 2)}"#)
            try engine.answer(waitForEvent("w", "demo/y", #""if":"event.data.id == async.data.id""#))
        }
        if page == 7 { engine.restart() }
        engine.send("demo/y", #"{"id":1}"#)
        #expect(engine.calls.count == 10)
        #expect(engine.store.looks.isEmpty)
    }

    @Test("the event that started a run does not end its wait")
    func ownEvent() throws {
        try begin(waitForEvent("w", "demo/x", #""lookback":"1h""#))
        #expect(engine.calls.isEmpty)
        engine.send("demo/x")
        #expect(engine.calls.count == 2, "the new run's call, and the one after the wait")
    }

    @Test("an event in the same request as the one that starts the wait's run is seen")
    func sameTime() throws {
        try begin(waitForEvent("w", "demo/y"))
        engine.send("demo/y")
        #expect(try engine.onlyCall().memo("w") != nil)
    }

    @Test("a wait that looks back takes an event from before it", arguments: ["5s", "1h"])
    func lookBack(span: String) throws {
        engine.send("demo/y", #"{"n":1}"#)
        engine.now = engine.now + .seconds(10)
        engine.send("demo/x")
        try engine.answer(waitForEvent("w", "demo/y", #""lookback":"\#(span)""#))
        #expect(engine.calls.count == (span == "1h" ? 1 : 0))
        if span == "5s" { #expect(engine.store.listeners.values.joined().allSatisfy { !$0.value.looksBack }) }
    }

    @Test("a crash between an event and its look loses nothing", arguments: [true, false])
    func interruptedLook(byEvent: Bool) throws {
        if byEvent {
            try begin(waitForEvent("w", "demo/y"))
            engine.holdsReads = true
            engine.send("demo/y")
        } else {
            engine.send("demo/y")
            engine.send("demo/x")
            engine.holdsReads = true
            try engine.answer(waitForEvent("w", "demo/y", #""lookback":"1h""#))
        }
        #expect(engine.calls.isEmpty)
        engine.holdsReads = false
        engine.restart()
        #expect(try engine.onlyCall().memo("w") != nil)
        #expect(engine.store.looks.isEmpty)
    }

    @Test("a deadline waits for an event that came in time and is still on its way", arguments: [true, false])
    func deadlineDuringLook(restarts: Bool) throws {
        try begin(waitForEvent("w", "demo/y", timeout: "1m"))
        engine.now = engine.now + .seconds(59)
        engine.holdsReads = true
        engine.send("demo/y", #"{"n":1}"#)
        if restarts { engine.restart() }
        engine.advance(by: .seconds(10))
        #expect(engine.calls.isEmpty)
        engine.releaseReads()
        #expect(try engine.onlyCall().memo("w")?.contains(#""n":1"#) == true)
        try engine.complete()
        engine.advance(by: .hours(1))
        #expect(try engine.onlyRun().status == .completed)
    }

    @Test("a deadline does not wait for an event that came after it, or that is another's")
    func deadlineBesideLook() throws {
        try begin(waitForEvent("w", "demo/y", timeout: "1m", #""if":"async.data.n == 1""#))
        engine.now = engine.now + .seconds(59)
        engine.holdsReads = true
        engine.send("demo/y", #"{"n":2}"#)
        engine.advance(by: .seconds(10))
        #expect(engine.calls.isEmpty, "nobody knows yet whose it is")
        engine.releaseReads()
        engine.advance(by: .seconds(1))
        #expect(try engine.onlyCall().memo("w") == "null")
    }

    @Test("a matching run that has left memory is read back")
    func evicted() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.limits.residentBytes = 0 }
        for number in 0..<3 {
            engine.send("demo/x", #"{"id":\#(number)}"#)
            try engine.answer(waitForEvent("w", "demo/y", #""if":"event.data.id == async.data.id""#))
        }
        engine.feed(.tick)
        #expect(engine.core.residents.isEmpty)
        engine.send("demo/y", #"{"id":1}"#)
        #expect(try engine.onlyCall().json["event"]?["data"]?["id"]?.int == 1)
    }

    @Test("an event that came in time wins against a deadline that was not noticed before the run was read")
    func lateRead() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.limits.residentBytes = 0 }
        engine.send("demo/x")
        try engine.answer(waitForEvent("w", "demo/y", timeout: "10s"))
        engine.feed(.tick)
        engine.now = engine.now + .seconds(9)
        engine.holdsReads = true
        engine.send("demo/y", #"{"n":1}"#)
        engine.now = engine.now + .seconds(2)
        engine.releaseReads()
        #expect(try engine.onlyCall().memo("w")?.contains(#""n":1"#) == true)
    }

    @Test("waits of a parallel group are joined by one discovery")
    func parallel() throws {
        engine.send("demo/x")
        try engine.answer(waitForEvent("a", "demo/a"), waitForEvent("b", "demo/b"), stepRun("c"))
        engine.send("demo/a")
        #expect(engine.calls.isEmpty)
        engine.send("demo/b")
        #expect(try engine.onlyCall().stack.sorted() == ids("a", "b", "c").sorted())
    }

    @Test("events of the server itself end waits")
    func internalEvents() throws {
        try begin(waitForEvent("w", "inngest/function.finished"))
        engine.register([function("app-f", on: "demo/x"), function("app-g", on: "demo/g")])
        engine.send("demo/g")
        try engine.complete("7")
        #expect(try engine.onlyCall().json["steps"]?[id("w").description]?["data"]?["result"]?.int == 7)
    }

    @Test("past the bound on names every event asks for those who wait", arguments: [0, 1, 2])
    func manyNames(limit: Int) throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.limits.listenedNames = limit }
        for name in ["demo/a", "demo/b"] {
            engine.send("demo/x")
            try engine.answer(waitForEvent("w", name))
        }
        engine.send("demo/c")
        #expect(engine.store.looks.isEmpty)
        for name in ["demo/b", "demo/a"] {
            engine.send(name)
            #expect(try engine.onlyCall().memo("w") != nil)
            try engine.complete()
        }
    }

    @Test("conditions on one field are found by its value, others one by one")
    func keys() throws {
        try begin(waitForEvent("a", "demo/y", #""if":"async.data.id == event.data.id""#))
        engine.send("demo/x", #"{"id":5}"#)
        try engine.answer(waitForEvent("b", "demo/y", #""if":"async.data.id > 3""#))
        let topics = Set(engine.store.listeners.values.joined().map(\.value.topic.path))
        #expect(topics == ["data\(ListenerTopic.separator)id", ""])
    }
}
