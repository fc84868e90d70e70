import ApusCEL
import ApusCore
import Testing

/// Every example of the specification of expressions, by the number of its row.
///
/// Rows in which the results differ from those of the protocol's other server are in
/// ``differences``; everything else is the same.
@Suite("Expressions: the specification's examples")
struct SpecificationTests {
    @Test("rows 1 to 34: comparisons, arithmetic, missing and null", arguments: SpecificationTests.firstRows)
    func checkFirstRows(example: Example) throws {
        #expect(try result(of: example.source, in: exampleScope()) == example.result)
    }

    @Test("rows 35 to 67: logic, lists, texts, functions", arguments: SpecificationTests.middleRows)
    func checkMiddleRows(example: Example) throws {
        #expect(try result(of: example.source, in: exampleScope()) == example.result)
    }

    @Test("rows 68 to 98: conversions, places, errors", arguments: SpecificationTests.lastRows)
    func checkLastRows(example: Example) throws {
        #expect(try result(of: example.source, in: exampleScope()) == example.result)
    }

    @Test("rows that follow the CEL standard instead", arguments: SpecificationTests.differences)
    func checkDifferences(example: Example) throws {
        #expect(try result(of: example.source, in: exampleScope()) == example.result)
    }

    @Test("row 94: a variable that the place does not have is missing")
    func absentVariable() throws {
        var scope = try exampleScope()
        scope.async = nil
        #expect(try result(of: "async.data.x == null", in: scope) == "true")
        #expect(try result(of: "async.name == 'x'", in: scope) == "false")
    }

    @Test("rows 77 and 78: a priority is an int, not a double")
    func priority() throws {
        let scope = try exampleScope()
        let literal = try Expression("event.data.s == 'abc' ? 180 : -180", role: .integer)
        #expect(try literal.integer(in: scope, now: exampleNow) == 180)
        let field = try Expression("event.data.n", role: .integer)
        #expect(throws: EvaluationError.notInteger("double")) { try field.integer(in: scope, now: exampleNow) }
        let converted = try Expression("int(event.data.n) * 10", role: .integer)
        #expect(try converted.integer(in: scope, now: exampleNow) == 50)
    }

    @Test("row 35: a condition must be a boolean")
    func notBoolean() throws {
        let expression = try Expression("event.data.s && event.data.n", role: .condition)
        #expect(expression.holds(in: try exampleScope(), now: exampleNow) == .failed(.notBoolean("double")))
    }

    static let differences: [Example] = [
        // Rows 10 to 12, 14 and 22: numbers of events add up with ints.
        Example("d.n + 1", "6.0"), Example("d.n + 1 == 6", "true"), Example("d.n + 1 > 5", "true"),
        Example("d.n - 1", "4.0"), Example("d.n * 2", "10.0"), Example("d.n / 2", "2.5"),
        Example("d.n % 2", "1.0"), Example("d.n * 10", "50.0"), Example("1 + 1.5", "2.5"),
        // Rows 41 and 85: what is not there is not there.
        Example("has(d.miss)", "false"), Example("!has(d.miss)", "true"), Example("has(d.miss) == false", "true"),
        Example("!d.fl && !has(d.miss)", "true"),
        // Rows 57 to 59: literals mean what the standard says.
        Example(#"d.num.matches("\\d+")"#, "true"), Example(#"d.s == "a\x62c""#, "true"),
        Example(#"d.s == r"abc""#, "true"), Example(#"d.s == """abc""""#, "true"),
        Example(#"d.raw == "a\nb""#, "false"), Example(#"d.line == "a\nb""#, "true"),
        Example(#"d.raw == "a\\nb""#, "true"), Example(#"'it\'s' == "it's""#, "true"),
        // Row 95: a difference with an int is a number, not an error.
        Example("d.n - 1 > 3", "true"), Example("d.n - 1 == 4", "true"), Example("d.n - 1 < 3", "false"),
        Example("d.n - 1 != 4", "false"), Example("d.n - 1 == null", "false"),
    ]

    static let firstRows: [Example] = [
        Example(#"event.name == "app/user.created""#, "true"), Example("event.ts > 1600000000000", "true"),
        Example(#"event.user.id == "x""#, "false"), Example("event.v == null", "true"),
        Example("d.n == 5", "true"), Example("d.n == 5.0", "true"), Example("d.n == 5u", "true"),
        Example(#"d.n == "5""#, "false"), Example("d.n > 4.5", "true"), Example("-5 < d.n", "true"),
        Example(#"d.n < "9""#, "ERR"), Example("d.s > 3", "ERR"), Example("d.t > 0", "ERR"),
        Example("d.list > 1", "ERR"), Example(#"d.s < "abd""#, "true"), Example("d.n + 1.5", "6.5"),
        Example("d.n * 2.0", "10.0"), Example("d.n / 2.0", "2.5"), Example("int(d.n) * 10", "50"),
        Example("int(d.n) % 2 == 1", "true"), Example("-d.n", "-5.0"), Example("d.zero / d.zero", "nan"),
        Example(#"d.s + "-" + d.n"#, #""abc-5""#), Example("d.s + d.big", #""abc1.2345678901234e+13""#),
        Example("d.s + d.t", #""abctrue""#), Example("d.s + d.nul", #""abcNULL_VALUE""#),
        Example("d.s + d.miss", #""abc""#), Example("1 + 1", "2"), Example(#""1" + 1"#, #""11""#),
        Example("d.miss", "false"), Example("d.miss == null", "true"), Example("d.obj.miss.deep == null", "true"),
        Example("d.nul.x == null", "true"), Example("d.s.x == null", "true"), Example("d.miss == d.miss2", "false"),
        Example("d.miss != d.miss2", "true"), Example(#"d.miss == """#, "false"), Example(#"d.miss == "a""#, "false"),
        Example("d.miss < 3", "true"), Example("d.miss <= 3", "true"), Example("3 > d.miss", "true"),
        Example("3 >= d.miss", "true"), Example("d.miss > 3", "false"), Example("d.miss >= 3", "false"),
        Example("3 < d.miss", "false"), Example("3 <= d.miss", "false"), Example("d.nul == null", "true"),
        Example("d.nul == 0", "false"), Example(#"d.nul == """#, "false"), Example("d.nul < 3", "true"),
        Example("d.nul > -1", "true"), Example(#"d.nul < "a""#, "true"), Example("d.fl == null", "false"),
        Example("d.zero == null", "false"), Example("d.empty == null", "false"), Example("!d.t", "false"),
        Example("!d.miss", "false"), Example("!d.s", "ERR"), Example("!d.nul", "ERR"),
        Example(#"!(d.miss == "x")"#, "true"),
    ]

    static let middleRows: [Example] = [
        Example("d.s && d.n", "5.0"), Example("d.miss || d.s", #""abc""#), Example("d.empty || d.s", #""abc""#),
        Example("d.zero || d.miss", "false"), Example("d.miss && d.s", "false"),
        Example(#"d.miss == "a" || d.s == "abc""#, "true"), Example(#"d.t == "true""#, "false"),
        Example("d.s ? 1 : 2", "1"), Example(#"d.miss ? "a" : "b""#, #""b""#), Example("d.emptylist ? 1 : 2", "1"),
        Example("has(d.s)", "true"), Example("has(d.nul)", "true"), Example(#""s" in event.data"#, "true"),
        Example(#""miss" in event.data"#, "false"), Example(#"d.s in ["abc","def"]"#, "true"),
        Example("d.n in [4,5]", "true"), Example("2 in d.list", "true"), Example("2.0 in d.list", "true"),
        Example(#"d.miss in ["abc"]"#, "false"), Example(#""a" in d.miss"#, "false"), Example("d.n in d.nul", "ERR"),
        Example(#"d.tags[0] == "a""#, "true"), Example(#"d.tags[9] == "a""#, "false"), Example("d.tags[9]", "ERR"),
        Example(#"event.data["s"]"#, #""abc""#), Example(#"event.data["miss"] == null"#, "true"),
        Example(#"event.data["miss"]"#, "ERR"), Example(#"event["data"]["s"] == "abc""#, "true"),
        Example("event.data['a-b'] == 'x'", "true"), Example(#"d.tags.exists(x, x == "a")"#, "true"),
        Example(#"d.tags.all(x, x != "z")"#, "true"), Example(#"d.tags.exists_one(x, x == "a")"#, "true"),
        Example(#"d.items.exists(i, i.sku == "a")"#, "true"), Example(#"d.miss.exists(x, x == "a")"#, "false"),
        Example(#"d.miss.all(x, x == "a")"#, "false"), Example("d.list.filter(x, x > 1)", "[2.0, 3.0]"),
        Example("d.list.map(x, x * 2.0)", "[2.0, 4.0, 6.0]"), Example("size(d.tags)", "2"),
        Example("d.tags.size()", "2"), Example("size(d.s)", "3"), Example("size(d.miss)", "0"),
        Example(#"d.s.startsWith("a")"#, "true"), Example(#"d.s.endsWith("c")"#, "true"),
        Example(#"d.s.contains("b")"#, "true"), Example(#"d.s.matches("^a.c$")"#, "true"),
        Example(#"d.miss.contains("b")"#, "false"), Example(#"!d.miss.contains("b")"#, "true"),
        Example(#"d.nul.contains("b")"#, "ERR"), Example(#"d.n.contains("b")"#, "ERR"),
        Example(#"d.num.matches("[0-9]+")"#, "true"), Example(#"lowercase(d.S) == "abc""#, "true"),
        Example("lowercase(d.n)", #""""#), Example("lowercase(d.miss)", "false"),
        Example("b64decode(d.b64)", #""hello""#), Example(#"b64decode("!!")"#, #""""#),
        Example("json_parse(d.json).a == 1", "true"), Example(#"json_parse("nope")"#, "{}"),
        Example(#"json_parse("[1]")"#, "{}"), Example(#"date(d.date) < date("2024-02-01")"#, "true"),
        Example("date(d.date) < now()", "true"), Example(#"now_plus("1h") > now()"#, "true"),
        Example("date(1700000000)", "2023-11-14T22:13:20.000Z"),
        Example("date(1700000000000)", "2023-11-14T22:13:20.000Z"), Example("date(event.ts)", "ERR"),
        Example(#"date("nope") < now()"#, "ERR"), Example("date(d.miss) < now()", "ERR"),
        Example(#"date("2024-01-02 03:04:05")"#, "ERR"), Example("timestamp(d.date).getFullYear()", "2024"),
        Example(#"timestamp(d.date).getHours("America/New_York")"#, "22"),
        Example(#"timestamp(d.date) > now() - duration("24h")"#, "false"), Example(#"duration("1d")"#, "ERR"),
    ]

    static let lastRows: [Example] = [
        Example("string(d.n)", #""5""#), Example("string(d.f)", #""1.5""#), Example("string(d.t)", #""true""#),
        Example("string(d.big)", #""1.2345678901234e+13""#), Example("string(d.nul)", "ERR"),
        Example("string(d.obj)", "ERR"), Example(#"int("x")"#, "ERR"), Example("string(d.miss)", "false"),
        Example("int(d.miss)", "false"), Example("int(d.num)", "42"), Example("int(d.f)", "1"),
        Example("uint(d.n)", "5u"), Example("double(d.num)", "42.0"), Example("type(d.n) == double", "true"),
        Example("d.list == [1,2,3]", "true"), Example(#"d.obj == {"k":"v","n":1}"#, "true"),
        Example("async.data.s == event.data.s", "true"), Example(#"d.s == "abc" // note"#, "true"),
        Example(#"d.n > 3 ? "big" : "small""#, #""big""#), Example("d.s == 'abc' ? 180 : -180", "180"),
        Example("d.n", "5.0"), Example("has(d.miss) && d.miss == 'x'", "false"),
        Example(#"has(d.miss) || d.s == "abc""#, "true"), Example("d.large == 9007199254740993", "true"),
        Example("d.x16 == 0x10", "true"), Example("d.x1000 == 1e3", "true"), Example("d.half == .5", "true"),
        Example(#"d.emptyobj || "x""#, "{}"), Example(#"d.n < "9" || d.t"#, "true"),
        Example(#"d.n < "9" && d.t"#, "ERR"), Example(#"d.fl && d.n < "9""#, "false"),
        Example("!(d.miss && d.s)", "false"), Example("!(d.fl || d.miss)", "false"),
        Example("!(d.miss || d.zero)", "ERR"), Example(#"d.miss == null && d.s == "abc""#, "true"),
        Example("d.miss == null || d.miss > 3", "true"), Example("d.miss != true", "true"),
        Example("d.miss == false", "false"), Example(#"d.miss.startsWith("a") == false"#, "true"),
        Example("d.priced.all(i, i.p > 0)", "false"), Example("d.priced.all(i, i.p < 3)", "true"),
        Example("d.priced[0].p + d.priced[1].q", "3.0"), Example("d.items[0].miss == null", "true"),
        Example("timestamp(d.date).getMonth()", "0"), Example("timestamp(d.date).getDate()", "2"),
        Example("timestamp(d.date).getDayOfMonth()", "1"), Example("timestamp(d.date).getDayOfWeek()", "2"),
        Example(#"date(d.date) == "2024-01-02T03:04:05Z""#, "false"), Example("date(d.date) > d.date", "ERR"),
        Example(#"string(int(d.n)) + "-" + d.s"#, #""5-abc""#),
        Example("d.v26 in [" + (1...28).map { "\"v\($0)\"" }.joined(separator: ", ") + "]", "true"),
        Example(#"(d.n < "9") == true"#, "false"), Example(#"!(d.n < "9")"#, "false"),
        Example("int(d.zz) > 3", "false"), Example("int(d.zz) == 3 || true", "true"),
        Example("date(int(event.ts)) < now()", "true"), Example("timestamp(int(event.ts)) < now()", "true"),
    ]
}
