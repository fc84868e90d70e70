import ApusCore
import Testing

@Suite("An app's answer that is no list of ops")
struct AppReplyTests {
    @Test(
        "a 2xx answer of an SDK is the function's result",
        arguments: [
            (200, #"{"b":1,"a":[1.0]}"#, #"{"a":[1],"b":1}"#),
            (200, "null\n", "null"),
            (200, "7", "7"),
            (200, "", "absent"),
            (200, #""{\"k\":1}""#, #"{"k":1}"#),
            (200, #""{\"k\":1} x""#, #""{\"k\":1} x""#),
            (200, #""[1]""#, #""[1]""#),
            (200, "plain <text>", #""plain <text>""#),
            (200, "{\"a\":", #""{\"a\":""#),
            (202, "true", "true"), (204, "", "absent"), (299, "{}", "{}"),
        ]
    )
    func results(status: Int, body: String, expected: String) {
        #expect(Reply.fromSDK(status, body).result == expected)
    }

    @Test(
        "any other answer of an SDK is a failed attempt with the app's body",
        arguments: [400, 404, 410, 500, 503, 302, 0, 999])
    func failures(status: Int) throws {
        let failure = try #require(Reply.fromSDK(status, #"{"name":"E","message":"m"}"#).failure)
        #expect(failure.body.description == #"{"message":"m","name":"E"}"#)
        #expect(failure.cause == "invalid status code: \(status)")
        #expect(!failure.isFinal)
        #expect(failure.retryAfter == nil)
        #expect(!failure.isUnreachable)
    }

    @Test("a failure without a body explains itself")
    func emptyFailure() throws {
        let failure = try #require(Reply.fromSDK(500, "").failure)
        #expect(
            failure.body.description
                == #"{"error":"invalid status code: 500","message":"invalid status code: 500","name":"Error"}"#
        )
    }

    @Test("header names are compared without regard to case, and of two the first counts")
    func headerNames() {
        let headers = [
            (name: "x-inngest-sdk", value: "go:v0.16.0"), (name: "X-INNGEST-NO-RETRY", value: "true"),
            (name: "X-Inngest-No-Retry", value: "false"),
        ]
        #expect(Reply.decode(500, "{}", headers).failure?.isFinal == true)
    }

    // MARK: No retry

    @Test(
        "an attempt is final if and only if the header says exactly true",
        arguments: [("true", true), ("false", false), ("True", false), ("TRUE", false), ("1", false), ("", false)],
        [500, 400]
    )
    func noRetry(value: (String, Bool), status: Int) throws {
        let failure = try #require(
            Reply.fromSDK(status, "{}", [(name: "X-Inngest-No-Retry", value: value.0)]).failure
        )
        #expect(failure.isFinal == value.1)
        #expect(failure.cause == (value.1 ? "NonRetriableError" : "invalid status code: \(status)"))
    }

    @Test("no-retry on a 200 is a final failure whose output is the body")
    func noRetryOnSuccess() throws {
        let headers = [(name: "X-Inngest-No-Retry", value: "true")]
        let failure = try #require(Reply.fromSDK(200, #"{"ok":true}"#, headers).failure)
        #expect(failure.isFinal)
        #expect(failure.cause == "NonRetriableError")
        #expect(failure.body.description == #"{"ok":true}"#)
        #expect(Reply.fromSDK(200, "1", [(name: "X-Inngest-No-Retry", value: "false")]).result == "1")
    }

    @Test(
        "a 4xx without the header is final only from TypeScript SDKs that did not know it",
        arguments: [
            ("inngest-js:v1.10.0", true), ("inngest-js:v1.10.1", false), ("inngest-js:v1.9.9", true),
            ("inngest-js:v1.11.0", false), ("inngest-js:v2.0.0", true), ("inngest-js:v2.4.0", true),
            ("inngest-js:v2.4.1-beta.1", true), ("inngest-js:v2.4.1", false), ("inngest-js:v2.4.1+build-1", false),
            ("inngest-js:v2.5.0", false), ("inngest-js:v3.0.0", false), ("inngest-js:v0.9.0", false),
            ("inngest-js:v4.18.1", false), ("inngest-py:v1.0.0", false), ("go:v1.0.0", false),
            ("inngest-js:v2.4", false), ("inngest-js:v2.4.0.1", false), ("inngest-js:v2.x.1", false),
            ("inngest-js:v-2.1.1", false), ("inngest-js:v2.99999999999999999999.1", false), ("inngest-js:v", false),
        ]
    )
    func oldTypeScript(sdk: String, isFinal: Bool) {
        let header = [(name: "x-inngest-sdk", value: sdk)]
        #expect(Reply.decode(400, "{}", header).failure?.isFinal == isFinal)
        #expect(Reply.decode(499, "{}", header).failure?.isFinal == isFinal)
        #expect(Reply.decode(500, "{}", header).failure?.isFinal == false)
        let retried = header + [(name: "x-inngest-no-retry", value: "false")]
        #expect(Reply.decode(400, "{}", retried).failure?.isFinal == false)
    }

    // MARK: Retry after

    @Test(
        "retry-after makes every answer but a list of ops a failure",
        arguments: [(200, "RetryAfterError"), (204, "RetryAfterError"), (500, "invalid status code: 500")]
    )
    func retryAfter(status: Int, cause: String) throws {
        let failure = try #require(Reply.fromSDK(status, #"{"a":1}"#, [(name: "Retry-After", value: "60")]).failure)
        #expect(failure.retryAfter == Reply.now + .seconds(60))
        #expect(failure.cause == cause)
        #expect(!failure.isFinal)
        #expect(failure.body.description == #"{"a":1}"#)
    }

    @Test(
        "retry-after is seconds or a date, one second to one day away; what is neither is ignored",
        arguments: [
            ("1", 1), ("90", 90), ("9999999", 86_400), ("2024-11-21T06:21:00.000Z", 60), ("2024-11-21T06:20:00Z", 1),
            ("2020-01-01T00:00:00Z", 1), ("2030-01-01T00:00:00Z", 86_400), ("Thu, 21 Nov 2024 06:21:00 GMT", 60),
            ("", nil), ("soon", nil), ("0", nil), ("-5", nil), ("12345678", nil), ("1.5", nil),
        ] as [(String, Int?)]
    )
    func retryAfterValues(value: String, seconds: Int?) {
        let headers = [(name: "Retry-After", value: value)]
        let expected = seconds.map { Reply.now + .seconds($0) }
        #expect(Reply.fromSDK(500, "{}", headers).failure?.retryAfter == expected)
        #expect((Reply.fromSDK(200, "{}", headers).result == nil) == (seconds != nil))
    }

    // MARK: Answers that no SDK wrote

    @Test("a 2xx without the SDK's header failed and keeps its body", arguments: [200, 201 + 1, 299])
    func notFromSDK(status: Int) throws {
        let failure = try #require(Reply.decode(status, #"{"hello":"world"}"#).failure)
        #expect(failure.cause == "The response did not come from an Inngest SDK")
        #expect(failure.body.description == #"{"hello":"world"}"#)
        #expect(!failure.isFinal)
        let empty = try #require(Reply.decode(status, "", [(name: "X-Inngest-SDK", value: "")]).failure)
        #expect(empty.text("name") == "not_sdk")
        #expect(empty.text("message") == "The response did not come from an Inngest SDK")
    }

    @Test("of a list of ops without the SDK's header nothing is kept: it may hold keys")
    func opsNotFromSDK() throws {
        let failure = try #require(Reply.decode(206, #"[{"op":"AIGateway","opts":{"auth_key":"s3cret"}}]"#).failure)
        #expect(failure.cause == "The response did not come from an Inngest SDK")
        #expect(!failure.body.description.contains("s3cret"))
    }

    @Test("of a long text that no SDK wrote only the beginning is kept")
    func longForeignText() throws {
        let page = "<html>" + String(repeating: "x", count: 100_000)
        let failure = try #require(Reply.decode(200, page).failure)
        #expect(failure.body.view.string == String(page.prefix(8_192)))
    }

    @Test("an error without the SDK's header is explained, with the beginning of what was answered")
    func answeredByOther() throws {
        let page = "<h1>Bad Gateway</h1>" + String(repeating: "é", count: 8_192)
        let failure = try #require(
            Reply.decode(502, page, [(name: "content-type", value: "text/html"), (name: "retry-after", value: "30")])
                .failure
        )
        #expect(failure.cause == "invalid status code: 502")
        #expect(failure.retryAfter == Reply.now + .seconds(30))
        #expect(failure.text("message") == "Your server returned HTTP 502 before the SDK responded.")
        #expect(failure.text("error") == failure.text("message"))
        #expect(failure.text("name") == "Server returned a fatal error")
        let stack = try #require(failure.text("stack"))
        let parts = stack.split(separator: "\n\n", maxSplits: 1)
        #expect(parts.count == 2)
        #expect(parts[1].hasPrefix("Upstream response (text/html):\n<h1>Bad Gateway</h1>é"))
        #expect(stack.utf8.count < 9_000)
    }

    @Test("an empty error without the SDK's header shows no upstream response")
    func emptyAnswerByOther() throws {
        let stack = try #require(Reply.decode(401, "").failure?.text("stack"))
        #expect(!stack.contains("Upstream"))
        let other = try #require(Reply.decode(500, "x").failure?.text("stack"))
        #expect(other.hasSuffix("Upstream response (no content type):\nx"))
    }
}
