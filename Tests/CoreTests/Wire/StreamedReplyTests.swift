import ApusCore
import Testing

@Suite("A streamed answer, status 201")
struct StreamedReplyTests {
    @Test("TypeScript: a string body, headers inside, spaces before it")
    func typeScript() throws {
        let body = """
               {"status":206,"headers":{"x-inngest-sdk":"inngest-js:v4.18.1","x-inngest-req-version":"2"},\
            "body":"[{\\"op\\":\\"StepRun\\",\\"id\\":\\"x\\",\\"data\\":1}]"}
            """
        let list = try #require(Reply.decode(201, body).list)
        #expect(list.version == 2)
        #expect(list.ops.map(\.kind) == [.stepRun])
    }

    @Test("Python: keys in another order, JSON in a string")
    func python() throws {
        let body =
            #"{"body":"{\"code\":\"unknown\",\"message\":\"m\",\"name\":\"E\",\"stack\":null}","headers":"#
            + #"{"x-inngest-sdk":"inngest-py:v0.5.19","x-inngest-no-retry":"true"},"status":500}"#
        let failure = try #require(Reply.decode(201, body).failure)
        #expect(failure.isFinal)
        #expect(failure.cause == "NonRetriableError")
        #expect(failure.text("message") == "m")
    }

    @Test("Go: a plain body, no headers inside, the version outside")
    func go() throws {
        let outer = [(name: "X-Inngest-SDK", value: "go:v0.16.0"), (name: "x-inngest-req-version", value: "2")]
        let steps = Reply.decode(
            201, #"{"status":206,"body":[{"op":"StepRun","id":"x"}],"retryAt":null,"noRetry":false,"headers":null}"#,
            outer
        )
        #expect(steps.list?.version == 2)
        #expect(steps.list?.ops.count == 1)
        #expect(
            Reply.decode(201, #"{"status":200,"body":{"b":1,"a":2},"headers":null}"#, outer).result == #"{"a":2,"b":1}"#
        )
        #expect(Reply.decode(201, #"{"status":200,"body":"text","headers":null}"#, outer).result == #""text""#)
        #expect(Reply.decode(201, #"{"status":200,"body":null}"#, outer).result == "null")
        #expect(Reply.decode(201, #"{"status":200}"#, outer).result == "absent")
    }

    @Test("Go's noRetry and retryAt are honoured, unless a header says otherwise")
    func goFlags() throws {
        let sdk = [(name: "X-Inngest-SDK", value: "go:v0.16.0")]
        let final = Reply.decode(201, #"{"status":500,"body":{},"noRetry":true}"#, sdk).failure
        #expect(final?.isFinal == true)
        let later = Reply.decode(201, #"{"status":500,"body":{},"retryAt":"2024-11-21T06:21:00Z"}"#, sdk).failure
        #expect(later?.retryAfter == Reply.now + .seconds(60))
        let header = #"{"status":500,"body":{},"noRetry":true,"headers":{"X-Inngest-No-Retry":"false"}}"#
        #expect(Reply.decode(201, header, sdk).failure?.isFinal == false)
    }

    @Test("headers inside replace those outside, and may be numbers or booleans")
    func innerHeaders() throws {
        let outer = [
            (name: "X-Inngest-SDK", value: "x"), (name: "X-Inngest-No-Retry", value: "true"),
            (name: "Retry-After", value: "5"),
        ]
        let body =
            #"{"status":500,"headers":{"x-inngest-no-retry":false,"RETRY-AFTER":60,"a":null,"b":[],"c":{}},"body":""}"#
        let failure = try #require(Reply.decode(201, body, outer).failure)
        #expect(!failure.isFinal)
        #expect(failure.retryAfter == Reply.now + .seconds(60))
    }

    @Test("a result that is a string of JSON is decoded one level")
    func stringResult() {
        let sdk = [(name: "X-Inngest-SDK", value: "x")]
        #expect(Reply.decode(201, #"{"status":200,"body":"\"hi\""}"#, sdk).result == #""hi""#)
        #expect(Reply.decode(201, #"{"status":200,"body":"null"}"#, sdk).result == "null")
        #expect(Reply.decode(201, #"{"status":200,"body":""}"#, sdk).result == "absent")
    }

    @Test("an envelope without an SDK's header inside or outside is not from an SDK")
    func foreign() {
        let failure = Reply.decode(201, #"{"status":200,"body":"1"}"#).failure
        #expect(failure?.cause == "The response did not come from an Inngest SDK")
        #expect(Reply.decode(201, #"{"status":502,"body":"1"}"#).failure?.cause == "invalid status code: 502")
    }

    @Test("an envelope inside an envelope is a result")
    func nested() {
        let sdk = [(name: "X-Inngest-SDK", value: "x")]
        #expect(Reply.decode(201, #"{"status":201,"body":{"status":206}}"#, sdk).result == #"{"status":206}"#)
    }

    @Test("an error in the envelope is the attempt's error")
    func reportedError() throws {
        let failure = try #require(
            Reply.decode(201, #"{"status":206,"error":"it broke","body":"[]","headers":{"x-inngest-sdk":"x"}}"#).failure
        )
        #expect(failure.cause == "error parsing stream: it broke")
        #expect(failure.text("message") == "error parsing stream: it broke")
        #expect(!failure.isFinal)
        #expect(
            Reply.decode(201, #"{"status":206,"error":"","body":"[]","headers":{"x-inngest-sdk":"x"}}"#).list != nil)
    }

    @Test(
        "what is no envelope is retried with the protocol's text",
        arguments: [
            ("", "invalid JSON at byte 0: unexpected end of the text"),
            ("   ", "invalid JSON at byte 3: unexpected end of the text"),
            (#" {"status":2"#, "invalid JSON at byte 12: unexpected end of the text"),
            ("[]", "the body is not an object"),
            (#"{"id":1}"#, "the envelope has no HTTP status"),
            (#"{"status":"206"}"#, "the envelope has no HTTP status"),
            (#"{"status":99}"#, "the envelope has no HTTP status"),
            (#"{"status":600}"#, "the envelope has no HTTP status"),
            (#"{"status":99999999999999999999}"#, "the envelope has no HTTP status"),
        ]
    )
    func malformed(body: String, detail: String) throws {
        let failure = try #require(Reply.fromSDK(201, body).failure)
        #expect(
            failure.cause == "error parsing stream: error reading response body to check for status code: \(detail)")
        #expect(!failure.isFinal)
    }
}
