import ApusCore
import Testing

@Suite("A list of ops")
struct OpListTests {
    static let id = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"

    private func ops(_ body: String, limits: ReplyLimits = .default) throws -> [Op] {
        try #require(Reply.fromSDK(206, body, limits: limits).list).ops
    }

    private func error(_ body: String, limits: ReplyLimits = .default) throws -> String {
        let failure = try #require(Reply.fromSDK(206, body, limits: limits).failure)
        #expect(!failure.isFinal)
        #expect(failure.text("message") == failure.cause)
        #expect(failure.text("name") == "Error")
        return failure.cause
    }

    // MARK: Lists

    @Test("a list keeps its order; an object on its own is one op; an empty list has none")
    func shapes() throws {
        #expect(try ops(#"[{"op":"StepRun","id":"b"},{"op":"StepRun","id":"a"}]"#).map(\.id.description) == ["b", "a"])
        #expect(try ops(#" {"op":"RunComplete","id":"x","data":1} "#).map(\.kind) == [.runComplete])
        #expect(try ops("[]").isEmpty)
        #expect(try ops(" [ ] ").isEmpty)
    }

    @Test(
        "the version is the header's number, and 0 when it is missing or no number",
        arguments: [
            ("2", 2), ("1", 1), ("0", 0), ("-1", -1), ("x", 0), ("", 0), ("2.0", 0), ("99999999999999999999", 0),
        ]
    )
    func version(value: String, expected: Int) {
        #expect(Reply.fromSDK(206, "[]", [(name: "x-inngest-req-version", value: value)]).list?.version == expected)
        #expect(Reply.fromSDK(206, "[]").list?.version == 0)
    }

    @Test("no-retry and retry-after belong to the list")
    func flags() throws {
        let headers = [(name: "X-Inngest-No-Retry", value: "true"), (name: "Retry-After", value: "5")]
        let list = try #require(Reply.fromSDK(206, "[]", headers).list)
        #expect(list.isFinal)
        #expect(list.retryAfter == Reply.now + .seconds(5))
        #expect(Reply.fromSDK(206, "[]", [(name: "X-Inngest-No-Retry", value: "false")]).list?.isFinal == false)
        #expect(Reply.fromSDK(206, "[]").list?.retryAfter == nil)
    }

    @Test("a rejected list is retried at the time that the app asked for")
    func rejectedWithRetryAfter() throws {
        let headers = [(name: "X-Inngest-No-Retry", value: "true"), (name: "Retry-After", value: "5")]
        let failure = try #require(Reply.fromSDK(206, "", headers).failure)
        #expect(failure.retryAfter == Reply.now + .seconds(5))
        #expect(!failure.isFinal)
    }

    @Test("decoding stops one op past the limit")
    func limit() throws {
        let limits = ReplyLimits(opsPerReply: 3)
        func list(_ count: Int) -> String {
            "[" + repeatElement(#"{"op":"None"}"#, count: count).joined(separator: ",") + "]"
        }
        #expect(try ops(list(3), limits: limits).count == 3)
        #expect(try ops(list(4), limits: limits).count == 4)
        #expect(try ops(list(900), limits: limits).count == 4)
        let later = list(4).dropLast() + #",{"op":"Bogus"}]"#
        #expect(try ops(String(later), limits: limits).count == 4)
    }

    // MARK: Ops

    @Test("every op is known by its name and by its name in lower case", arguments: Op.Kind.allCases)
    func kinds(kind: Op.Kind) throws {
        for name in [kind.rawValue, kind.rawValue.lowercased()] {
            let op = #"[{"op":"\#(name)","id":"x","error":{"message":"m"}}]"#
            #expect(try ops(op).map(\.kind) == [kind])
        }
    }

    @Test("all fields of an op are read, and unknown ones ignored")
    func fields() throws {
        let body = """
            [{"op":"StepRun","id":"\(OpListTests.id)","name":"n","displayName":"d","opts":{"type":"step.run","input":[1]},
            "data":{"b":1,"a":2},"error":null,"timing":{"a":1732170000000000000,"b":12000000},
            "userland":{"id":"u","index":1},"metadata":[],"mode":"sync","promise":{},"rawArgs":["a",null]}]
            """
        let op = try #require(try ops(body).first)
        #expect(op.kind == .stepRun)
        #expect(op.id.description == OpListTests.id)
        #expect(op.name == "n")
        #expect(op.displayName == "d")
        #expect(op.options?.description == #"{"input":[1],"type":"step.run"}"#)
        #expect(op.data?.description == #"{"a":2,"b":1}"#)
        #expect(op.error == nil)
    }

    @Test("null means absent for every field but data")
    func nulls() throws {
        let body = #"[{"op":"StepRun","id":null,"name":null,"displayName":null,"opts":null,"data":null,"error":null}]"#
        let op = try #require(try ops(body).first)
        #expect(op == Op(kind: .stepRun, id: try #require(StepID("")), data: .null))
        #expect(try ops(#"[{"op":"StepRun"}]"#).first?.data == nil)
    }

    @Test(
        "people see the display name, else the name, else their own id, else the key",
        arguments: [
            (#""displayName":"d","name":"n","userland":{"id":"u"}"#, "d"), (#""name":"n","userland":{"id":"u"}"#, "n"),
            (#""displayName":"","name":"","userland":{"id":"u"}"#, "u"), (#""userland":{"id":7}"#, "key"),
            (#""displayName":7"#, "key"), (#""userland":"u""#, "key"),
        ]
    )
    func displayNames(fields: String, expected: String) throws {
        #expect(try ops(#"[{"op":"StepRun","id":"key",\#(fields)}]"#).first?.displayName == expected)
    }

    @Test("a long display name is cut between characters")
    func longDisplayName() throws {
        let name = String(repeating: "é", count: 40)
        let limits = ReplyLimits(displayNameBytes: 9)
        let op = try #require(try ops(#"{"op":"StepRun","id":"x","name":"\#(name)"}"#, limits: limits).first)
        #expect(op.displayName == "éééé")
        #expect(op.name == name)
    }

    @Test("an op opts out of joining its siblings in any case of letters", arguments: ["race", "Race", "RACE"])
    func race(mode: String) throws {
        #expect(try ops(#"[{"op":"StepRun","opts":{"parallelMode":"\#(mode)"}}]"#).first?.isRace == true)
        #expect(try ops(#"[{"op":"StepRun","opts":{"parallelMode":"join"}}]"#).first?.isRace == false)
    }

    // MARK: Errors of steps

    @Test(
        "of a step's error the known keys that are set are kept",
        arguments: [
            (
                #"{"name":"Error","message":"bad","stack":"s","__serialized":true,"code":"x","noRetry":true}"#,
                #"{"message":"bad","name":"Error","stack":"s"}"#
            ),
            (#"{"name":"E","message":"m","stack":null,"cause":null}"#, #"{"message":"m","name":"E"}"#),
            (#"{"name":"Step error","message":"m","data":null}"#, #"{"data":null,"message":"m","name":"Step error"}"#),
            (
                #"{"message":"m","data":{"b":1,"a":1},"cause":{"message":"c","x":1}}"#,
                #"{"cause":{"message":"c","x":1},"data":{"a":1,"b":1},"message":"m"}"#
            ),
            (#"{"message":{"k":1},"name":7}"#, #"{"message":"{\"k\":1}","name":"7"}"#),
            (#"{}"#, #"{}"#),
            (#""boom""#, #"{"message":"boom","name":"Error"}"#),
            (#"[1]"#, #"{"message":"[1]","name":"Error"}"#),
        ]
    )
    func stepErrors(sent: String, kept: String) throws {
        for kind in ["StepError", "StepFailed"] {
            #expect(try ops(#"[{"op":"\#(kind)","id":"x","error":\#(sent)}]"#).first?.error?.description == kept)
        }
    }

    @Test("a failed step without its error spoils the list", arguments: ["", #","error":null"#])
    func missingError(field: String) throws {
        #expect(
            try error(#"[{"op":"StepError","id":"x"\#(field)}]"#)
                == "OpcodeStepError received without Error field set: x"
        )
        #expect(
            try error(#"[{"op":"stepfailed","id":"x"\#(field)}]"#)
                == "OpcodeStepFailed received without Error field set: x"
        )
    }

    // MARK: Rejected lists

    @Test(
        "what is no list is rejected with the protocol's texts",
        arguments: [
            ("", "no response data"),
            (" ", "error reading generator opcode response: expected JSON object or array"),
            ("null", "error reading generator opcode response: expected JSON object or array"),
            ("\"[]\"", "error reading generator opcode response: expected JSON object or array"),
            ("hello", "error reading generator opcode response: expected JSON object or array"),
            ("[", "error reading generator opcode response: invalid JSON at byte 1: unexpected end of the text"),
            (
                "{\"op\":1",
                "error reading generator opcode response: invalid JSON at byte 7: unexpected end of the text"
            ),
            ("[null]", "error reading generator opcode response: op 0 is not an object"),
            (#"[{"op":"None"},7]"#, "error reading generator opcode response: op 1 is not an object"),
            ("[{}]", "error reading generator opcode response: op 0 has no name in \"op\""),
            (#"[{"op":null}]"#, "error reading generator opcode response: op 0 has no name in \"op\""),
            (#"[{"op":7}]"#, "error reading generator opcode response: op 0 has no name in \"op\""),
            (#"[{"op":"Bogus"}]"#, "error reading generator opcode response: Bogus does not belong to Opcode values"),
            (
                #"[{"op":"STEPRUN"}]"#,
                "error reading generator opcode response: STEPRUN does not belong to Opcode values"
            ),
            (
                #"[{"op":"StepNotFound"}]"#,
                "error reading generator opcode response: StepNotFound does not belong to Opcode values"
            ),
            (#"[{"op":"None","id":7}]"#, "error reading generator opcode response: \"id\" of op 0 is not a string"),
            (
                #"[{"op":"Sleep","name":7}]"#,
                "error reading generator opcode response: \"name\" of op 0 is not a string"
            ),
            (#"[{"op":"Sleep","id":"x","opts":[]}]"#, "error validating generator opcode x: opts is not an object"),
            (
                #"[{"op":"StepRun","id":"x","opts":{"input":{}}}]"#,
                "error validating generator opcode x: step input is not an array"
            ),
        ]
    )
    func rejections(body: String, text: String) throws {
        #expect(try error(body) == text)
    }

    @Test("the input of a deferred function is its own business")
    func deferredInput() throws {
        #expect(try ops(#"[{"op":"DeferAdd","id":"x","opts":{"input":{}}}]"#).count == 1)
        #expect(try ops(#"[{"op":"StepRun","id":"x","opts":{"input":null}}]"#).count == 1)
    }

    @Test("output and input are accepted at their limit and rejected one byte past it")
    func sizes() throws {
        let limits = ReplyLimits(stepOutputBytes: 5, stepInputBytes: 7)
        func step(data: String, input: String) -> String {
            #"[{"op":"StepRun","id":"x","data":\#(data),"opts":{"input":\#(input)}}]"#
        }
        #expect(try ops(step(data: #""abc""#, input: #"["abc"]"#), limits: limits).count == 1)
        #expect(
            try error(step(data: #""abcd""#, input: "[]"), limits: limits)
                == "error validating generator opcode x: step output size is greater than the limit"
        )
        #expect(
            try error(step(data: "1", input: #"["abcd"]"#), limits: limits)
                == "error validating generator opcode x: step input size is greater than the limit"
        )
        #expect(ReplyLimits.default.stepOutputBytes == 4_194_304)
    }

    @Test("a step's id has at most 256 bytes")
    func longID() throws {
        let id = String(repeating: "i", count: 256)
        #expect(try ops(#"[{"op":"StepRun","id":"\#(id)"}]"#).first?.id.description == id)
        #expect(
            try error(#"[{"op":"StepRun","id":"\#(id)i"}]"#)
                == "error validating generator opcode \(id)...: the id is longer than 256 bytes"
        )
    }

    @Test("a long name of an unknown op is cut in the message")
    func longOpName() throws {
        let text = try error(#"[{"op":"\#(String(repeating: "B", count: 100_000))"}]"#)
        #expect(text.utf8.count < 400)
    }
}
