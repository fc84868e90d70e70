import ApusCEL
import ApusCore
import Testing

@Suite("Expressions: key text")
struct KeyTextTests {
    @Test(
        "every type has its text",
        arguments: [
            Example("d.s", "abc"), Example("d.t", "true"), Example("d.fl", "false"), Example("int(d.n)", "5"),
            Example("7u", "7"), Example("d.n", "5"), Example("d.nul", "NULL_VALUE"), Example("d.miss", "false"),
            Example("[1, 'a', null, true]", "[1 a <nil> true]"), Example("d.list", "[1 2 3]"),
            Example("d.obj", "map[k:v n:1]"), Example("{'b': null, 'a': [1.5]}", "map[a:[1.5] b:<nil>]"),
            Example("date(d.date)", "2024-01-02 03:04:05 +0000 UTC"), Example("duration('1h')", "1h0m0s"),
            Example("timestamp('2024-01-02T03:04:05.250Z')", "2024-01-02 03:04:05.25 +0000 UTC"),
            Example("[]", "[]"), Example("{}", "map[]"), Example("json_parse(d.json)", "map[a:1]"),
            Example("b'ab'", "[97 98]"), Example("'{{ event.data.s }}'", "{{ event.data.s }}"),
            Example("event.name + ':' + d.n", "app/user.created:5"), Example("d.n + 1", "6"),
        ]
    )
    func texts(example: Example) throws {
        let expression = try Expression(example.source, role: .key)
        let key = try expression.keyText(in: exampleScope(), now: exampleNow)
        #expect(key.text == example.result)
    }

    @Test(
        "doubles have the fewest digits, and an exponent from a million up",
        arguments: [
            (5, "5"), (21.5, "21.5"), (100_000, "100000"), (999_999, "999999"), (1_000_000, "1e+06"),
            (1_234_567, "1.234567e+06"), (123_456_789, "1.23456789e+08"), (12_345_678_901_234, "1.2345678901234e+13"),
            (9_007_199_254_740_992, "9.007199254740992e+15"), (1e21, "1e+21"), (0.0001, "0.0001"),
            (0.00001, "1e-05"), (-0.5, "-0.5"), (1_700_000_000_000, "1.7e+12"), (0, "0"), (-0.0, "-0"),
            (1e100, "1e+100"), (.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
            (123_456.789, "123456.789"), (999_999.5, "999999.5"), (1_000_000.5, "1.0000005e+06"), (0.1, "0.1"),
            (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (100, "100"), (10.25, "10.25"),
        ] as [(Double, String)]
    )
    func doubles(value: Double, text: String) {
        #expect(Value.double(value).keyText(limit: 100) == text)
    }

    @Test("only the boolean false, or something missing, switches a limit off")
    func isFalse() throws {
        func key(_ source: String) throws -> KeyText {
            try Expression(source, role: .key).keyText(in: exampleScope(), now: exampleNow)
        }
        #expect(try key("event.data.miss") == KeyText(text: "false", isFalse: true))
        #expect(try key("event.data.fl") == KeyText(text: "false", isFalse: true))
        #expect(try key("'false'") == KeyText(text: "false", isFalse: false))
        #expect(try key("event.data.t") == KeyText(text: "true", isFalse: false))
        #expect(try key("event.data.zero") == KeyText(text: "0", isFalse: false))
        #expect(throws: EvaluationError.self) { try key("event.data.tags[9]") }
    }

    @Test("the event as a whole can be a key")
    func wholeEvent() throws {
        let event = EventValues(name: "a", id: "1", timestamp: .epoch, version: "2", sessions: .emptyObject)
        let expression = try Expression("event", role: .key)
        let text = try expression.keyText(in: Scope(event: event), now: .epoch).text
        #expect(text == "map[data:map[] id:1 meta:map[sessions:map[]] name:a ts:0 user:map[] v:2]")
    }

    @Test("values are shown as JSON")
    func json() throws {
        let source = "[{'b': 1, 'a': duration('1s')}, 5u, 1.5, b'hi', null, type(1), event.data.obj, timestamp(0)]"
        let value = try Expression(source, role: .key).value(in: exampleScope(), now: exampleNow)
        let text = #"[{"a":"1s","b":1},5,1.5,"aGk=",null,"int",{"k":"v","n":1},"1970-01-01T00:00:00.000Z"]"#
        #expect(value.json()?.description == text)
        #expect(value.json(limit: 10) == nil)
    }
}
