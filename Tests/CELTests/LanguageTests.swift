import ApusCEL
import ApusCore
import Testing

@Suite("Expressions: the language")
struct LanguageTests {
    @Test(
        "literals",
        arguments: [
            Example("0", "0"), Example("0x1F", "31"), Example("0XfF", "255"), Example("-0x10", "-16"),
            Example("5u", "5u"), Example("0xFFu", "255u"), Example("1U", "1u"), Example("1.5", "1.5"),
            Example(".5", "0.5"), Example("1e3", "1000.0"), Example("1.5E-3", "0.0015"), Example("1e+2", "100.0"),
            Example("-9223372036854775808", "-9223372036854775808"), Example("true", "true"), Example("null", "null"),
            Example("9223372036854775807", "9223372036854775807"),
            Example("18446744073709551615u", "18446744073709551615u"),
            Example(#""a""#, #""a""#), Example("'a'", #""a""#), Example(#"'"'"#, #"""""#), Example(#""'""#, #""'""#),
            Example(#""\a\b\f\n\r\t\v\\\?\"\'\`""#, "\"\u{7}\u{8}\u{c}\n\r\t\u{b}\\?\"'`\""),
            Example(#"'\x41\X41\101\u0041\U0001F600'"#, "\"AAAA😀\""), Example("'é😀'", "\"é😀\""),
            Example(#"'\xff'"#, "\"ÿ\""), Example(#"b'\xff\377é'"#, "b[255, 255, 195, 169]"),
            Example(#"r'\n'"#, #""\n""#), Example(#"R"\d+""#, #""\d+""#), Example(#"br'\n'"#, "b[92, 110]"),
            Example(#"rb'\n'"#, "b[92, 110]"), Example(#"B"a""#, "b[97]"), Example("'''a'b\n''c'''", "\"a'b\n''c\""),
            Example(#""""a"b""c""""#, #""a"b""c""#), Example(#"r'''\'''"#, #""\""#), Example("''''''", "\"\""),
            Example("''", "\"\""), Example("[1, 2,]", "[1, 2]"), Example("{'a': 1,}", "{\"a\": 1}"),
            Example("[]", "[]"), Example("[[], [[]]]", "[[], [[]]]"), Example("1 // one", "1"),
            Example("// first\n\t 1 \r\n // last", "1"), Example("'a // b'", "\"a // b\""),
        ]
    )
    func literals(example: Example) throws {
        #expect(try result(of: example.source, in: Scope()) == example.result)
    }

    @Test(
        "precedence and grouping",
        arguments: [
            Example("1 + 2 * 3", "7"), Example("(1 + 2) * 3", "9"), Example("10 - 4 - 3", "3"),
            Example("12 / 3 / 2", "2"),
            Example("7 % 4 * 2", "6"), Example("-2 * 3", "-6"), Example("2 - -3", "5"), Example("- (2)", "-2"),
            Example("--2", "2"), Example("!!true", "true"), Example("!true == false", "true"),
            Example("1 < 2 == true", "true"), Example("1 + 1 == 2 && 2 < 3", "true"),
            Example("true || false && false", "true"), Example("(true || false) && false", "false"),
            Example("false ? 1 : true ? 2 : 3", "2"), Example("true ? (false ? 1 : 2) : 3", "2"),
            Example("1 in [1] == true", "true"),
            Example("-'a'.size()", "-1"), Example("[1, 2][1] + 1", "3"), Example("{'a': [1]}.a[0]", "1"),
            Example("(5).size()", "ERR"), Example(".event.v == null", "true"), Example("1 - 1 * 2 + 3", "2"),
            Example("'a' + 'b' == 'ab' ? 1 : 2", "1"), Example("1 == 1 ? 'y' : 'n'", "\"y\""),
        ]
    )
    func precedence(example: Example) throws {
        #expect(try result(of: example.source, in: Scope()) == example.result)
    }

    @Test(
        "macros",
        arguments: [
            Example("[1, 2].all(x, x > 0)", "true"), Example("[1, 2].all(x, x > 1)", "false"),
            Example("[].all(x, false)", "true"), Example("[].exists(x, true)", "false"),
            Example("[1, 2].exists(x, x == 2)", "true"), Example("[1, 2].exists_one(x, x > 0)", "false"),
            Example("[1, 2].exists_one(x, x > 1)", "true"), Example("[1, 2].map(x, x * 2)", "[2, 4]"),
            Example("[1, 2, 3].map(x, x > 1, x * 2)", "[4, 6]"), Example("[1, 2].filter(x, x > 1)", "[2]"),
            Example("{'a': 1, 'b': 2}.filter(k, k != 'a')", "[\"b\"]"), Example("{'a': 1}.all(k, k == 'a')", "true"),
            Example("{'a': 1}.map(k, k + '!')", "[\"a!\"]"), Example("d.obj.exists(k, d.obj[k] == 'v')", "true"),
            Example("[[1, 2], [3]].map(l, l.map(x, x + size(l)))", "[[3, 4], [4]]"),
            Example("[1, 2].map(x, [3].map(x, x))", "[[3], [3]]"), Example("[1].map(event, event)", "[1]"),
            Example("[{'v': 1}].map(event, event.v)", "[1]"), Example("[1].map(int, int)", "[1]"),
            Example("[1, 2, 3].filter(x, x != 2).map(y, y * y)", "[1, 9]"), Example("5.map(x, x)", "ERR"),
            Example("null.all(x, true)", "ERR"), Example("'a'.exists(x, true)", "ERR"),
            Example("[1, 0].exists(x, 1 / x == 1)", "true"), Example("[0, 1].exists(x, 1 / x == 1)", "true"),
            Example("[1, 0].all(x, 1 / x == 1)", "false"), Example("[0].map(x, 1 / x)", "[]"),
            Example("[1].exists(x, nope)", "ERR"), Example("d.items.map(i, i.sku)", "[\"a\"]"),
            Example("[[1, 2]].map(x, x[0])", "[1]"), Example("[d.miss, 1]", "false"), Example("[1, d.tags[9]]", "ERR"),
            Example("[1, 2].exists(x, [x].all(y, y == 2 && x == 2))", "true"),
        ]
    )
    func macros(example: Example) throws {
        #expect(try result(of: example.source, in: exampleScope()) == example.result)
    }

    @Test(
        "conversions",
        arguments: [
            Example("int(1.9)", "1"), Example("int(-1.9)", "-1"), Example("int(5u)", "5"), Example("int('-7')", "-7"),
            Example("int('1.5')", "ERR"), Example("int(1e19)", "ERR"), Example("int(0.0 / 0.0)", "ERR"),
            Example("int(18446744073709551615u)", "ERR"), Example("int(true)", "ERR"),
            Example("int(timestamp('1970-01-01T00:01:00Z'))", "60"),
            Example("int(timestamp('1969-12-31T23:59:59.5Z'))", "-1"),
            Example("uint(5)", "5u"), Example("uint(-1)", "ERR"), Example("uint('7')", "7u"),
            Example("uint('-7')", "ERR"),
            Example("uint(1e20)", "ERR"), Example("double(5)", "5.0"), Example("double('1e3')", "1000.0"),
            Example("double('x')", "ERR"), Example("double('1e999')", "ERR"), Example("double('NaN')", "nan"),
            Example("double('-Inf')", "-inf"), Example("string(5)", "\"5\""), Example("string(5u)", "\"5\""),
            Example("string(1.0)", "\"1\""), Example("string(1e21)", "\"1e+21\""), Example("string('a')", "\"a\""),
            Example("string(b'ab')", "\"ab\""), Example("string(b'\\xff')", "ERR"), Example("string([1])", "ERR"),
            Example("string(timestamp('2024-01-02T03:04:05.120Z'))", "\"2024-01-02T03:04:05.12Z\""),
            Example("string(timestamp(0))", "\"1970-01-01T00:00:00Z\""),
            Example("string(duration('90m'))", "\"5400s\""),
            Example("string(duration('-250ms'))", "\"-0.25s\""), Example("bool('true')", "true"),
            Example("bool('F')", "false"), Example("bool('yes')", "ERR"), Example("bool(true)", "true"),
            Example("bool(1)", "ERR"), Example("bytes('é')", "b[195, 169]"), Example("bytes(b'a')", "b[97]"),
            Example("dyn(5)", "5"), Example("type(1) == int && type(1u) == uint && type('') == string", "true"),
            Example("type([]) == list && type({}) == map && type(null) == null_type", "true"),
            Example("type(int) == type && type(d.list) == list && type(d.obj) == map && type(d.s) == string", "true"),
            Example("type(now()) == google.protobuf.Timestamp", "true"), Example("type(b'') == bytes", "true"),
            Example("type(duration('1s')) == google.protobuf.Duration", "true"), Example("size('é😀')", "2"),
            Example("size(b'é')", "2"), Example("size({'a': 1})", "1"), Example("size(d.obj)", "2"),
            Example("size(1)", "ERR"),
            Example("int()", "ERR"), Example("int(1, 2)", "ERR"), Example("uppercase('straße')", "\"STRAßE\""),
            Example("uppercase(d.s)", "\"ABC\""), Example("uppercase([])", "\"\""),
            Example("d.S.lowercase()", "\"abc\""),
            Example("b64decode('aGk')", "\"\""), Example("b64decode('aGkhaGk')", "\"hi!\""),
            Example("b64decode(5)", "ERR"),
            Example("json_parse('{\"a\":{\"b\":[1]}}').a.b[0]", "1.0"), Example("json_parse(5)", "ERR"),
        ]
    )
    func conversions(example: Example) throws {
        #expect(try result(of: example.source, in: exampleScope()) == example.result)
    }

    @Test(
        "texts",
        arguments: [
            Example("'hello'.contains('')", "true"), Example("'hello'.contains('llo')", "true"),
            Example("'hello'.contains('lo!')", "false"), Example("'aaab'.contains('aab')", "true"),
            Example("'abababac'.contains('ababac')", "true"), Example("'a'.startsWith('ab')", "false"),
            Example("'ab'.endsWith('b')", "true"), Example("'b'.endsWith('ab')", "false"),
            Example("'abc'.matches('b')", "true"), Example("matches('abc', '^b')", "false"),
            Example("'abc'.matches('(')", "ERR"), Example("'abc'.matches(d.s)", "true"),
            Example("'a'.contains(1)", "ERR"),
            Example("'ABC'.matches('(?i)abc')", "true"), Example("'' + ''", "\"\""),
        ]
    )
    func texts(example: Example) throws {
        #expect(try result(of: example.source, in: exampleScope()) == example.result)
    }
}
