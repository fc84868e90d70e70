import ApusCore
import NIOCore

/// What the app answers, encoded once.
enum BenchmarkReply {
    private static let fields = [
        ("Content-Type", "application/json"), ("x-inngest-sdk", "bench:v1"), ("x-inngest-req-version", "2"),
    ]

    /// The body that reports one finished step.
    static func ops(step index: Int) -> [UInt8] {
        let name = BenchmarkFunction.stepName(index)
        let id = BenchmarkFunction.stepIDs[index]
        let data = BenchmarkFunction.output(ofStep: index)
        return Array("[{\"op\":\"StepRun\",\"id\":\"\(id)\",\"name\":\"\(name)\",\"data\":\(data)}]".utf8)
    }

    static let headers: [(name: String, value: String)] = fields.map { ($0.0, $0.1) }

    /// The answers that report each step of a function.
    static let steps = (0..<BenchmarkFunction.mostSteps).map { index in
        HTTPMessage.answer("206 Partial Content", headers: headers, body: ops(step: index))
    }

    /// The answer that waits for the event with the id of the run's own.
    static let wait = HTTPMessage.answer(
        "206 Partial Content", headers: headers,
        body: Array(
            """
            [{"op":"WaitForEvent","id":"\(StepID.hashing("answer"))","name":"\(WaitingFunction.answer)",\
            "displayName":"answer","opts":{"event":"\(WaitingFunction.answer)",\
            "if":"event.data.id == async.data.id","timeout":"30d"}}]
            """.utf8
        )
    )

    static let end = HTTPMessage.answer("200 OK", headers: headers, body: Array("{\"ok\":true}".utf8))
    static let refusal = HTTPMessage.answer("404 Not Found", body: [])
}
