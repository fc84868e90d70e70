import ApusCore
import Testing

@Suite("The error of lifecycle events")
struct FailureEnvelopeTests {
    private static let cause = "invalid status code: 500"

    @Test(
        "every shape of a function's error becomes one",
        arguments: [
            (
                #"{"name":"E","message":"m","stack":"s","code":"unknown"}"#,
                #"{"error":"invalid status code: 500","message":"m","name":"E","stack":"s"}"#
            ),
            (#"{"message":"m"}"#, #"{"error":"invalid status code: 500","message":"m","name":"Error"}"#),
            (
                #"{"name":"","message":"","stack":"","error":""}"#,
                #"{"error":"invalid status code: 500","message":"invalid status code: 500","name":"Error"}"#
            ),
            (
                #"{"name":7,"message":null,"stack":[]}"#,
                #"{"error":"invalid status code: 500","message":"invalid status code: 500","name":"Error"}"#
            ),
            (
                #"{"error":"Could not find step","requestedStep":"x"}"#,
                #"{"error":"Could not find step","message":"invalid status code: 500","name":"Error"}"#
            ),
            (
                #"{"error":{"name":"E","message":"inner"},"message":"outer"}"#,
                #"{"error":"invalid status code: 500","message":"inner","name":"E"}"#
            ),
            (
                #"{"error":"{\"name\":\"E\",\"message\":\"inner\"}","message":"outer"}"#,
                #"{"error":"invalid status code: 500","message":"inner","name":"E"}"#
            ),
            (
                #"{"body":{"name":"E","message":"inner"}}"#,
                #"{"error":"invalid status code: 500","message":"inner","name":"E"}"#
            ),
            (
                #"{"body":"{\"message\":\"inner\"}","status":500}"#,
                #"{"error":"invalid status code: 500","message":"inner","name":"Error"}"#
            ),
            (
                #"{"error":"[1]","body":"nothing","message":"m"}"#,
                #"{"error":"[1]","message":"m","name":"Error"}"#
            ),
            (
                #"{"name":"E","message":"m","cause":{"message":"c"}}"#,
                #"{"cause":{"message":"c"},"error":"invalid status code: 500","message":"m","name":"E"}"#
            ),
            (
                #"{"message":"m","cause":null}"#,
                #"{"error":"invalid status code: 500","message":"m","name":"Error"}"#
            ),
            (#""it broke""#, #"{"error":"invalid status code: 500","message":"it broke","name":"Error"}"#),
            (
                #""""#,
                #"{"error":"invalid status code: 500","message":"invalid status code: 500","name":"Error"}"#
            ),
            ("null", #"{"error":"invalid status code: 500","message":"invalid status code: 500","name":"Error"}"#),
            ("[1]", #"{"error":"invalid status code: 500","message":"invalid status code: 500","name":"Error"}"#),
            ("7", #"{"error":"invalid status code: 500","message":"invalid status code: 500","name":"Error"}"#),
        ]
    )
    func shapes(body: String, expected: String) throws {
        #expect(
            FailureEnvelope.make(body: try RawJSON(parsing: body), cause: FailureEnvelopeTests.cause).description
                == expected
        )
    }

    @Test("a failure that the server noticed keeps its name and message")
    func noticed() {
        let failure = AttemptFailure.noticed(name: "InngestErrStateOverflowed", message: "Too large", stack: "s")
        #expect(
            FailureEnvelope.make(body: failure.body, cause: failure.cause).description
                == #"{"error":"Too large","message":"Too large","name":"InngestErrStateOverflowed","stack":"s"}"#
        )
    }

    @Test("a string of more than 32 KiB is not looked into")
    func longText() throws {
        func body(_ count: Int) throws -> RawJSON {
            let padding = String(repeating: "x", count: count)
            return try RawJSON(parsing: #"{"body":"{\"message\":\"inner\",\"p\":\"\#(padding)\"}","message":"outer"}"#)
        }
        #expect(FailureEnvelope.make(body: try body(32_000), cause: "c").view["message"]?.string == "inner")
        #expect(FailureEnvelope.make(body: try body(33_000), cause: "c").view["message"]?.string == "outer")
    }
}
