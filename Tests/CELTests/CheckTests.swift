import ApusCEL
import Testing

@Suite("Expressions: what is refused")
struct CheckTests {
    @Test(
        "syntax errors say where they are",
        arguments: [
            ("", 1, 1, "unexpected '<EOF>'"), ("1 +", 1, 4, "unexpected '<EOF>'"), ("(1", 1, 3, "unexpected '<EOF>'"),
            ("event.data.s = \"a\"", 1, 14, "token recognition error at: '='"), ("a === b", 1, 5, "token recognition"),
            ("a and b", 1, 3, "unexpected 'and'"), ("{{ event.data.x }}", 1, 17, "unexpected '}'"),
            ("a & b", 1, 3, "token"),
            ("event.data.s == ", 1, 17, "unexpected '<EOF>'"), ("1\n + $", 2, 4, "token recognition error at: '$'"),
            ("'é' ~", 1, 5, "token recognition error at: '~'"), ("'abc", 1, 1, "unterminated"),
            ("'''abc''", 1, 1, "unterminated"),
            ("'a\nb'", 1, 1, "unterminated"), (#"'\q'"#, 1, 2, #"invalid escape '\q'"#),
            (#"'\u12'"#, 1, 2, "invalid escape"),
            (#"'\ud800'"#, 1, 2, "code point"), (#"'\U00110000'"#, 1, 2, "code point"),
            (#"b'\u0041'"#, 1, 3, "invalid escape"),
            (#"'\400'"#, 1, 2, "invalid escape"), ("9223372036854775808", 1, 1, "invalid int"),
            ("1e999", 1, 1, "invalid double"),
            ("18446744073709551616u", 1, 1, "invalid uint"), ("99999999999999999999999", 1, 1, "invalid int"),
            ("event.?data", 1, 7, "unsupported syntax '.?'"), ("event.", 1, 7, "unexpected '<EOF>'"),
            ("1.", 1, 3, "unexpected"),
            ("for", 1, 1, "reserved identifier: for"), ("event.true", 1, 7, "unexpected 'true'"),
            ("in", 1, 1, "unexpected 'in'"),
            ("has(1)", 1, 1, "invalid argument to has()"), ("has(event)", 1, 1, "invalid argument to has()"),
            ("[1].all(1, true)", 1, 9, "must be a simple name"), ("true ? false ? 1 : 2 : 3", 1, 14, "unexpected '?'"),
            ("f(1,)", 1, 5, "unexpected ')'"),
            ("[1 2]", 1, 4, "unexpected '2'"), ("{1}", 1, 3, "expecting ':'"), ("a ? b", 1, 6, "expecting ':'"),
            ("{,}", 1, 2, "unexpected ','"),
            ("1 2", 1, 3, "unexpected '2'"), ("a[1", 1, 4, "expecting ']'"), ("1u2", 1, 3, "unexpected '2'"),
            ("0x", 1, 2, "unexpected 'x'"),
            ("event.data.n !! 1", 1, 14, "unexpected '!'"), ("[?1]", 1, 2, "unexpected '?'"),
            ("\u{0}", 1, 1, "token recognition"),
            ("A{}", 1, 2, "unexpected '{'"), ("1 == ", 1, 6, "unexpected"), ("!", 1, 2, "unexpected"),
            ("- -", 1, 4, "unexpected"),
        ] as [(String, Int, Int, String)]
    )
    func syntax(source: String, line: Int, column: Int, message: String) throws {
        for role in [Expression.Role.condition, .keyUnchecked] {
            let error = #expect(throws: ExpressionError.self) { try Expression(source, role: role) }
            #expect(error?.code == .syntax)
            #expect(error?.line == line && error?.column == column, "\(error?.description ?? "")")
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        }
    }

    @Test("the description shows the place")
    func description() {
        let error = #expect(throws: ExpressionError.self) {
            try Expression("true &&\n  event.data.s = 'a'", role: .condition)
        }
        let text = """
            ERROR: <input>:2:16: Syntax error: token recognition error at: '='
             |   event.data.s = 'a'
             | ...............^
            """
        #expect(error?.description == text)
    }

    @Test(
        "unknown names and wrong types are refused where types are checked, and only there",
        arguments: [
            ("foo == 1", "undeclared reference to 'foo' (in container '')"),
            ("steps.x == 1", "undeclared reference to 'steps' (in container '')"),
            ("math.greatest(1,2)", "undeclared reference to 'math' (in container '')"),
            ("cel.bind(x, 1, x)", "undeclared reference to 'cel' (in container '')"),
            ("event.data.s.lowerAscii()", "undeclared reference to 'lowerAscii' (in container '')"),
            ("event.data.s.split(',')", "undeclared reference to 'split' (in container '')"),
            ("event.data.s.replace('a','b')", "undeclared reference to 'replace' (in container '')"),
            ("event.data.s.trim()", "undeclared reference to 'trim' (in container '')"),
            ("event.data.s.substring(1)", "undeclared reference to 'substring' (in container '')"),
            ("event.data.tags.join(',')", "undeclared reference to 'join' (in container '')"),
            ("event.data.tags.all(x)", "undeclared reference to 'all' (in container '')"),
            ("event.data.t && \"yes\"", "expected type 'bool' but found 'string'"),
            ("{} || 'x'", "expected type 'bool' but found 'map'"),
            ("true || 1", "expected type 'bool' but found 'int'"),
            ("1 ? 2 : 3", "expected type 'bool' but found 'int'"),
            ("true && null", "expected type 'bool' but found 'null_type'"),
            ("[1].all(x, 5)", "expected type 'bool' but found 'int'"), ("true && size('a')", "found 'int'"),
            ("true && (1 + 2)", "found 'int'"), ("true && 'a' + 'b'", "found 'string'"), ("true && -5", "found 'int'"),
            ("true && [1].map(x, x)", "found 'list'"), ("true && (true ? 'a' : 'b')", "found 'string'"),
            ("event.data.email.lowercase()", "found no matching overload for 'lowercase' applied to '(dyn)'"),
            ("contains('a', 'b')", "found no matching overload for 'contains'"),
            ("size()", "no matching overload for 'size'"),
            ("'a'.contains(1)", "found no matching overload for 'contains' applied to '(string, int)'"),
            ("5.size()", "no matching overload"), ("now(1)", "no matching overload"),
            ("'a'.b", "does not support field selection"),
            ("has('a'.b)", "does not support field selection"), ("'a'[0]", "found no matching overload for '_[_]'"),
            ("5.map(x, x)", "cannot be range of a comprehension"), ("[foo]", "undeclared reference to 'foo'"),
            ("{'a': foo}", "undeclared"), ("!foo", "undeclared"), ("-foo", "undeclared"),
            ("[1].map(x, foo)", "undeclared"),
            ("[1].map(x, x) == x", "undeclared reference to 'x'"), ("event.data[foo]", "undeclared"),
            ("timestamp(0).getHours(1)", "no matching overload"), ("google.protobuf == 1", "undeclared"),
        ]
    )
    func types(source: String, message: String) throws {
        for role in [Expression.Role.condition, .key, .cancellation] {
            let error = #expect(throws: ExpressionError.self) { try Expression(source, role: role) }
            #expect(error?.code == .type)
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        }
        for role in [Expression.Role.keyUnchecked, .integer, .wait, .bound] {
            _ = try Expression(source, role: role)
        }
    }

    @Test(
        "what the reference accepts is accepted",
        arguments: [
            "event.data.s == \"a\"", "async.data.x == null", "vars.a == 1", "\"{{ event.data.s }}\"", "\"a\" == 1",
            "event.data.n < \"9\"", "event.data.t && event.data.s", "event.data.s ? 1 : 2", "event.data.s.size() > 1",
            "size(event.data.tags) > 1 || event.data.x", "event.data.s == r'abc'", "has(event.data.s)",
            "type(1) == int",
            "event.data.tags.exists(x, x == 'a')", "now() > date(event.data.d)", "lowercase(event.data.e) == 'a'",
            "!event.data.s", "-event.data.n", "event.data.s + 1", "[1].map(x, x)[0].y", "'a' in ['a']",
            "dyn('a') && true",
            "event.data.for == 1 && event.data.package == 2", "timestamp(0).getHours('UTC') == 0", "event",
            "json_parse('{}').a.b", "event.data.items.map(i, i.price > 2, i.name).size()", "matches('a', 'b')",
        ]
    )
    func accepted(source: String) throws {
        _ = try Expression(source, role: .condition)
        _ = try Expression(source, role: .key)
    }

    @Test(
        "the restricted policy of cancellations and waits",
        arguments: [
            ("event.data.id == async.data.id", []), ("async.data.n > -5 && async.data.n <= 1.5", []),
            ("async.data.a in ['x', 'y'] ? !async.data.b : async.data['c'][0] != null", []),
            ("int(event.data.n) == uint(async.data.n) || double(async.data.x) < 1.0", []),
            ("[1 + 1] == {'a': 1 + 1}", []),
            ("has(async.data.x)", ["macros are disallowed (uses 'has')"]),
            ("async.data.l.exists(x, x == 1)", ["macros are disallowed (contains 'exists')"]),
            ("async.data.n + 1 == 2", ["function calls are disallowed (uses '_+_')"]),
            ("1 - async.data.n * 2 == 2 / 1", ["'_-_'", "'_*_'", "'_/_'"]), ("async.data.n % 2 == 0", ["'_%_'"]),
            ("-event.data.n == 1", ["'-_'"]), ("lowercase(async.data.s) == 'a'", ["'lowercase'"]),
            ("async.data.s.contains('a')", ["'contains'"]),
            ("size(async.data.s) == string(1)", ["'size'", "'string'"]),
            ("lowercase(async.data.s).contains(uppercase('a'))", ["'contains'", "'uppercase'"]),
            ("date(async.data.d) > now()", ["'date'", "'now'"]),
        ] as [(String, [String])]
    )
    func policy(source: String, violations: [String]) throws {
        let wait = try Expression(source, role: .wait)
        #expect(wait.policyViolations.count == violations.count)
        for (found, expected) in zip(wait.policyViolations, violations) {
            #expect(found.contains(expected))
        }
        guard !violations.isEmpty else {
            _ = try Expression(source, role: .cancellation)
            return
        }
        let error = #expect(throws: ExpressionError.self) { try Expression(source, role: .cancellation) }
        #expect(error?.code == .policy)
        let count = violations.count == 1 ? "1 error" : "\(violations.count) errors"
        #expect(error?.description.hasPrefix("validation failed: \(count) occurred:\n\t* ") == true)
    }
}
