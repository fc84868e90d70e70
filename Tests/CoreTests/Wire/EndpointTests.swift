import Testing

@testable import ApusCore

@Suite("Endpoints on the wire")
struct EndpointTests {
    private static let run = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

    private static let data =
        #""domain":"http://localhost:3000","method":"GET","path":"/api/x","query_params":"a=1","body":"""#

    private static func body(data: String = data, more: String = "") -> [UInt8] {
        Array(#"{"run_id":"\#(run)","event":{"name":"inngest/http.request","data":{\#(data)}}\#(more)}"#.utf8)
    }

    private static func text(data: String = data, more: String = "") -> String {
        String(decoding: body(data: data, more: more), as: UTF8.self)
    }

    private func request(_ data: String, event: String = "inngest/http.request") throws -> EndpointRequest {
        try EndpointRequest(eventName: event, data: RawJSON(parsing: "{\(data)}").view)
    }

    @Test("a start of the TypeScript SDK")
    func typescript() throws {
        let steps = #","steps":[{"op":"StepRun","id":"a","data":1}]"#
        let more = #"\#(steps),"ts":1732170000000,"request_version":2,"retries":3"#
        let start = try EndpointStart(parsing: Self.body(more: more), limits: .default)
        #expect(start.run.description == Self.run)
        #expect(start.domain == "http://localhost:3000")
        #expect(start.slug == "GET /api/x")
        #expect(start.url == "http://localhost:3000/api/x?a=1")
        #expect(start.version == 2)
        #expect(start.retries == 3)
        #expect(start.ops.map(\.kind) == [.stepRun])
    }

    @Test(
        "retries and versions as they may be",
        arguments: [("", 0), (#","retries":0"#, 0), (#","retries":-1"#, 4), (#","retries":99"#, 20)])
    func retries(more: String, expected: Int) throws {
        let start = try EndpointStart(parsing: Self.body(more: more), limits: .default)
        #expect(start.retries == expected)
        #expect(start.version == nil)
    }

    @Test("the name of an endpoint is its own, or its method and path")
    func names() throws {
        let named = Self.body(data: #""domain":"https://a.test/","method":"post","path":"/x","fn":"mine""#)
        #expect(try EndpointStart(parsing: named, limits: .default).slug == "mine")
        let bare = Self.body(data: #""domain":"https://a.test","method":"post","path":"","fn":"""#)
        let start = try EndpointStart(parsing: bare, limits: .default)
        #expect(start.slug == "POST /")
        #expect(start.url == "https://a.test/")
    }

    @Test(
        "what cannot begin says why",
        arguments: [
            ("[]", "not a JSON object"), ("{", "Invalid request body"), (#"{"run_id":"x"}"#, "run_id"),
            (#"{"run_id":"00000000000000000000000000"}"#, "run_id"), (#"{"run_id":"\#(run)"}"#, "event is not"),
            (#"{"run_id":"\#(run)","event":{"name":"","data":{}}}"#, "event.name"),
            (#"{"run_id":"\#(run)","event":{"name":"x"}}"#, "event.data is missing"),
            (text(data: #""domain":"localhost","method":"GET""#), "domain"),
            (text(data: #""domain":"ws://a.test","method":"GET""#), "domain"),
            (text(data: #""domain":"http://a.test/x","method":"GET""#), "domain"),
            (text(data: #""domain":"http://u:p@a.test","method":"GET""#), "domain"),
            (text(data: #""domain":"http://a.test","method":"G T""#), "method"),
            (text(data: #""domain":"http://a.test","method":"CONNECT""#), "method"),
            (text(data: #""domain":"http://a.test","method":"GET","path":"x""#), "path"),
            (text(data: #""domain":"http://a.test","method":"GET","body":{}"#), "body"),
            (text(more: #","steps":{}"#), "steps is not an array"),
            (text(more: #","steps":[{"op":"Bogus","id":"x"}]"#), "Bogus"),
        ])
    func refused(text: String, part: String) {
        #expect {
            _ = try EndpointStart(parsing: Array(text.utf8), limits: .default)
        } throws: { error in
            "\(error)".contains(part)
        }
    }

    @Test("the TypeScript SDK writes bodies as they are, the Go SDK in Base64")
    func bodies() throws {
        let rest = #""domain":"http://a.test","method":"POST","path":"/""#
        #expect(try request(#"\#(rest),"body":"true""#).body == Array("true".utf8))
        #expect(try request(#"\#(rest),"body":"{\"a\":1}""#).body == Array(#"{"a":1}"#.utf8))
        let go = EndpointRequest.goEvent
        #expect(try request(#"\#(rest),"body":"eyJhIjoxfQ==""#, event: go).body == Array(#"{"a":1}"#.utf8))
        #expect(try request(#"\#(rest),"body":null"#, event: go).body.isEmpty)
        #expect(try request(#"\#(rest),"body":"not base64""#, event: go).body == Array("not base64".utf8))
        #expect(try request(rest, event: go).signature == .run)
        #expect(try request(rest).signature == .body)
    }

    @Test("paths arrive as they were asked for")
    func paths() throws {
        let rest = #""domain":"http://a.test","method":"GET","path":"/a b%20c?d""#
        #expect(try request(rest).url == "http://a.test/a%20b%20c?d")
        #expect(try request(rest, event: EndpointRequest.goEvent).url == "http://a.test/a%20b%2520c%3fd")
    }

    // MARK: - Results

    @Test("results of both SDKs")
    func results() throws {
        func result(_ text: String, go: Bool = false) throws -> HTTPResult? {
            let event = go ? EndpointRequest.goEvent : "inngest/http.request"
            return HTTPResult(output: try RawJSON(parsing: text).view, eventName: event)
        }
        let ts = try #require(try result(#"{"status":201,"headers":{"x-a":"1"},"body":"aGk=","version":2}"#))
        #expect(ts.status == 201 && ts.body == Array("aGk=".utf8) && ts.headers.map(\.name) == ["x-a"])
        let go = try #require(
            try result(#"{"data":{"status_code":200,"headers":{},"body":"aGk=","duration":5}}"#, go: true))
        #expect(go.status == 200 && go.body == Array("hi".utf8))
        #expect(try result(#"{"status":200,"headers":{},"body":"hi there"}"#, go: true)?.body == Array("hi there".utf8))
        #expect(try result(#"{"status":200}"#)?.body == [])
        for other in ["null", "1", #"{"a":1}"#, #"{"status":"done"}"#, #"{"status":99}"#, #"{"status":700}"#] {
            #expect(try result(other) == nil)
        }
    }

    @Test("a plain answer survives being an output", arguments: [Array("grün".utf8), [0xFF, 0x00], []])
    func plain(body: [UInt8]) throws {
        let headers = [(name: "X-B", value: "2"), (name: "x-a", value: "1"), (name: "x-b", value: "3")]
        let output = HTTPResult(status: 200, headers: headers, body: body).output()
        for event in ["inngest/http.request", EndpointRequest.goEvent] {
            let result = try #require(HTTPResult(output: output.view, eventName: event))
            #expect(result.status == 200)
            #expect(result.body == body)
            #expect(result.headers.map { "\($0.name)=\($0.value)" } == ["x-a=1", "x-b=2, 3"])
        }
    }

    // MARK: - Answers to a re-entry

    private func reply(_ status: Int, _ body: String, _ headers: [(name: String, value: String)] = []) -> AppReply {
        .decodeEndpoint(
            RawReply(status: status, headers: headers, body: Array(body.utf8)), now: Timestamp(milliseconds: 0))
    }

    private let sdk = [
        (name: "X-Inngest-SDK", value: "inngest-js:v4.18.1"), (name: "x-inngest-req-version", value: "2"),
    ]

    @Test("ops, bare or in an array")
    func ops() {
        let op = #"{"id":"x","op":"RunComplete","data":{"status":200,"headers":{},"body":"b"}}"#
        for body in [op, "[\(op)]"] {
            guard case .ops(let list) = reply(206, body, sdk) else {
                Issue.record("\(body) is no list")
                continue
            }
            #expect(list.ops.map(\.kind) == [.runComplete])
            #expect(list.version == 2)
        }
    }

    @Test("any other success is the result, also without an SDK", arguments: [200, 201, 204, 206])
    func success(status: Int) throws {
        guard case .returned(let output?) = reply(status, "done", [("Content-Type", "text/plain"), ("Date", "now")])
        else {
            Issue.record("no result")
            return
        }
        let result = try #require(HTTPResult(output: output.view, eventName: ""))
        #expect(result.status == status && result.body == Array("done".utf8))
        #expect(result.headers.map(\.name) == ["content-type"])
    }

    @Test("above 299 the attempt has failed, and the answer is kept")
    func failure() throws {
        guard case .failed(let failure) = reply(503, #"{"name":"E","message":"m"}"#, sdk + [("Retry-After", "7")])
        else {
            Issue.record("no failure")
            return
        }
        #expect(!failure.isFinal && failure.retryAfter == Timestamp(milliseconds: 7_000))
        #expect(failure.cause == "invalid status code: 503")
        #expect(HTTPResult(output: failure.body.view, eventName: "")?.status == 503)
        #expect(FailureEnvelope.make(body: failure.body, cause: failure.cause).view["message"]?.string == "m")
        guard case .failed(let final) = reply(400, "no", sdk + [("X-Inngest-No-Retry", "true")]) else {
            Issue.record("no failure")
            return
        }
        #expect(final.isFinal && final.cause == "NonRetriableError")
    }

    @Test("a streamed envelope is opened")
    func streamed() {
        let envelope = #"  {"status":206,"headers":{"x-inngest-sdk":"inngest-js:v4"},"body":"[]"}"#
        guard case .ops = reply(201, envelope) else {
            Issue.record("no list")
            return
        }
    }

    @Test("Base64 in both alphabets", arguments: [[], [0], [0xFB, 0xFF], [1, 2, 3], Array(0...255)] as [[UInt8]])
    func base64(bytes: [UInt8]) {
        #expect(Base64Text.decode(Base64Text.encode(bytes)) == bytes)
        #expect(Base64Text.decodeForURL(Base64Text.encodeForURL(bytes)) == bytes)
    }

    @Test("what is not Base64", arguments: ["a", "ab", "abc", "ab=c", "====", "abc!", "YQ==YQ==", "YR==", "YWJ="])
    func noBase64(text: String) {
        #expect(Base64Text.decode(text) == nil)
        #expect(Base64Text.decodeForURL("a+/=") == nil)
    }
}
