import ApusCore
import Testing

@testable import ApusEngine

@Suite("The end of a run is an event")
struct LifecycleTests {
    private let engine = CoreHarness(
        function("app-f", on: "demo/x"),
        function("app-child"),
        function("app-finished", on: "inngest/function.finished", filter: .functionID("app-f")),
        function("app-f-failure", on: "inngest/function.failed", filter: .functionID("app-f"))
    )

    @Test("a run that completes publishes inngest/function.finished with its result")
    func finished() throws {
        engine.send("demo/x", #"{"a":1}"#)
        let trigger = try #require(engine.store.events.first)
        try engine.complete(#"{"ok":true}"#)
        let run = try engine.onlyRun(of: "app-f")
        let event = try #require(engine.events(named: "inngest/function.finished").first)
        let data = """
            {"_inngest":{"status":"Completed"},"event":\(trigger.body),\
            "events":[{"data":{"a":1},"id":"\(trigger.id)","name":"demo/x","ts":1750000000000}],\
            "function_id":"app-f","result":{"ok":true},"run_id":"\(run.id)"}
            """
        #expect(event.body.view["data"]?.raw.description == data)
        #expect(event.body.view["ts"]?.int == engine.now.milliseconds)
        #expect(event.body.view["id"]?.string == event.id.description)
        #expect(event.key == nil)
        #expect(try engine.onlyRun(of: "app-finished").start.events == [event.row])
        #expect(engine.events(named: "inngest/function.failed").isEmpty)
    }

    @Test("a run that fails publishes inngest/function.failed, whose id is the run's")
    func failed() throws {
        engine.send("demo/x")
        try engine.fail(.final)
        let run = try engine.onlyRun(of: "app-f")
        let event = try #require(engine.events(named: "inngest/function.failed").first)
        let data = try #require(event.body.view["data"])
        #expect(event.body.view["id"]?.string == run.id.description)
        #expect(event.key == EventKey(senderID: run.id.description))
        #expect(data["_inngest"]?["status"]?.string == "Failed")
        #expect(data["error"]?.raw.description == #"{"error":"NonRetriableError","message":"m","name":"E"}"#)
        #expect(data["result"]?.raw.description == #"{"message":"m","name":"E"}"#)
        #expect(data["function_id"]?.string == "app-f")
        let finished = try #require(engine.events(named: "inngest/function.finished").first)
        #expect(finished.body.view["data"]?.raw == data.raw)
        #expect(try engine.call(of: "app-f-failure").json["event"]?["data"]?["run_id"]?.string == run.id.description)
    }

    @Test("a handler hears only of the function it belongs to")
    func filter() throws {
        engine.register([
            function("app-g", on: "demo/g"),
            function("app-f-failure", on: "inngest/function.failed", filter: .functionID("app-f")),
        ])
        engine.send("demo/g")
        try engine.fail(.final)
        #expect(engine.runs(of: "app-f-failure").isEmpty)
        #expect(engine.events(named: "inngest/function.failed").count == 1)
    }

    @Test("the end of a run that nobody listens to is no event row")
    func nobodyListens() throws {
        engine.register([function("app-f", on: "demo/x")])
        engine.send("demo/x")
        try engine.fail(.final)
        #expect(engine.store.events.count == 1)
    }

    @Test("a wildcard listens to the end of runs too")
    func wildcard() throws {
        engine.register([function("app-f", on: "demo/x"), function("app-all", on: "inngest/*")])
        engine.send("demo/x")
        try engine.complete()
        _ = try engine.onlyRun(of: "app-all")
    }

    @Test("a run that was started by the end of another announces nothing", arguments: [true, false])
    func noChain(succeeds: Bool) throws {
        engine.register([
            function("app-f", on: "demo/x"),
            function("app-all", on: "inngest/function.finished"),
            function("app-failures", on: "inngest/function.failed"),
        ])
        engine.send("demo/x")
        try engine.fail(.final)
        #expect(engine.store.events.count == 3)
        for call in engine.calls {
            engine.reply(call, with: succeeds ? .returned(nil) : .failed(.final))
        }
        #expect(engine.store.events.count == 3)
        #expect(engine.runs.count == 3)
        #expect(engine.calls.isEmpty)
    }

    @Test("an invoked run names the step that waits for it")
    func correlation() throws {
        engine.register([
            function("app-f", on: "demo/x"),
            function("app-child"),
            function("app-all", on: "inngest/function.finished", filter: .functionID("app-child")),
        ])
        engine.send("demo/x")
        try engine.answer(invoke("i", "app-child"))
        try engine.complete("1")
        let event = try #require(engine.events(named: "inngest/function.finished").first)
        let parent = try engine.onlyRun(of: "app-f")
        #expect(event.body.view["data"]?["correlation_id"]?.string == "\(parent.id).\(id("i"))")
        #expect(event.body.view["data"]?["event"]?["name"]?.string == "inngest/function.invoked")
        #expect(try engine.call(of: "app-f").memo("i") == #"{"data":1}"#)
    }

    @Test("a result of null is a result, no body is none")
    func results() throws {
        engine.send("demo/x")
        try engine.complete("null")
        engine.reply(try engine.onlyCall(), with: .returned(nil))
        engine.send("demo/x")
        try engine.complete(nil)
        let data = engine.events(named: "inngest/function.finished").map { $0.body.view["data"] }
        try #require(data.count == 2)
        #expect(data[0]?["result"]?.isNull == true)
        #expect(data[1]?["result"] == nil)
    }

    @Test("the sessions of the event that started the run are passed on")
    func meta() throws {
        let event = IncomingEvent(name: "demo/x", meta: json(#"{"sessions":{"s":"1"}}"#))
        engine.feed(.events([SubmittedEvent(event)], prior: .unasked))
        try engine.complete()
        let finished = try #require(engine.events(named: "inngest/function.finished").first)
        #expect(finished.body.view["meta"]?.raw == json(#"{"sessions":{"s":"1"}}"#))
    }

    @Test("a run that the server ends tells why")
    func noticed() throws {
        engine.send("demo/x")
        try engine.answer(sleep("s", "500d"))
        let event = try #require(engine.events(named: "inngest/function.failed").first)
        #expect(event.body.view["data"]?["error"]?["name"]?.string == "InngestErrTimeoutTooLong")
    }
}
