import ApusCore
import Testing

@Suite("Answers as real SDKs send them")
struct WireExampleTests {
    @Test("every list of ops decodes", arguments: WireExamples.lists.indices)
    func lists(index: Int) throws {
        let example = WireExamples.lists[index]
        let list = try #require(Reply.fromSDK(206, example.body, [(name: "x-inngest-req-version", value: "2")]).list)
        #expect(list.ops.map(\.kind.rawValue) == example.kinds)
        #expect(list.version == 2)
        #expect(list.ops.allSatisfy { $0.id.description.utf8.count == 40 })
    }

    @Test("a step that TypeScript failed keeps only its error")
    func typeScriptFailure() throws {
        let example = try #require(WireExamples.lists.first { $0.kinds == ["StepFailed"] })
        let op = try #require(Reply.fromSDK(206, example.body).list?.ops.first)
        #expect(op.error?.description == #"{"message":"bad","name":"Error","stack":"…"}"#)
    }

    @Test("results and errors of functions")
    func others() throws {
        #expect(Reply.fromSDK(200, #"{"a":{"n":1},"ev":"demo/w","r":["A",null],"inv":{"child":true}}"#).result != nil)
        let uncaught = try #require(
            Reply.fromSDK(
                500, #"{"code":"step_errored","message":"m","name":"E","stack":null}"#,
                [(name: "x-inngest-no-retry", value: "true")]
            ).failure
        )
        #expect(uncaught.isFinal)
        #expect(
            FailureEnvelope.make(body: uncaught.body, cause: uncaught.cause).description
                == #"{"error":"NonRetriableError","message":"m","name":"E"}"#
        )
        let stale =
            #"{"name":"StaleDispatchError","message":"Stale dispatch: checkpoint returned 409 (run 01M7)","stack":"s"}"#
        #expect(Reply.fromSDK(400, stale, [(name: "x-inngest-no-retry", value: "true")]).failure?.isFinal == true)
        let missing = #"{"error":"Could not find step","requestedStep":"x","foundSteps":[],"totalFoundSteps":0}"#
        #expect(Reply.fromSDK(500, missing, [(name: "x-inngest-no-retry", value: "false")]).failure?.isFinal == false)
        #expect(
            Reply.decode(401, #"{"code":"sig_verification_failed","message":"m","name":"n"}"#).failure?.isFinal == false
        )
    }
}
