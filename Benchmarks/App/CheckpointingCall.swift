import ApusCore
import NIOCore

/// What a report has to say of the call that it belongs to, found in its bytes.
struct CheckpointingCall {
    let plan: CheckpointingApp.Plan
    let sentAt: UInt64?
    private let target: String
    /// The body of a report up to its steps.
    private let head: [UInt8]

    /// - Returns: `nil` for a request that calls none of the functions that report.
    init?(_ message: UnsafeRawBufferPointer, _ frame: MessageFrame) {
        let head = UnsafeRawBufferPointer(rebasing: message[..<frame.headBytes])
        let body = UnsafeRawBufferPointer(rebasing: message[frame.headBytes..<frame.totalBytes])
        guard let slug = RawText.end(of: "fnId=bench-reports-", in: head),
            let dash = head[slug...].firstIndex(of: UInt8(ascii: "-")),
            let run = Self.text("\"run_id\":\"", in: body), let function = Self.text("\"fn_id\":\"", in: body),
            let token = Self.text("\"qi_id\":\"", in: body),
            let generation = RawText.end(of: "\"generation_id\":", in: body)
        else { return nil }
        plan = CheckpointingApp.Plan(
            steps: RawText.number(head, from: slug), perReport: RawText.number(head, from: dash + 1))
        sentAt = MarkedEvent.time(in: body)
        target = "/v1/checkpoint/\(run)/async"
        let number = RawText.number(body, from: generation)
        self.head = Array(
            """
            {"run_id":"\(run)","fn_id":"\(function)","qi_id":"\(token)","generation_id":\(number),"steps":[
            """.utf8
        )
    }

    private static func text(_ key: StaticString, in body: UnsafeRawBufferPointer) -> String? {
        guard let start = RawText.end(of: key, in: body),
            let end = body[start...].firstIndex(of: UInt8(ascii: "\""))
        else { return nil }
        return String(decoding: body[start..<end], as: UTF8.self)
    }

    /// The ops of all steps, encoded once.
    private static let ops: [[UInt8]] = (0..<100).map { index in
        let name = "report-\(index)"
        let data = BenchmarkFunction.output(ofStep: index)
        return Array(
            """
            {"op":"StepRun","id":"\(StepID.hashing(name))","name":"\(name)","displayName":"\(name)",\
            "opts":{},"userland":{"id":"\(name)"},"data":\(data)}
            """.utf8
        )
    }

    func request(_ steps: Range<Int>) -> ByteBuffer {
        var body = head
        for step in steps {
            if step > steps.lowerBound { body.append(UInt8(ascii: ",")) }
            body += Self.ops[step]
        }
        body += "]}".utf8
        return HTTPMessage.post(target, body: body)
    }

    /// The answer of a call whose steps have all been reported.
    static let end = HTTPMessage.answer(
        "206 Partial Content", headers: BenchmarkReply.headers,
        body: Array(#"[{"op":"RunComplete","id":"\#(StepID.hashing("complete"))","data":{"ok":true}}]"#.utf8)
    )
}
