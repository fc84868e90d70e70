import ApusCore
import Foundation
import Testing

@testable import Apus

/// What each kind of step asks the server for, and what it makes of the answer.
@Suite("Kinds of steps")
struct OrderTests {
    struct Paid: Event {
        static let name = "order/paid"
        var orderID: String
        var amount: Int

        enum CodingKeys: String, CodingKey {
            case orderID = "order_id"
            case amount
        }
    }

    private let client = Client.test()

    private func endpoint(_ handler: @escaping @Sendable (SignedUp, Step) async throws -> JSON) -> Endpoint {
        Endpoint(client, functions: [client.function("function", on: SignedUp.self, handler: handler)])
    }

    /// Asks, answers with a memo, and compares both.
    private func check(
        _ expected: String, memo: RawJSON, gives result: JSON,
        _ handler: @escaping @Sendable (SignedUp, Step) async throws -> JSON
    ) async throws {
        let endpoint = endpoint(handler)
        var call = TestCall()
        let asked = await endpoint.answer(call)
        let op = try #require(asked.json[0])
        let options = op["opts"]?.raw.description ?? ""
        #expect("\(op["op"]?.string ?? "") \(op["name"]?.string ?? "") \(options)" == expected)
        call.results.add(.hashing("s"), memo)
        let answer = await endpoint.answer(call)
        #expect(answer.response.status == 200)
        #expect(try Coding.decode(JSON.self, from: answer.json) == result)
    }

    @Test("sleeps")
    func sleeps() async throws {
        try await check("Sleep 72h0m0s {}", memo: .null, gives: 1) { _, step in
            try await step.sleep("s", for: .days(3))
            return 1
        }
        try await check("Sleep 2026-11-21T07:18:45.923Z {}", memo: .null, gives: 1) { _, step in
            try await step.sleep("s", until: Date(Timestamp(milliseconds: 1_795_245_525_923)))
            return 1
        }
    }

    @Test("waits for events")
    func events() async throws {
        let event = RawJSON.object([
            "data": .object(["amount": .int(7), "order_id": .string("o")]), "id": .string("e"),
            "name": .string(Paid.name),
            "ts": .int(1),
        ])
        try await check(
            #"WaitForEvent order/paid {"if":"event.data.order_id == async.data.order_id","timeout":"1h0m0s"}"#,
            memo: event, gives: 7
        ) { _, step in
            .int(try await step.waitForEvent("s", Paid.self, matching: \.orderID, within: .hours(1))?.amount ?? 0)
        }
        try await check(
            #"WaitForEvent order/paid {"if":"async.data.order_id == \"a \\\"b\\\"\"","timeout":"1s"}"#,
            memo: .null, gives: nil
        ) { _, step in
            let paid = try await step.waitForEvent(
                "s", Paid.self, where: \.orderID, is: "a \"b\"", within: .seconds(1))
            return paid == nil ? .null : 1
        }
        try await check(#"WaitForEvent order/paid {"timeout":"1s"}"#, memo: .null, gives: nil) { _, step in
            try await step.waitForEvent("s", Paid.self, within: .seconds(1)) == nil ? .null : 1
        }
    }

    @Test("signals")
    func signals() async throws {
        let memo = RawJSON.object(["data": .object(["data": .string("yes"), "signal": .string("x")])])
        try await check(
            #"WaitForSignal x {"conflict":"replace","signal":"x","timeout":"1m0s"}"#, memo: memo, gives: "yes"
        ) { _, step in
            .string(try await step.waitForSignal("s", "x", String.self, within: .minutes(1), replacing: true) ?? "")
        }
        try await check(
            #"WaitForSignal x {"conflict":"fail","signal":"x","timeout":"1m0s"}"#, memo: .null, gives: nil
        ) { _, step in
            try await step.waitForSignal("s", "x", String.self, within: .minutes(1)).map { .string($0) } ?? .null
        }
    }

    @Test("invocations")
    func invocations() async throws {
        let child = client.function("child", input: [String: Int].self) { input, _ in input["a"] ?? 0 }
        let invoked =
            #"InvokeFunction s {"function_id":"test-child","payload":{"data":{"a":1}},"timeout":"30s"}"#
        try await check(invoked, memo: .object(["data": .int(5)]), gives: 5) { _, step in
            .int(try await step.invoke("s", child, ["a": 1], within: .seconds(30)))
        }
        let timeout = RawJSON.object(["error": .object(["name": .string("InngestInvokeTimeoutError")])])
        try await check(
            #"InvokeFunction s {"function_id":"other-f","payload":{"data":{"a":1}}}"#, memo: timeout, gives: true
        ) { _, step in
            do {
                return .int(try await step.invoke("s", function: "f", of: "other", data: ["a": 1], returning: Int.self))
            } catch let error as StepError {
                return .bool(error.isTimeout)
            }
        }
    }

    @Test("what an invocation adds to the data is not for the function")
    func invoked() async {
        let child = client.function("child", input: [String: Int].self) { input, _ in input.count }
        var call = TestCall(function: "test-child")
        call.eventName = "inngest/function.invoked"
        call.data = .object(["_inngest": .object(["fn_id": .string("x")]), "a": .int(1)])
        #expect("\(await Endpoint(client, functions: [child]).answer(call))" == "200 1")
    }

    @Test("requests by the server")
    func gateways() async throws {
        let answer = RawJSON.object([
            "data": .object([
                "body": .string("b"), "headers": .emptyObject, "status_code": .int(201), "url": .string("u"),
            ])
        ])
        try await check(
            #"Gateway s {"body":"x","headers":{"A":"1"},"method":"PUT","url":"https://a.example"}"#, memo: answer,
            gives: 201
        ) { _, step in
            let request = FetchRequest("https://a.example", method: "PUT", headers: ["A": "1"], body: "x")
            return .int(try await step.fetch("s", request).status)
        }
        try await check(
            #"AIGateway s {"auth_key":"k","body":{"model":"m"},"format":"anthropic","headers":{},"type":"step.ai.infer","url":"u"}"#,
            memo: .object(["data": .object(["text": .string("t")])]), gives: "t"
        ) { _, step in
            let request = InferenceRequest(url: "u", key: "k", format: .anthropic, body: ["model": "m"])
            return try await step.infer("s", request, returning: [String: String].self)["text"].map { .string($0) }
                ?? .null
        }
    }

    @Test("in a race every op says so")
    func race() async {
        let endpoint = endpoint { _, step in
            try await step.race {
                async let a = step.run("a") { 1 }
                async let b: Void = step.sleep("b", for: .seconds(1))
                try await b
                return .int(try await a)
            }
        }
        let ops = await endpoint.answer(TestCall()).json
        #expect(
            ops.elements.map { $0["opts"]?.raw.description } == Array(repeating: #"{"parallelMode":"race"}"#, count: 2))
    }

    @Test("sending is a step that runs here")
    func sending() async {
        let transport = FakeTransport { request in
            let isEvents = request.url.contains("/e/")
            return TransportResponse(
                status: isEvents ? 200 : 404, body: isEvents ? Array(#"{"ids":["id-1"],"status":200}"#.utf8) : [])
        }
        let client = Client.test(transport: transport)
        let function = client.function("function", on: SignedUp.self) { event, step in
            let id = try await step.send("s", event)
            return JSON.array([.string(id), .bool(try await step.sendSignal("t", to: "x", 1))])
        }
        let endpoint = Endpoint(client, functions: [function])
        var call = TestCall()
        #expect("\(await endpoint.answer(call))" == #"206 StepRun:s={"ids":["id-1"]}"#)
        call.results.add("s", data: .object(["ids": .array([.string("id-1")])]))
        #expect("\(await endpoint.answer(call))" == "206 StepRun:t=false")
        call.results.add("t", data: .bool(false))
        #expect("\(await endpoint.answer(call))" == #"200 ["id-1",false]"#)
    }

    @Test("dates and other values come back as they were")
    func values() async throws {
        struct Value: Codable, Sendable, Equatable {
            var date: Date
            var number: Double
            var list: [Int?]
            var nothing: String?
        }
        let value = Value(
            date: Date(timeIntervalSince1970: 1_700_000_000.5), number: 0.1, list: [1, nil], nothing: nil)
        let json = try Coding.encode(value)
        #expect(json.description == #"{"date":"2023-11-14T22:13:20.500Z","list":[1,null],"number":0.1}"#)
        #expect(try Coding.decode(Value.self, from: json.view) == value)
        #expect(try Coding.decode(String?.self, from: RawJSON.null.view) == nil)
        #expect(throws: DecodingError.self) { try Coding.decode(Date.self, from: RawJSON.string("soon").view) }
    }
}
