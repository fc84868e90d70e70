import ApusCore

@testable import Apus

/// A call as the server makes it.
struct TestCall {
    var function = "test-function"
    var run = "01HF7YAT00000G40R40M30E20A"
    var results = Results()
    var target: StepID?
    var attempt = 0
    var maxAttempts: Int? = 5
    var planOnly = false
    var eventName = "user/signed-up"
    var data = RawJSON.object(["userID": .string("u1"), "email": .string("a@b.c")])

    var body: [UInt8] {
        let event = RawJSON.object([
            "data": data, "id": .string("e1"), "name": .string(eventName), "ts": .int(1_700_000_000_000),
            "user": .emptyObject,
        ])
        return RawJSON.object([
            "ctx": .object([
                "attempt": .int(Int64(attempt)),
                "disable_immediate_execution": .bool(planOnly),
                "env": .string(""),
                "fn_id": .string("9f0c3a52-1111-4111-8111-111111111111"),
                "generation_id": .int(1),
                "max_attempts": maxAttempts.map { .int(Int64($0)) },
                "qi_id": .string("cWk6OmRlZmF1bHQ="),
                "request_id": .string("01HF7YAT00000G40R40M30E20B"),
                "run_id": .string(run),
                "stack": .object(["current": .int(0), "stack": results.stackJSON]),
                "step_id": .string("step"),
                "use_api": .bool(false),
            ]),
            "defers": .emptyObject,
            "event": event,
            "events": .array([event]),
            "steps": results.steps,
            "use_api": .bool(false),
            "version": .int(2),
        ]).bytes
    }

    var request: AppRequest {
        AppRequest(
            method: "POST", target: "/api/inngest?fnId=\(function)&stepId=\(target?.description ?? "step")",
            headers: [("Content-Type", "application/json"), ("Host", "app.example")], body: body)
    }
}

/// An answer as the server reads it.
struct TestReply: CustomStringConvertible {
    let response: AppResponse

    var json: JSONView { ((try? RawJSON(parsing: response.body)) ?? .null).view }

    func header(_ name: String) -> String? { response.headers.first { $0.name.lowercased() == name }?.value }

    /// `206 StepRun:a={"x":1} Sleep:b`
    var description: String {
        guard response.status == 206 else { return "\(response.status) \(json.raw)" }
        let ops = json.elements.map { op in
            let data = op["data"].map { "=\($0.raw)" } ?? ""
            return "\(op["op"]?.string ?? "?"):\(op["userland"]?["id"]?.string ?? "?")\(data)"
        }
        return "206 \(ops.joined(separator: " "))"
    }
}

extension Endpoint {
    func answer(_ call: TestCall) async -> TestReply { TestReply(response: await handle(call.request)) }
}
