import ApusCore
import Testing

@testable import ApusEngine

@Suite("step.invoke")
struct InvokeTests {
    private let engine = CoreHarness(
        function("app-f", on: "demo/x"),
        function("app-child", on: "demo/child", retries: 0)
    )

    private func begin(_ op: Op) throws {
        engine.send("demo/x")
        engine.reply(try engine.onlyCall(), op)
    }

    @Test("the invoked function gets the payload and the routing in inngest/function.invoked")
    func invokedEvent() throws {
        try begin(
            invoke(
                "i", "app-child",
                #""payload":{"data":{"x":1},"user":{"u":2},"v":"3","meta":{"sessions":{"s":"1"}}},"timeout":"1h""#
            )
        )
        let parent = try engine.onlyRun(of: "app-f")
        let source = try #require(engine.core.registry.function(named: "app-f"))
        let event = try #require(engine.events(named: "inngest/function.invoked").first?.body.view)
        let span = CallNames.spanID(run: parent.id, job: 0, generation: 1)
        let trace = TraceContext(trace: parent.id, span: span)
        let routing = """
            {"correlation_id":"\(parent.id).\(id("i"))","expire":\(engine.now.milliseconds + 3_600_000),\
            "fn_id":"app-child","gid":"","name":"i","source_app_id":"\(source.app)","source_fn_id":"\(source.id)",\
            "source_fn_v":1,"tc":{"ctx":{"sid":"\(trace.spanID)","traceparent":"\(trace.traceparent)"}}}
            """
        #expect(event["data"]?["_inngest"]?.raw.description == routing)
        #expect(event["data"]?["x"]?.int == 1)
        #expect(event["user"]?.raw == json(#"{"u":2}"#))
        #expect(event["v"]?.string == "3")
        #expect(event["meta"]?.raw == json(#"{"sessions":{"s":"1"}}"#))
        let child = try engine.onlyRun(of: "app-child")
        #expect(child.start.invoker?.run == parent.row)
        #expect(try engine.call(of: "app-child").json["event"]?.raw.description == event.raw.description)
        #expect(engine.calls.count == 1)
    }

    @Test(
        "a payload that is missing or no object counts as {}",
        arguments: ["", #""payload":null"#, #""payload":{"data":[1]}"#])
    func payload(options: String) throws {
        try begin(invoke("i", "app-child", options))
        let data = try #require(try engine.call(of: "app-child").json["event"]?["data"])
        #expect(data.members.compactMap(\.key.string) == ["_inngest"])
        #expect(data["_inngest"]?["expire"]?.int == (engine.now + .days(365)).milliseconds)
    }

    @Test("a function is invoked by its id as by its slug")
    func byID() throws {
        let target = try #require(engine.core.registry.function(named: "app-child"))
        try begin(invoke("i", target.id.description))
        _ = try engine.call(of: "app-child")
    }

    @Test(
        "the child's result is the step's",
        arguments: [("7", #"{"data":7}"#), ("null", #"{"data":null}"#), (nil, #"{"data":null}"#)] as [(String?, String)]
    )
    func result(output: String?, memo: String) throws {
        try begin(invoke("i", "app-child"))
        try engine.complete(output)
        let call = try engine.onlyCall()
        #expect(call.memo("i") == memo)
        #expect(call.stack == ids("i"))
        #expect(call.position == 1)
        #expect(call.attempt == 0)
        #expect(try engine.onlyRun(of: "app-f").waits.isEmpty)
        #expect(try engine.onlyRun(of: "app-f").jobs.count == 1, "the deadline is gone")
    }

    @Test("a failing child's error is the step's")
    func failure() throws {
        try begin(invoke("i", "app-child"))
        try engine.fail()
        let error = #"{"error":"invalid status code: 500","message":"m","name":"E","stack":"at f"}"#
        #expect(try engine.onlyCall().memo("i") == #"{"error":\#(error)}"#)
    }

    @Test("a child that must not be retried says so")
    func finalFailure() throws {
        try begin(invoke("i", "app-child"))
        try engine.fail(.final)
        let error = #"{"error":"NonRetriableError","message":"m","name":"E"}"#
        #expect(try engine.onlyCall().memo("i") == #"{"error":\#(error)}"#)
    }

    @Test("a child that the server ends hands over the server's error")
    func noticedFailure() throws {
        try begin(invoke("i", "app-child"))
        try engine.answer(sleep("s", "500d"))
        let error = try #require(try engine.onlyCall().json["steps"]?[id("i").description]?["error"])
        #expect(error["name"]?.string == "InngestErrTimeoutTooLong")
    }

    @Test("an unknown target is the step's error")
    func unknownTarget() throws {
        try begin(invoke("i", "app-nobody"))
        #expect(
            try engine.onlyCall().memo("i")
                == #"{"error":{"message":"could not find function with ID: app-nobody","name":"Error"}}"#
        )
        #expect(try engine.onlyCall().stack == ids("i"))
        #expect(engine.runs.count == 1)
    }

    @Test("an archived function is unknown")
    func archivedTarget() throws {
        engine.register([function("app-f", on: "demo/x")])
        try begin(invoke("i", "app-child"))
        #expect(try engine.onlyCall().memo("i")?.contains("could not find function") == true)
    }

    @Test("an invocation without a function is a failed attempt")
    func noTarget() throws {
        try begin(Op(kind: .invokeFunction, id: id("i"), options: json(#"{"payload":{}}"#)))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .minutes(1))
        #expect(try engine.onlyCall().attempt == 1)
    }

    // MARK: Timeout

    private let timedOut = """
        {"error":{"error":"InngestInvokeTimeoutError: Timed out waiting for invoked function to complete",\
        "message":"Timed out waiting for invoked function to complete","name":"InngestInvokeTimeoutError"}}
        """

    @Test("an invocation is given up when its time has come; the late result is ignored")
    func timeout() throws {
        try begin(invoke("i", "app-child", #""timeout":"10s""#))
        let child = try engine.onlyCall()
        engine.advance(by: .milliseconds(9_999))
        #expect(engine.calls.count == 1)
        engine.advance(by: .milliseconds(1))
        let call = try engine.call(of: "app-f")
        #expect(call.memo("i") == timedOut)
        #expect(call.stack == ids("i"))
        engine.reply(child, with: .returned(json("7")))
        #expect(try engine.onlyRun(of: "app-child").status == .completed)
        #expect(engine.calls.count == 1)
        try engine.answer(stepRun("a"))
        #expect(try engine.onlyCall().memo("i") == timedOut)
    }

    @Test("a timeout of the past gives the invocation up at once", arguments: ["0s", "2020-01-01T00:00:00Z"])
    func timeoutOfThePast(timeout: String) throws {
        try begin(invoke("i", "app-child", #""timeout":"\#(timeout)""#))
        #expect(try engine.call(of: "app-f").memo("i") == timedOut)
        _ = try engine.call(of: "app-child")
    }

    @Test("a timeout may be a date")
    func timeoutDate() throws {
        try begin(invoke("i", "app-child", #""timeout":"2025-06-15T16:00:00Z""#))
        #expect(try engine.onlyRun(of: "app-f").wakeTime == Timestamp(milliseconds: 1_750_003_200_000))
    }

    @Test("a result that comes before the timeout stays")
    func resultBeforeTimeout() throws {
        try begin(invoke("i", "app-child", #""timeout":"10s""#))
        engine.advance(by: .seconds(9))
        try engine.complete("7")
        engine.advance(by: .minutes(1))
        #expect(try engine.onlyCall().memo("i") == #"{"data":7}"#)
    }

    // MARK: Once

    @Test("an invocation that is reported again starts no second child")
    func reportedAgain() throws {
        engine.send("demo/x")
        try engine.answer(invoke("i", "app-child"), planned("a", race: true))
        engine.reply(try engine.call(for: "a"), stepRun("a", race: true))
        engine.reply(try engine.discovery(of: "app-f"), invoke("i", "app-child"))
        #expect(engine.runs(of: "app-child").count == 1)
        #expect(engine.calls.count == 1)
    }

    @Test("a child that ends after its parent changes nothing")
    func parentIsGone() throws {
        engine.send("demo/x")
        try engine.answer(invoke("i", "app-child"), planned("a", race: true))
        engine.reply(try engine.call(for: "a"), stepRun("a", race: true))
        engine.reply(try engine.discovery(of: "app-f"), with: .returned(nil))
        try engine.complete("7")
        #expect(engine.runs.allSatisfy { $0.status == .completed })
        #expect(engine.store.unacknowledged.isEmpty)
        #expect(engine.calls.isEmpty)
    }

    @Test("other functions that listen to invocations run too, but do not answer the invoker")
    func listeners() throws {
        engine.register([
            function("app-f", on: "demo/x"),
            function("app-child"),
            function("app-spy", on: "inngest/function.invoked"),
        ])
        try begin(invoke("i", "app-child"))
        engine.reply(try engine.call(of: "app-spy"), with: .returned(json("1")))
        #expect(engine.calls.count == 1, "the parent still waits")
        #expect(try engine.onlyRun(of: "app-spy").start.invoker == nil)
        engine.reply(try engine.call(of: "app-child"), with: .returned(json("2")))
        #expect(try engine.onlyCall().memo("i") == #"{"data":2}"#)
    }

    @Test("children may invoke children")
    func chain() throws {
        engine.register([function("app-f", on: "demo/x"), function("app-child"), function("app-grandchild")])
        try begin(invoke("i", "app-child"))
        engine.reply(try engine.call(of: "app-child"), invoke("j", "app-grandchild"))
        engine.reply(try engine.call(of: "app-grandchild"), with: .returned(json("1")))
        #expect(try engine.onlyCall().memo("j") == #"{"data":1}"#)
        try engine.complete("2")
        #expect(try engine.onlyCall().memo("i") == #"{"data":2}"#)
    }

    @Test("a function may invoke itself")
    func recursion() throws {
        try begin(invoke("i", "app-f"))
        let runs = engine.runs(of: "app-f")
        try #require(runs.count == 2)
        try engine.complete("1")
        #expect(try engine.onlyCall().runID == runs[0].id)
        #expect(try engine.onlyCall().memo("i") == #"{"data":1}"#)
    }
}
