import ApusCore
import Testing

@Suite("A failure that the transport noticed")
struct AttemptFailureTests {
    @Test("an app that cannot be reached")
    func unreachable() {
        let failure = AttemptFailure.unreachable("connection refused")
        #expect(failure.cause == "Unable to reach SDK URL")
        #expect(failure.isUnreachable)
        #expect(
            failure.body.description
                == #"{"error":"Unable to reach SDK URL","message":"Unable to reach SDK URL","name":"Error","stack":"connection refused"}"#
        )
        #expect(AttemptFailure.unreachable("").text("stack") == nil)
    }

    @Test("only an app that cannot be reached counts as unreachable, and none is final")
    func others() {
        let failures: [(AttemptFailure, String, String)] = [
            (.timedOut, "timeout", "The app did not answer within the time that a call may take"),
            (
                .tooLarge(limit: 8_388_608), "output_too_large",
                "The app's response is larger than the limit of 8388608 bytes"
            ),
            (
                .unsupportedEncoding("zstd"), "unsupported_encoding",
                #"The app's response has the content encoding "zstd", which is not supported"#
            ),
            (.brokenReply("eof"), "Error", "The app's response could not be read: eof"),
        ]
        for (failure, name, message) in failures {
            #expect(failure.text("name") == name)
            #expect(failure.text("message") == message)
            #expect(failure.cause == message)
            #expect(!failure.isUnreachable)
            #expect(!failure.isFinal)
        }
    }

    @Test("details from outside are cut")
    func longDetails() {
        let long = String(repeating: "x", count: 1 << 20)
        for failure in [AttemptFailure.unreachable(long), .unsupportedEncoding(long), .brokenReply(long)] {
            #expect(failure.body.bytes.count < 32 << 10)
        }
    }
}
