import ApusCEL
import ApusCore
import Testing

@Suite("Expressions: missing values, null, coercion, mixed types")
struct SemanticsTests {
    @Test("what is missing, or an error, acts by the table", arguments: SemanticsTests.missing)
    func missingValues(example: Example) throws {
        let scope = try exampleScope()
        #expect(try result(of: example.source, in: scope) == example.result)
        // An error in the place of the missing value does the same.
        let failing = example.source.replacing("event.data.miss", with: "event.data.tags[9]")
        #expect(try result(of: "[" + failing + "]", in: scope) == "[" + example.result + "]")
    }

    static let missing: [Example] = [
        Example("d.miss == null", "true"), Example("null == d.miss", "true"), Example("d.miss != null", "false"),
        Example("d.miss == 1", "false"), Example("1 == d.miss", "false"), Example("d.miss != 1", "true"),
        Example("d.miss == d.miss", "false"), Example("d.miss != d.miss", "true"), Example("d.miss < 1", "true"),
        Example("d.miss <= ''", "true"), Example("d.miss > 1", "false"), Example("d.miss >= 1", "false"),
        Example("1 < d.miss", "false"), Example("1 <= d.miss", "false"), Example("1 > d.miss", "true"),
        Example("'' >= d.miss", "true"), Example("d.miss + 1", "1"), Example("1 + d.miss", "1"),
        Example("d.miss + 'a'", "\"a\""), Example("d.miss + d.miss", "false"), Example("size(d.miss)", "0"),
        Example("!d.miss", "false"), Example("-d.miss", "false"), Example("d.miss - 1", "false"),
        Example("2 * d.miss", "false"), Example("2 / d.miss", "false"), Example("d.miss % 2", "false"),
        Example("string(d.miss)", "false"), Example("int(d.miss)", "false"), Example("d.miss.contains('a')", "false"),
        Example("'a'.contains(d.miss)", "false"), Example("d.miss in [1]", "false"), Example("1 in d.miss", "false"),
        Example("lowercase(d.miss)", "false"), Example("has(d.miss.x)", "false"), Example("!has(d.miss.x)", "true"),
        Example("has(d.miss.x) ? 1 : 2", "2"), Example("d.miss.all(x, true)", "false"),
        Example("d.miss.exists(x, true)", "false"), Example("d.miss.map(x, x)", "false"),
        Example("d.miss ? 1 : 2", "2"), Example("type(d.miss)", "false"), Example("timestamp(d.miss)", "false"),
        Example("d.miss.getHours()", "false"), Example("d.miss || 'a'", "\"a\""),
    ]

    @Test(
        "null is the zero of what it is ordered against",
        arguments: [
            Example("null == null", "true"), Example("null == 1", "false"), Example("null != 1", "true"),
            Example("null < 1", "true"), Example("null > -1", "true"), Example("null < 1u", "true"),
            Example("null <= 0.0", "true"), Example("null < 'a'", "true"), Example("null >= ''", "true"),
            Example("1 > null", "true"), Example("null < true", "ERR"), Example("null < [1]", "ERR"),
            Example("null < null", "ERR"), Example("null + 'a'", "\"NULL_VALUEa\""),
            Example("5 + null", "\"5NULL_VALUE\""), Example("null + null", "ERR"), Example("null - 1", "ERR"),
            Example("string(null)", "ERR"), Example("!null", "ERR"), Example("null", "null"),
            Example("null.contains('a')", "ERR"), Example("null || 1", "1"), Example("null && 1", "null"),
        ]
    )
    func null(example: Example) throws {
        #expect(try result(of: example.source, in: exampleScope()) == example.result)
    }

    @Test(
        "operands of logic count as true or false and are the result",
        arguments: [
            Example("true && true", "true"), Example("true && false", "false"), Example("false || true", "true"),
            Example("false || false", "false"), Example("1 && 2", "2"), Example("0 && 2", "0"),
            Example("0 || 2", "2"), Example("'' || 0.0", "0.0"), Example("'a' && 0u", "0u"), Example("1 || 2", "1"),
            Example("[] && 'x'", "\"x\""), Example("{} && 'x'", "\"x\""), Example("timestamp(0) && 1", "1"),
            Example("duration('0s') && 1", "1"), Example("null || ''", "\"\""), Example("1 && 2 && 0 && 3", "0"),
            Example("0 || '' || 'z' || 1", "\"z\""), Example("!'abc'", "ERR"), Example("!0", "ERR"),
            Example("'' ? 1 : 2", "2"), Example("[] ? 1 : 2", "1"), Example("null ? 1 : 2", "2"),
            Example("1/0 || true", "true"), Example("1/0 || false", "false"), Example("1/0 && true", "ERR"),
            Example("true && 1/0", "ERR"), Example("false && 1/0", "false"), Example("false || 1/0", "ERR"),
            Example("1/0 ? 1 : 2", "2"), Example("true ? 1 : 1/0", "1"), Example("true ? 1/0 : 1", "ERR"),
            Example("nope || true", "ERR"), Example("true || nope", "ERR"), Example("false && date('x')", "ERR"),
            Example("true || now_plus('x') > now()", "ERR"), Example("true ? 1 : date('x')", "1"),
            Example("date('x') == null", "ERR"), Example("f(1) == null", "ERR"),
        ]
    )
    func logic(example: Example) throws {
        #expect(try result(of: example.source, in: exampleScope()) == example.result)
    }

    @Test(
        "types mix where that has a meaning",
        arguments: [
            Example("1 == 1.0 && 1u == 1 && 1.0 == 1u", "true"), Example("'1' == 1", "false"),
            Example("true == 1", "false"), Example("[1] == [1.0]", "true"), Example("{'a': 1} == {'a': 1u}", "true"),
            Example("{'a': 1} == {'b': 1}", "false"), Example("[1] == [1, 2]", "false"), Example("[1] == {}", "false"),
            Example("1 < 1.5", "true"), Example("2u > 1", "true"), Example("-1 < 0u", "true"),
            Example("18446744073709551615u > 9223372036854775807", "true"), Example("true > false", "true"),
            Example("'a' < 'b'", "true"), Example("'Z' < 'a'", "true"), Example("'é' > 'z'", "true"),
            Example("b'a' < b'b'", "true"), Example("b'a' == b'a'", "true"), Example("b'a' == 'a'", "false"),
            Example("'a' < 1", "ERR"), Example("[1] < [2]", "ERR"), Example("true < 1", "ERR"),
            Example("'n' + 1.5", "\"n1.5\""), Example("1 + 'n'", "\"1n\""), Example("true + 'x'", "\"truex\""),
            Example("'a' + [1, null]", "\"a[1 <nil>]\""), Example("1 + true", "\"1true\""), Example("1 + 2u", "3"),
            Example("'a' + 'b'", "\"ab\""), Example("[1] + ['a']", "[1, \"a\"]"), Example("b'a' + b'b'", "b[97, 98]"),
            Example("true + true", "ERR"), Example("{} + {}", "ERR"), Example("1 in [1.0, 2.0]", "true"),
            Example("'k' in {'k': 1}", "true"), Example("1 in {1: 'a'}", "true"), Example("1.0 in {1: 'a'}", "true"),
            Example("1 in 1", "ERR"), Example("1 in null", "ERR"), Example("1 in 'a'", "ERR"),
            Example("5 / 2", "2"), Example("-5 / 2", "-2"), Example("-5 % 3", "-2"), Example("5.0 / 2", "2.5"),
            Example("5 / 0", "ERR"), Example("5 % 0", "ERR"), Example("5u / 0u", "ERR"), Example("5 / 0.0", "inf"),
            Example("5.5 % 2", "ERR"), Example("5.0 % 0", "ERR"), Example("7.0 % 4", "3.0"),
            Example("9223372036854775807 + 1", "ERR"), Example("-9223372036854775808 - 1", "ERR"),
            Example("-(-9223372036854775808)", "ERR"), Example("9223372036854775807 * 2", "ERR"),
            Example("-9223372036854775808 / -1", "ERR"), Example("-9223372036854775808 % -1", "ERR"),
            Example("0u - 1u", "ERR"), Example("18446744073709551615u + 1u", "ERR"),
            Example("18446744073709551615u + 1", "ERR"), Example("d.list[d.two]", "3.0"),
            Example("d.list[1u]", "2.0"), Example("d.list[1.5]", "ERR"), Example("d.list[-1]", "ERR"),
            Example("{1: 'a'}[1.0]", "\"a\""), Example("{true: 'a'}[true]", "\"a\""), Example("'abc'[0]", "ERR"),
            Example("{'a': 1, 'a': 2}", "ERR"), Example("{1.5: 1}", "ERR"), Example("{'a': {'b': 2}}.a.b", "2"),
            Example("event == event", "true"), Example("event == async", "false"),
            Example("event.data == d.obj", "false"),
            Example("'e\\u0301' == '\\u00e9'", "false"),
        ]
    )
    func mixing(example: Example) throws {
        #expect(try result(of: example.source, in: exampleScope()) == example.result)
    }

    @Test("the fields of an event, and those it lacks")
    func event() throws {
        let full = EventValues(
            name: "n", id: "i", timestamp: Timestamp(milliseconds: 7), version: "v1", data: .emptyObject,
            user: try RawJSON(parsing: #"{"id":"u"}"#), sessions: try RawJSON(parsing: #"{"a":["1"]}"#))
        let scope = Scope(event: full, async: EventValues(name: "", id: "", timestamp: .epoch, version: ""))
        let source =
            "[event.name, event.id, event.ts, event.v, event.user.id, event.meta.sessions.a[0], event.meta.sessions]"
        let text = #"["n", "i", 7.0, "v1", "u", "1", {"a": ["1"]}]"#
        #expect(try result(of: source, in: scope) == text)
        for field in ["v", "meta", "meta.sessions", "other", "name.x", "ts.x", "v.x", "data.x", "user.x"] {
            #expect(try result(of: "async.\(field) == null", in: scope) == "true", "\(field)")
        }
        #expect(try result(of: "async.data == {} && async.user == {} && vars.a == null", in: scope) == "true")
        #expect(try result(of: "event.meta == {'sessions': {'a': ['1']}}", in: scope) == "true")
    }
}
