import ApusCore
import Testing

@Suite("Events that the server sends")
struct LifecycleEventTests {
    private static let runID = ULID(milliseconds: 1_732_170_000_000, random: (1, 2))

    private func event(_ id: String, user: String = "{}") throws -> RawJSON {
        try RawJSON(parsing: #"{"data":{"a":1},"id":"\#(id)","name":"demo/x","ts":1,"user":\#(user),"v":"1"}"#)
    }

    @Test("a completed run: the first event in full, all events without an empty user")
    func completed() throws {
        let data = LifecycleEvent.data(
            functionSlug: "app-fn",
            runID: LifecycleEventTests.runID,
            events: [try event("1"), try event("2", user: #"{"id":7}"#)],
            status: .completed,
            result: try RawJSON(parsing: #"{"ok":true}"#),
            correlation: "01J.ab12"
        )
        let expected = """
            {"_inngest":{"status":"Completed"},"correlation_id":"01J.ab12",\
            "event":{"data":{"a":1},"id":"1","name":"demo/x","ts":1,"user":{},"v":"1"},\
            "events":[{"data":{"a":1},"id":"1","name":"demo/x","ts":1,"v":"1"},\
            {"data":{"a":1},"id":"2","name":"demo/x","ts":1,"user":{"id":7},"v":"1"}],\
            "function_id":"app-fn","result":{"ok":true},"run_id":"\(LifecycleEventTests.runID)"}
            """
        #expect(data.description == expected)
    }

    @Test("a failed run has an error, a cancelled one neither error nor result")
    func others() throws {
        let events = [try event("1")]
        let failed = LifecycleEvent.data(
            functionSlug: "f", runID: LifecycleEventTests.runID, events: events, status: .failed,
            error: FailureEnvelope.make(body: .string("m"), cause: "c")
        )
        #expect(failed.view["error"]?.text == #"{"error":"c","message":"m","name":"Error"}"#)
        #expect(failed.view["result"] == nil)
        #expect(failed.view["_inngest"]?["status"]?.string == "Failed")
        let cancelled = LifecycleEvent.data(
            functionSlug: "f", runID: LifecycleEventTests.runID, events: events, status: .cancelled
        )
        #expect(
            cancelled.view.members.compactMap(\.key.string) == ["_inngest", "event", "events", "function_id", "run_id"])
    }

    @Test("an output of null is a result")
    func nullResult() throws {
        let data = LifecycleEvent.data(
            functionSlug: "f", runID: LifecycleEventTests.runID, events: [], status: .completed, result: .null
        )
        #expect(data.view["result"]?.isNull == true)
        #expect(data.view["event"]?.text == "{}")
        #expect(data.view["events"]?.text == "[]")
    }

    @Test("sessions are inherited from the event that started the run")
    func meta() throws {
        let event = try RawJSON(parsing: #"{"meta":{"sessions":{"a":"1"}},"name":"x"}"#)
        #expect(LifecycleEvent.meta(of: event)?.description == #"{"sessions":{"a":"1"}}"#)
        #expect(LifecycleEvent.meta(of: try self.event("1")) == nil)
    }

    @Test(
        "an invocation puts its routing at its place among the payload's keys",
        arguments: [
            (nil, ""), ("null", ""), ("[1]", ""), ("{}", ""), (#"{"x":1}"#, #","x":1"#),
            (#"{"a":1,"b":"_inngest"}"#, #","a":1,"b":"_inngest""#),
            (#"{"_inngest":{"fn_id":"forged"},"x":1}"#, #","x":1"#),
        ] as [(String?, String)]
    )
    func invoked(payload: String?, rest: String) throws {
        let routing = InvokedEvent.Routing(
            function: "app-child", correlationID: "01J.ab", expiry: Timestamp(milliseconds: 1_763_706_000_000),
            stepName: "inv", sourceApp: "a", sourceFunction: "f", sourceVersion: 3
        )
        let data = InvokedEvent.data(payload: try payload.map { try RawJSON(parsing: $0) }, routing: routing)
        let inngest = """
            {"correlation_id":"01J.ab","expire":1763706000000,"fn_id":"app-child","gid":"","name":"inv",\
            "source_app_id":"a","source_fn_id":"f","source_fn_v":3}
            """
        #expect(data.description == #"{"_inngest":\#(inngest)\#(rest)}"#)
    }

    @Test(
        "keys before the routing's stay before it",
        arguments: [
            (#"{"A":1}"#, #"{"A":1,"_inngest":@}"#), (#"{"A":1,"a":2}"#, #"{"A":1,"_inngest":@,"a":2}"#),
            (#"{"A":1,"_inngest":0}"#, #"{"A":1,"_inngest":@}"#),
            (#"{"A":1,"_inngest":0,"a":2}"#, #"{"A":1,"_inngest":@,"a":2}"#),
            (#"{"":1,"\ud800":3,"é":2}"#, #"{"":1,"_inngest":@,"é":2,"\ud800":3}"#),
            (#"{"_innges":1,"_inngesu":2}"#, #"{"_innges":1,"_inngest":@,"_inngesu":2}"#),
            (#"{"\"":1,"\n":2,"_inngest\u0000":3}"#, #"{"\n":2,"\"":1,"_inngest":@,"_inngest\u0000":3}"#),
        ]
    )
    func order(payload: String, expected: String) throws {
        let data = InvokedEvent.data(payload: try RawJSON(parsing: payload), routing: .init(function: "f"))
        let inngest =
            #"{"expire":0,"fn_id":"f","gid":"","name":"","source_app_id":"","source_fn_id":"","source_fn_v":0}"#
        #expect(data.description == expected.replacing("@", with: inngest))
    }
}
