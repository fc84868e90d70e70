import ApusCore
import ApusEngine
import Testing

@testable import ApusNode

@Suite("What is reported of an input that cannot be stored")
struct InputReportTests {
    @Test("of an app's answer the keys of requests are left out, and nothing else")
    func secrets() throws {
        let options = try RawJSON(parsing: #"{"auth_key":"s3cret","url":"https://a.test/?key=s3cret"}"#)
        let id = try #require(StepID("a"))
        let ops = [
            Op(kind: .aiGateway, id: id, displayName: "ask", options: options, data: options),
            Op(kind: .gateway, id: id, displayName: "get", options: options),
            Op(kind: .stepRun, id: id, displayName: "run", data: .string("result")),
        ]
        let call = CallID(run: 1, job: 0, generation: 1)
        let report = Input.reply(call, .ops(AppReply.OpList(ops: ops, version: 2))).report
        #expect(!report.contains("s3cret"))
        #expect(report.contains("ask") && report.contains("get") && report.contains("result"))
        #expect(Input.tick.report == "tick")
    }
}
