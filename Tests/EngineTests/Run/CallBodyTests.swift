import ApusCore
import Testing

@testable import ApusEngine

@Suite("The body of a call")
struct CallBodyTests {
    @Test("the first call of a run has every field that SDKs read, and is canonical JSON")
    func firstCall() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x", retries: 7))
        let event = engine.send("demo/x", #"{"a":12345678901234567890}"#)
        let call = try engine.onlyCall()
        let run = try engine.onlyRun()
        let body = """
            {"ctx":{"attempt":0,"disable_immediate_execution":false,"env":"","fn_id":"\(run.start.function)",\
            "generation_id":1,"job_id":"\(call.jobID)","max_attempts":8,"qi_id":"\(call.id.run).0",\
            "request_id":"\(call.requestID)",\
            "run_id":"\(run.id)","stack":{"current":0,"stack":[]},"step_id":"step","use_api":false},\
            "defers":{},\
            "event":{"data":{"a":12345678901234567890},"id":"\(event)","name":"demo/x","ts":1750000000000,"user":{}},\
            "events":[{"data":{"a":12345678901234567890},"id":"\(event)","name":"demo/x","ts":1750000000000,"user":{}}],\
            "steps":{},"use_api":false,"version":-1}
            """
        #expect(String(decoding: call.body, as: UTF8.self) == body)
        #expect(try RawJSON(parsing: call.body).bytes == call.body)
        #expect(call.version == -1)
        #expect(call.runID == run.id)
        #expect(call.stepID == "step")
        #expect(call.url == "http://app.test/api/inngest?fnId=app-f&stepId=step")
        #expect(call.jobID.count == 13)
        #expect(call.requestID.timestamp == engine.now)
    }

    @Test("a call names its job for checkpoints")
    func token() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        engine.send("demo/x")
        let call = try engine.onlyCall()
        let token = CallToken(text: try #require(call.context?["qi_id"]?.string))
        #expect(token == CallToken(row: call.id.run, job: call.id.job))
        for text in ["", "1", "1.2.3", ".1", "1.", "MjRhNWdvM2w3amd5Njo6ZGVmYXVsdA==", "1.-1"] {
            #expect(CallToken(text: text) == nil)
        }
    }

    @Test("a later call carries the memos, the stack in order of completion and the version")
    func laterCall() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        engine.send("demo/x")
        let first = try engine.onlyCall()
        for name in ["c", "a", "b"] { try engine.answer(stepRun(name, #"{"n":"\#(name)"}"#)) }
        let call = try engine.onlyCall()
        #expect(call.stack == ids("c", "a", "b"))
        #expect(call.position == 3)
        #expect(call.memoized == ids("a", "b", "c").sorted())
        #expect(call.memo("a") == #"{"data":{"n":"a"}}"#)
        #expect(call.json["version"]?.int == 2)
        #expect(call.version == 2)
        #expect(call.json["event"] != nil)
        #expect(call.jobID != first.jobID)
        #expect(call.requestID != first.requestID)
        #expect(try RawJSON(parsing: call.body).bytes == call.body)
    }

    @Test("a targeted call names its step in the URL only")
    func targetedCall() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        engine.send("demo/x")
        try engine.answer(planned("a"))
        let call = try engine.onlyCall()
        #expect(call.stepID == id("a").description)
        #expect(call.url == "http://app.test/api/inngest?fnId=app-f&stepId=\(id("a"))")
        #expect(call.context?["step_id"]?.string == "step")
    }

    @Test("a step id that is not a hash is escaped in body and URL")
    func oddStepID() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        engine.send("demo/x")
        let odd = try #require(StepID(#"a "step" &é"#))
        try engine.answer(Op(kind: .stepPlanned, id: odd, displayName: "odd"))
        #expect(try engine.onlyCall().url.hasSuffix("stepId=a+%22step%22+%26%C3%A9"))
        try engine.answer(Op(kind: .stepRun, id: odd, displayName: "odd"))
        let call = try engine.onlyCall()
        #expect(call.stack == [odd.description])
        #expect(call.memoized == [odd.description])
    }

    // MARK: Large state

    /// A call of a run whose only memo, `{"data":"xx…"}`, has so many bytes.
    private func call(memoBytes: Int, _ configure: (inout Limits) -> Void) throws -> OutgoingCall {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { configure(&$0.limits) }
        engine.send("demo/x", #"{"a":1}"#)
        try engine.answer(stepRun("a", "\"" + String(repeating: "x", count: memoBytes - 11) + "\""))
        #expect(try engine.onlyRun().memos.byteCount == memoBytes)
        return try engine.onlyCall()
    }

    @Test("memos up to the limit travel with the call", arguments: [99, 100])
    func inline(bytes: Int) throws {
        let call = try call(memoBytes: bytes) { $0.inlineStateBytes = 100 }
        #expect(call.memoized == ids("a"))
        #expect(call.json["use_api"]?.bool == false)
        #expect(call.context?["use_api"]?.bool == false)
    }

    @Test("above it the SDK fetches them; stack and events still travel")
    func stateLeftOut() throws {
        let call = try call(memoBytes: 101) { $0.inlineStateBytes = 100 }
        #expect(call.json["steps"]?.raw == .emptyObject)
        #expect(call.json["use_api"]?.bool == true)
        #expect(call.context?["use_api"]?.bool == true)
        #expect(call.stack == ids("a"))
        #expect(call.json["events"]?.count == 1)
    }

    @Test("a body above its own limit leaves the events out too, but not the first one")
    func eventsLeftOut() throws {
        let call = try call(memoBytes: 2_000) { $0.callBodyBytes = 3_000 }
        #expect(call.json["steps"]?.raw == .emptyObject)
        #expect(call.json["events"]?.raw == .emptyArray)
        #expect(call.json["event"]?["data"]?.raw == json(#"{"a":1}"#))
        #expect(call.json["use_api"]?.bool == true)
        #expect(call.context?["use_api"]?.bool == true)
    }

    @Test("the limits of the protocol are the defaults")
    func defaults() {
        let limits = Limits()
        #expect(limits.inlineStateBytes == 4 * 1_024 * 1_024 - 1_024)
        #expect(limits.callBodyBytes == 4 * 1_024 * 1_024)
        #expect(limits.stepsPerRun == 1_000)
        #expect(limits.opsPerReply == 1_000)
        #expect(limits.runStateBytes == 32 * 1_024 * 1_024)
        #expect(limits.longestWait == .days(366))
    }

    // MARK: Names of calls

    @Test("a job's name is the same for every attempt, a request's differs with each call")
    func names() {
        let run = ULID(high: 1, low: 2)
        let other = ULID(high: 1, low: 3)
        let now = CoreHarness.start
        #expect(CallNames.jobID(run: run, job: 0) == CallNames.jobID(run: run, job: 0))
        #expect(CallNames.jobID(run: run, job: 0) != CallNames.jobID(run: run, job: 1))
        #expect(CallNames.jobID(run: run, job: 0) != CallNames.jobID(run: other, job: 0))
        let first = CallNames.requestID(run: run, job: 0, generation: 1, at: now)
        #expect(first == CallNames.requestID(run: run, job: 0, generation: 1, at: now))
        #expect(first != CallNames.requestID(run: run, job: 0, generation: 2, at: now))
        #expect(first.timestamp == now)
    }
}
