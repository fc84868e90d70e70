import ApusCore
import Testing

@testable import Apus

@Suite("Calls")
struct CallTests {
    struct Declined: Error, Codable, Equatable { var code: Int }

    private func endpoint(
        transport: FakeTransport = .silent, lines: Lines = Lines(), change: (inout ClientSettings) -> Void = { _ in },
        _ options: FunctionOption<SignedUp>...,
        handler: @escaping @Sendable (SignedUp, Step) async throws -> Int
    ) -> Endpoint {
        let client = Client.test(transport: transport, lines: lines, change)
        var function = client.function("function", on: SignedUp.self, handler: handler)
        if let option = options.first {
            function = client.function("function", on: SignedUp.self, option, handler: handler)
        }
        return Endpoint(client, functions: [function])
    }

    @Test("a step runs and its result is the answer")
    func oneStep() async {
        let endpoint = endpoint { event, step in try await step.run("a") { event.userID.count } }
        let reply = await endpoint.answer(TestCall())
        #expect("\(reply)" == "206 StepRun:a=2")
        #expect(reply.header("x-inngest-sdk") == "swift:v\(Client.version)")
        #expect(reply.header("x-inngest-req-version") == "2")
        #expect(reply.json[0]?["id"]?.string == StepID.hashing("a").description)
    }

    @Test("a run from its first call to its end", arguments: [true, false])
    func wholeRun(keepsHandlers: Bool) async {
        let endpoint = endpoint(change: { $0.keptHandlers = keepsHandlers ? 10 : 0 }) { event, step in
            let a = try await step.run("a") { 1 }
            async let b = step.run("b") { a + 1 }
            async let c = step.run("c") { a + 2 }
            try await step.sleep("nap", for: .minutes(90))
            return try await b + c
        }
        var call = TestCall()
        #expect("\(await endpoint.answer(call))" == "206 StepRun:a=1")
        call.results.add("a", data: .int(1))
        let plan = await endpoint.answer(call)
        #expect("\(plan)" == "206 Sleep:nap StepPlanned:b StepPlanned:c")
        #expect(plan.json[0]?["name"]?.string == "1h30m0s")
        call.planOnly = true
        for (name, value) in [("c", 3), ("b", 2)] {
            call.target = .hashing(name)
            #expect("\(await endpoint.answer(call))" == "206 StepRun:\(name)=\(value)")
        }
        call.target = nil
        call.planOnly = false
        call.results.add("c", data: .int(3))
        call.results.add("b", data: .int(2))
        call.results.add(.hashing("nap"), .null)
        #expect("\(await endpoint.answer(call))" == "200 5")
    }

    @Test("while others are under way a single step is only planned")
    func planOnly() async {
        let endpoint = endpoint { _, step in try await step.run("a") { 1 } }
        #expect("\(await endpoint.answer(TestCall(planOnly: true)))" == "206 StepPlanned:a")
    }

    @Test("a step that is not there is an error that lists what is")
    func missing() async {
        let endpoint = endpoint { _, step in try await step.run("a") { 1 } }
        let reply = await endpoint.answer(TestCall(target: .hashing("gone")))
        #expect(reply.response.status == 500)
        #expect(reply.header("x-inngest-no-retry") == "false")
        #expect(reply.json["foundSteps"]?[0]?["name"]?.string == "a")
    }

    @Test("what a step throws is tried again, until the last attempt or when it says that this is useless")
    func stepErrors() async {
        let endpoint = endpoint { event, step in
            try await step.run("a") {
                switch event.userID {
                case "later": throw RetryAfterError("later", after: .milliseconds(2_500))
                case "never": throw NonRetriableError("never")
                default: throw Declined(code: 7)
                }
            }
        }
        var call = TestCall()
        var reply = await endpoint.answer(call)
        #expect("\(reply)" == "206 StepError:a")
        #expect(
            reply.json[0]?["error"]?.raw.description
                == #"{"data":{"code":7},"message":"Declined(code: 7)","name":"Declined"}"#)
        #expect(reply.header("x-inngest-no-retry") == "false")
        call.attempt = 4
        reply = await endpoint.answer(call)
        #expect("\(reply)" == "206 StepFailed:a")
        #expect(reply.header("x-inngest-no-retry") == "true")
        call = TestCall(run: "later", data: .object(["userID": .string("later"), "email": .string("")]))
        reply = await endpoint.answer(call)
        #expect("\(reply)" == "206 StepError:a")
        #expect(reply.header("retry-after") == "3")
        call = TestCall(run: "never", data: .object(["userID": .string("never"), "email": .string("")]))
        #expect("\(await endpoint.answer(call))" == "206 StepFailed:a")
    }

    @Test("a result that is too large fails its step")
    func tooLarge() async {
        let endpoint = endpoint { _, step in try await step.run("a") { String(repeating: "x", count: 4 << 20) }.count }
        let reply = await endpoint.answer(TestCall())
        #expect("\(reply)" == "206 StepFailed:a")
        #expect(reply.json[0]?["error"]?["message"]?.string?.contains("4194304 are allowed") == true)
    }

    @Test("a step's error comes back as what was thrown")
    func typedErrors() async {
        let endpoint = endpoint { _, step in
            do {
                return try await step.run("a") { throw Declined(code: 7) }
            } catch let error as StepError {
                return error.decode(Declined.self)?.code ?? 0
            }
        }
        var call = TestCall(attempt: 4)
        let error = await endpoint.answer(call).json[0]?["error"]?.raw ?? .null
        call.results.add(.hashing("a"), .object(["error": error]))
        call.attempt = 0
        #expect("\(await endpoint.answer(call))" == "200 7")
    }

    @Test("what the function throws fails the attempt, an uncaught step error the run")
    func functionErrors() async {
        let endpoint = endpoint { event, step in
            if event.userID == "x" { throw Declined(code: 1) }
            return try await step.run("a") { 1 }
        }
        var call = TestCall(data: .object(["userID": .string("x"), "email": .string("")]))
        var reply = await endpoint.answer(call)
        #expect(reply.response.status == 500)
        #expect(reply.header("x-inngest-no-retry") == "false")
        call = TestCall(run: "other")
        call.results.add(.hashing("a"), .object(["error": .object(["message": .string("m"), "name": .string("E")])]))
        reply = await endpoint.answer(call)
        #expect("\(reply)" == #"400 {"message":"m","name":"E"}"#)
        #expect(reply.header("x-inngest-no-retry") == "true")
        reply = await endpoint.answer(TestCall(run: "third", data: .object(["userID": .int(1)])))
        #expect(reply.response.status == 400)
        #expect(reply.json["message"]?.string?.hasPrefix("the event cannot be read") == true)
    }

    @Test("a function whose steps have changed says which")
    func changed() async {
        let lines = Lines()
        let endpoint = endpoint(lines: lines) { _, step in
            let a = try await step.run("a") { 1 }
            return try await step.run("new") { a }
        }
        var call = TestCall()
        call.results.add("a", data: .int(1))
        call.results.add("old", data: .int(1))
        #expect("\(await endpoint.answer(call))" == "206 StepRun:new=1")
        let line = lines.all.first { $0.contains("have changed") } ?? ""
        #expect(line.contains("unused=\(StepID.hashing("old"))"))
        #expect(line.contains("instead=new, SDKTests/CallTests.swift:"))
    }

    @Test("bad calls are refused and name what is wrong")
    func badCalls() async {
        let endpoint = endpoint { _, step in 1 }
        var request = TestCall().request
        request.body = Array("{".utf8)
        #expect(await endpoint.handle(request).status == 500)
        request.body = Array("{}".utf8)
        #expect(TestReply(response: await endpoint.handle(request)).json["message"]?.string == "ctx.run_id is missing")
        #expect("\(await endpoint.answer(TestCall(function: "test-gone")))".contains("no function test-gone"))
    }

    // MARK: - Checkpoints

    @Test("steps run one after the other and are reported as they finish")
    func checkpoints() async {
        let transport = FakeTransport { _ in TransportResponse(status: 200, body: []) }
        let endpoint = endpoint(transport: transport, change: { $0.checkpoints = .endless }) { _, step in
            let a = try await step.run("a") { 1 }
            let b = try await step.run("b") { a + 1 }
            try await step.sleep("nap", for: .seconds(1))
            return b
        }
        #expect("\(await endpoint.answer(TestCall()))" == "206 Sleep:nap")
        let bodies = transport.requests.compactMap { try? CheckpointRequest(parsing: $0.body, limits: ReplyLimits()) }
        #expect(bodies.map { $0.ops.map(\.displayName) } == [["a"], ["b"]])
        #expect(bodies.first?.call == "cWk6OmRlZmF1bHQ=")
        #expect(bodies.first?.generation == 1)
        var call = TestCall()
        call.results.add("a", data: .int(1))
        call.results.add("b", data: .int(2))
        call.results.add(.hashing("nap"), .null)
        #expect("\(await endpoint.answer(call))" == "200 2")
        #expect(transport.requests.count == 2)
    }

    @Test("a call that has been replaced ends, one that cannot be reported answers with its step")
    func checkpointFailures() async {
        for (status, expected) in [(409, "400"), (400, "206 StepRun:a=1")] {
            let transport = FakeTransport { _ in TransportResponse(status: status, body: []) }
            let endpoint = endpoint(transport: transport, change: { $0.checkpoints = .endless }) { _, step in
                try await step.run("a") { 1 } + step.run("b") { 1 }
            }
            let reply = await endpoint.answer(TestCall())
            #expect("\(reply)".hasPrefix(expected))
            #expect(transport.requests.count == (status == 409 ? 1 : 5))
            if status == 409 { #expect(reply.header("x-inngest-no-retry") == "true") }
        }
    }

    @Test("a call that has gone on for long enough leaves the next step to another")
    func longestCall() async {
        let change: @Sendable (inout ClientSettings) -> Void = {
            $0.checkpoints = ClientSettings.Checkpoints(longestCall: .nanoseconds(1))
        }
        let endpoint = endpoint(change: change) { _, step in try await step.run("a") { 1 } }
        #expect("\(await endpoint.answer(TestCall()))" == "206 StepPlanned:a")
    }

    @Test("a repeated call ends with its step")
    func checkpointOnRetry() async {
        let endpoint = endpoint(change: { $0.checkpoints = .endless }) { _, step in
            try await step.run("a") { 1 } + step.run("b") { 1 }
        }
        #expect("\(await endpoint.answer(TestCall(attempt: 1)))" == "206 StepRun:a=1")
    }

    // MARK: - Compensation and failure

    @Test("when the run fails, what was registered is undone, the last first")
    func compensation() async {
        let transport = FakeTransport { _ in TransportResponse(status: 200, body: []) }
        let endpoint = endpoint(transport: transport, change: { $0.checkpoints = .endless }) { _, step in
            for name in ["a", "b"] {
                _ = try await step.run(name) { 1 }
                step.compensate("undo-\(name)") {}
            }
            throw NonRetriableError("no")
        }
        let reply = await endpoint.answer(TestCall())
        #expect("\(reply)" == #"400 {"message":"no","name":"NonRetriableError"}"#)
        let names = transport.requests.flatMap { request in
            (try? CheckpointRequest(parsing: request.body, limits: ReplyLimits()))?.ops.map(\.displayName) ?? []
        }
        #expect(names == ["a", "b", "compensation", "undo-b", "undo-a"])
    }

    @Test("what fails for now undoes nothing; what has begun to be undone is undone to the end")
    func compensationDecided() async {
        let endpoint = endpoint { event, step in
            _ = try await step.run("a") { 1 }
            step.compensate("undo") {}
            if event.userID == "fine" { return 1 }
            throw Declined(code: 1)
        }
        var call = TestCall()
        call.results.add("a", data: .int(1))
        #expect(await endpoint.answer(call).response.status == 500)
        call.attempt = 4
        #expect("\(await endpoint.answer(call))".hasPrefix("206 StepRun:compensation="))
        call = TestCall(run: "other", data: .object(["userID": .string("fine"), "email": .string("")]))
        call.results.add("a", data: .int(1))
        call.results.add("compensation", data: .object(["message": .string("m"), "name": .string("E")]))
        #expect("\(await endpoint.answer(call))" == "206 StepRun:undo=null")
        call.results.add("undo", data: .null)
        #expect("\(await endpoint.answer(call))" == #"400 {"message":"m","name":"E"}"#)
    }

    @Test("a failure handler is a function of its own and gets the error and the event")
    func failureHandler() async {
        let endpoint = endpoint(
            .onFailure { failure, step in
                try await step.run("tell") { #expect(failure.message == "no \(failure.input.userID)") }
            }
        ) { _, step in 1 }
        #expect(Set(endpoint.functions.keys) == ["test-function", "test-function-failure"])
        let data = RawJSON.object([
            "error": .object(["message": .string("no u1"), "name": .string("E")]),
            "event": .object(["data": .object(["userID": .string("u1"), "email": .string("")])]),
            "function_id": .string("test-function"),
            "run_id": .string("r"),
        ])
        let reply = await endpoint.answer(TestCall(function: "test-function-failure", data: data))
        #expect("\(reply)" == "206 StepRun:tell=null")
    }
}
