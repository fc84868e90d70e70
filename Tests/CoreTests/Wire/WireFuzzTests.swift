import ApusCore
import Foundation
import Testing

/// Random answers and damaged bodies. `APUS_FUZZ_ITERATIONS` asks for more than the usual few thousand.
@Suite("Decoders of the wire, on damaged input")
struct WireFuzzTests {
    private static let iterations =
        ProcessInfo.processInfo.environment["APUS_FUZZ_ITERATIONS"].flatMap { UInt64($0) } ?? 3_000

    private static let eventBodies = [
        #"{"name":"shop/order","data":{"b":1,"a":[2,"x"],"_inngest":1},"id":"o-1","ts":1732170000000,"v":"2","user":{"u":1}}"#,
        #"[{"name":"a","data":{"k":"é\ud83d\ude00"}}, {"Name":"b","ts":0},{"name":"c","extra":[{}]} ,{"name":"d","data":null}] "#,
        #"[{"name":"a","meta":{"sessions":{"a":"x","b":1,"c":null},"propagated_sessions":{"d":"y","e":2}}},{"name":"b"}]"#,
    ]

    private static let failureHandler = #"""
        {"appname":"a","url":"http://127.0.0.1:80/x?b=1&a=2","functions":[{"id":"a-f-failure","name":"n","cancel":[],"retries":1,
        "triggers":[{"event":"e","expression":"event.data.function_id == 'a-f'"},{"cron":"* * * * *","jitter":"5s"},{"event":"e"}],
        "Steps":{"step":{"name":"s","runtime":{"url":"http://h/x"},"retries":{"attempts":2}}}}]}
        """#

    private static let limited = #"""
        {"appname":"a","url":"http://h","functions":[{"id":"a-f","name":"n","steps":{"s":{"name":"s","runtime":{"url":"http://h/x"}}},
        "concurrency":{"fn":[{"limit":2,"key":"k","scope":"Fn"}],"step":[{"limit":5,"hash":""},{"limit":7,"key":"k","scope":"Env"}]},
        "throttle":{"burst":1,"limit":3,"period":"1w2d"},"rateLimit":{"limit":1,"period":"1m30s"},"priority":{"run":"1"},
        "debounce":{"period":"1m30s","timeout":"1h"},"Singleton":{"mode":"skip"}},
        {"id":"a-g","name":"n","steps":{"s":{"name":"s","runtime":{"url":"http://h/x"}}},"concurrency":[{"limit":1}],
        "idempotency":"k","batchEvents":{"maxSize":10,"timeout":"1m","key":"k","if":"c"}}]}
        """#

    @Test("events are refused with a reason or accepted in canonical form")
    func events() throws {
        let seed = try #require(EventIDSeed("1700000000000,AAECAwQFBgcICQ=="))
        for number in 0..<WireFuzzTests.iterations {
            var mutator = WireMutator(seed: number)
            let body = mutator.mutate(Array(mutator.pick(WireFuzzTests.eventBodies).utf8))
            let shown: Comment = "seed \(number): \(String(decoding: body, as: UTF8.self))"
            let request = EventRequest.decode(body, seed: seed)
            let again = EventRequest.decode(body, seed: seed)
            try #require(request.events.map(\.event) == again.events.map(\.event), shown)
            try #require(request.failure == again.failure, shown)
            try #require((request.failure?.message.utf8.count ?? 0) < 1_000, shown)
            for (index, accepted) in request.events.enumerated() {
                try #require(accepted.internalID == seed.id(offset: UInt32(index + 1)), shown)
                let stored = accepted.event.storedBody(internalID: seed.id(offset: 1), receivedAt: .epoch)
                try #require(try RawJSON(parsing: stored.bytes) == stored, shown)
                try #require(accepted.event.data.view["_inngest"] == nil, shown)
                // What was stored would be accepted again.
                let repeated = EventRequest.decode(stored.bytes).events.first?.event
                try #require(repeated?.data == accepted.event.data, shown)
                try #require(repeated?.meta == accepted.event.meta, shown)
            }
            try checkSyntax(body, request, shown)
        }
    }

    /// Compares the verdict on the syntax with that of the JSON parser, which reads the body as a whole.
    private func checkSyntax(_ body: [UInt8], _ request: EventRequest, _ shown: Comment) throws {
        let isSyntaxError = request.failure?.message.hasPrefix("invalid JSON at byte") == true
        let verdict = Result { () throws(JSONError) in try RawJSON(parsing: body) }
        guard case .failure(let error) = verdict else { return try #require(!isSyntaxError, shown) }
        let isIgnored = body.first { $0 > 0x20 } == UInt8(ascii: "[") && error.reason == .trailingData
        let isEmpty = body.allSatisfy { [0x20, 0x0A, 0x0D, 0x09].contains($0) }
        try #require(request.failure != nil || isIgnored || isEmpty, shown)
    }

    @Test("answers always mean something, the same each time, and within bounds")
    func replies() throws {
        let bodies =
            WireExamples.lists.map(\.body) + [
                #"{"name":"E","message":"m","stack":"s","cause":{"message":"c"}}"#, "<html>502</html>", "", "null",
                "\"{\\\"a\\\":1}\"",
                #"{"status":206,"headers":{"x-inngest-sdk":"x","x-inngest-no-retry":"true"},"body":"[{\"op\":\"StepRun\",\"id\":\"a\"}]"}"#,
                #"  {"status":500,"headers":null,"noRetry":true,"retryAt":"2030-01-01T00:00:00Z","body":{"message":"m"}}"#,
            ]
        for number in 0..<WireFuzzTests.iterations {
            var mutator = WireMutator(seed: number)
            let reply = mutator.reply(bodies: bodies)
            let shown: Comment = "seed \(number): \(reply.status) \(String(decoding: reply.body, as: UTF8.self))"
            let limits = ReplyLimits(stepOutputBytes: 200, stepInputBytes: 200, opsPerReply: 2, displayNameBytes: 8)
            let decoded = AppReply.decode(reply, now: Reply.now, limits: limits)
            try #require(decoded == AppReply.decode(reply, now: Reply.now, limits: limits), shown)
            switch decoded {
            case .ops(let list):
                try #require(list.ops.count <= 3, shown)
                for op in list.ops {
                    try #require(op.displayName.utf8.count <= 8 && (op.data?.bytes.count ?? 0) <= 200, shown)
                    for part in [op.data, op.options, op.error].compactMap(\.self) {
                        try #require(try RawJSON(parsing: part.bytes) == part, shown)
                    }
                }
            case .returned(let value):
                try #require(try value.map { try RawJSON(parsing: $0.bytes) } == value, shown)
            case .failed(let failure):
                try #require(try RawJSON(parsing: failure.body.bytes) == failure.body, shown)
                try #require(failure.cause.utf8.count < 9_000, shown)
                let envelope = FailureEnvelope.make(body: failure.body, cause: failure.cause)
                try #require(try RawJSON(parsing: envelope.bytes) == envelope, shown)
                try #require(envelope.view["message"]?.string?.isEmpty == false, shown)
            }
        }
    }

    @Test("registrations are refused with reasons, or are what they will be when read back")
    func registrations() throws {
        let bodies = [
            WireExamples.goRegistration, WireExamples.typeScriptInBand, WireExamples.pythonInBand,
            WireFuzzTests.failureHandler, WireFuzzTests.limited,
        ]
        for number in 0..<WireFuzzTests.iterations {
            var mutator = WireMutator(seed: number)
            let text = mutator.pick(bodies)
            let body = mutator.mutate(Array(text.utf8))
            let isInBand = text.contains("app_id")
            let shown: Comment = "seed \(number): \(String(decoding: body, as: UTF8.self))"
            _ = Registration.looksInBand(body)
            do throws(RegistrationError) {
                let registration = isInBand ? try Registration.decodeInBand(body) : try Registration.decode(body)
                try checkAccepted(registration, body: body, isInBand: isInBand, shown)
            } catch {
                try #require(try RawJSON(parsing: error.body.bytes) == error.body, shown)
                try #require(error.details.count <= RegistrationError.limit + 1, shown)
                try #require(error.message.utf8.count < 60_000, shown)
            }
        }
    }

    private func checkAccepted(
        _ registration: Registration,
        body: [UInt8],
        isInBand: Bool,
        _ shown: Comment
    ) throws(RegistrationError) {
        let again = isInBand ? try Registration.decodeInBand(body) : try Registration.decode(body)
        #expect(registration == again, shown)
        #expect(!registration.appName.isEmpty && registration.checksum.utf8.count == 64, shown)
        for function in registration.functions {
            let stored = try FunctionConfiguration.decode(source: function.source)
            #expect(stored == function, shown)
            #expect(!function.slug.isEmpty && !function.name.isEmpty && !function.stepURL.isEmpty, shown)
            #expect(function.triggers.count <= 10 && (0...20).contains(function.retries ?? 0), shown)
            checkBounds(function.flowControl, shown)
        }
    }

    /// What the engine relies on without asking again.
    private func checkBounds(_ flow: FlowControl, _ shown: Comment) {
        let second = TimeSpan.seconds(1)
        let amounts =
            flow.concurrency.map(\.limit)
            + [flow.runConcurrency?.limit, flow.throttle?.limit, flow.rateLimit?.limit, flow.batch?.size].compactMap(
                \.self)
        #expect(amounts.allSatisfy { (1...Int(Int32.max)).contains($0) }, shown)
        #expect(
            flow.concurrency.count <= 2 && flow.concurrency.map(\.limit) == flow.concurrency.map(\.limit).sorted(),
            shown)
        #expect((0...Int(Int32.max)).contains(flow.throttle?.burst ?? 0), shown)
        #expect((flow.throttle?.period ?? second) >= second, shown)
        #expect((second...TimeSpan.hours(24)).contains(flow.rateLimit?.period ?? second), shown)
        #expect((second...TimeSpan.days(7)).contains(flow.debounce?.period ?? second), shown)
        #expect((flow.debounce?.timeout ?? second) >= second, shown)
        #expect((flow.batch?.size ?? 2) >= 2 && (flow.batch?.timeout ?? second) >= second, shown)
    }

    @Test("a URL's normal form is its own normal form, and takes a step")
    func urls() throws {
        let urls = [
            "http://127.0.0.1:3000/api/inngest?fnId=a-b&stepId=step&deployId=x&q=%C3%A9+%zz",
            "https://[::1]:443/x?a&b=2&a=1#f",
        ]
        for number in 0..<WireFuzzTests.iterations {
            var mutator = WireMutator(seed: number)
            let text = String(decoding: mutator.mutate(Array(mutator.pick(urls).utf8)), as: UTF8.self)
            let template = StepURLTemplate(text)
            let step = template.url(stepID: "é&")
            try #require(StepURLTemplate(step).url(stepID: "é&") == step, "seed \(number): \(text)")
            guard let url = try? EndpointURL(text) else { continue }
            try #require(try EndpointURL(url.description) == url, "seed \(number): \(text)")
            _ = try EndpointURL(StepURLTemplate(url.description).url(for: nil))
        }
    }
}
