import ApusCEL
import ApusCore
import Testing

@Suite("Expressions: binding to the triggering event")
struct BindingTests {
    private static let data = #"""
        {"id":"u1","n":5,"t":true,"f":1.5,"nul":null,"q":"a\"b\\c","list":[1,2],"tags":["x"],"obj":{"a b":{"c":[]}},
        "ctl":"a\u0000\n\t\u001f\u007f€😀","date":"2024-01-02T03:04:05.5Z"}
        """#

    private func event() throws -> EventValues {
        EventValues(
            name: "e", id: "1", timestamp: Timestamp(milliseconds: 1_700_000_000_000),
            data: try RawJSON(parsing: BindingTests.data))
    }

    @Test(
        "the values of the event are put in",
        arguments: [
            ("event.data.id == async.data.id", #""u1" == async.data.id"#),
            ("async.data.id == event.data.id", #"async.data.id == "u1""#),
            ("event.data.n == async.data.n", "5.0 == async.data.n"),
            ("event.data.t == async.data.t", "true == async.data.t"),
            ("event.data.miss == async.data.x", "async.data.x == null"),
            ("event.data.nul == async.data.x", "null == async.data.x"),
            ("event.ts < async.ts", "1.7e+12 < async.ts"), ("event.data.id == 'u1'", "true"),
            ("event.data.id == 'u2'", "false"),
            (
                "event.data.id == async.data.id && async.data.n > event.data.n",
                #""u1" == async.data.id && async.data.n > 5.0"#
            ),
            ("event.data.q == async.data.q", #""a\"b\\c" == async.data.q"#),
            ("event.data.list == async.data.list", "[1.0, 2.0] == async.data.list"),
            ("event.data.tags[0] == async.data.tag", #""x" == async.data.tag"#),
            ("event.data.id in async.data.ids", #""u1" in async.data.ids"#),
            ("event.data.obj == async.data.obj", #"{"a b": {"c": []}} == async.data.obj"#),
            ("async.data.x != event.data.miss", "async.data.x != null"),
            ("event.data.tags[7] == async.data.x", "async.data.x == null"),
            ("event.data.miss < async.ts", "{}.missing < async.ts"), ("async.data.x", "async.data.x"),
            ("async.data.x == 1 && event.data.id == 'u1'", "async.data.x == 1"),
            ("async.data.x == 1 && event.data.id == 'u2'", "false"),
            ("event.data.id == 'u1' || async.data.x == 1", "true"),
            ("event.data.id == 'u2' || async.data.x == 1", "async.data.x == 1"),
            ("async.data.x || event.data.id == 'u1'", "async.data.x || true"),
            ("async.data.x && event.data.id == 'u1'", "async.data.x && true"),
            ("!(async.data.x == 1 && event.data.id == 'u2')", "!(async.data.x == 1 && false)"),
            ("event.data.t ? async.data.a == 1 : async.data.b == 2", "true ? async.data.a == 1 : async.data.b == 2"),
            ("has(event.data.id) && !has(async.data.x)", "!has(async.data.x)"),
            ("has(event.data.none) || has(async.data['x'].y)", #"has(async.data["x"].y)"#),
            ("async.data.n == 1 + 1", "async.data.n == 2"), ("async.data.d < now()", "async.data.d < now()"),
            ("async.data.l.exists(x, x == event.data.id)", #"async.data.l.exists(x, x == "u1")"#),
            ("event.data.list.all(x, x > async.data.n)", "[1.0, 2.0].all(x, x > async.data.n)"),
            ("event.data.list.all(x, x > 0) && async.data.n == 1", "async.data.n == 1"),
            ("async.data.l.exists(x, event.data.list.exists(y, y == 2))", "async.data.l.exists(x, true)"),
            ("async.data.d == timestamp(event.data.date)", #"async.data.d == timestamp("2024-01-02T03:04:05.5Z")"#),
            ("async.data.d == duration('90s')", #"async.data.d == duration("1m30s")"#),
            ("async.data.d == 1.0 / 0.0", #"async.data.d == double("+Inf")"#), ("event.data.id", #""u1""#),
            ("type(async.data.n) == type(event.data.n)", "type(async.data.n) == double"),
            ("async.data.b == b'\\x00a\"'", #"async.data.b == b"\x00a\x22""#),
        ]
    )
    func bound(source: String, expected: String) throws {
        let bound = try Expression(source, role: .wait).bound(to: event())
        #expect(bound.source == expected)
        #expect(try Expression(bound.source, role: .bound).source == expected)
    }

    @Test("a result that is known is a constant")
    func constants() throws {
        #expect(try Expression("event.data.id == 'u1'", role: .cancellation).bound(to: event()).constant == true)
        #expect(try Expression("event.data.id == 'u2'", role: .cancellation).bound(to: event()).constant == false)
        #expect(try Expression("async.data.id == 'u2'", role: .cancellation).bound(to: event()).constant == nil)
    }

    @Test("texts keep their real value, whatever characters they have", arguments: ["ctl", "q", "id"])
    func realValues(field: String) throws {
        let bound = try Expression("event.data.\(field) == async.data.\(field)", role: .cancellation).bound(to: event())
        let compiled = try Expression(bound.source, role: .bound)
        #expect(compiled.holds(in: Scope(async: try event()), now: exampleNow) == .matched)
    }

    @Test("an awaited event that lacks the field as well matches")
    func missing() throws {
        let bound = try Expression("event.data.none == async.data.none", role: .cancellation).bound(to: event())
        #expect(bound.holds(in: Scope(async: try event()), now: exampleNow) == .matched)
    }

    @Test("what cannot be evaluated at all cannot be bound")
    func failures() throws {
        let expression = try Expression("async.ts > date(event.data.id)", role: .wait)
        let error = #expect(throws: ExpressionError.self) { try expression.bound(to: event()) }
        #expect(error?.code == .binding)
        let huge = EventValues(
            name: "e", id: "1", timestamp: .epoch,
            data: try RawJSON(parsing: "{\"x\":\"\(String(repeating: "a", count: 300_000))\"}"))
        #expect(throws: ExpressionError.self) {
            try Expression("event.data.x == async.data.x", role: .wait).bound(to: huge)
        }
        let deep = EventValues(
            name: "e", id: "1", timestamp: .epoch,
            data: try RawJSON(
                parsing: "{\"x\":" + String(repeating: "[", count: 200) + String(repeating: "]", count: 200) + "}"))
        #expect(throws: ExpressionError.self) {
            try Expression("event.data.x == async.data.x", role: .wait).bound(to: deep)
        }
    }

    @Test(
        "equalities that must hold are found",
        arguments: [
            ("async.data.id == 'u1'", ["async.data.id"]), ("'u1' == async.data.id", ["async.data.id"]),
            ("async.data.id == 'u1' && async.data.n == 5 && async.data.x > 1", ["async.data.id", "async.data.n"]),
            (
                "async.data.a == true && (async.data.b == 1u && (async.name == 'n'))",
                ["async.data.a", "async.data.b", "async.name"]
            ),
            ("async.data.id == null", []), ("async.data.a == 1 || async.data.b == 2", []), ("!(async.data.a == 1)", []),
            ("async.data.a != 1", []), ("event.data.a == 1", []), ("async.data.a == async.data.b", []), ("true", []),
            ("async.data.a == [1]", []), ("async.data.a == 1 ? true : false", []), ("async.data.b == b'a'", []),
            ("async.data.a == 1 && (async.data.b == 1 || async.data.c == 1)", ["async.data.a"]),
        ] as [(String, [String])]
    )
    func equalities(source: String, paths: [String]) throws {
        #expect(try Expression(source, role: .wait).equalities().map(\.path.description) == paths)
    }

    @Test("equal numbers have equal hashes, other values do not")
    func hashes() throws {
        func hash(_ literal: String) throws -> UInt64? {
            try Expression("async.data.x == \(literal)", role: .wait).equalities(of: .async).first?.hash
        }
        #expect(try hash("5") == hash("5.0") && hash("5") == hash("5u") && hash("0.0") == hash("-0.0"))
        #expect(try hash("9007199254740993") == hash("9007199254740992.0"))
        let different = try ["5", "'5'", "true", "false", "1", "0", "''", "'true'", "'a'", "'b'"].map(hash)
        #expect(Set(different).count == different.count)
        // The hash is stored, so it never changes.
        #expect(try hash("'u1'") == 4_623_010_447_871_608_029)

        let values = EventValues(
            name: "n", id: "i", timestamp: Timestamp(milliseconds: 5),
            data: try RawJSON(parsing: #"{"s":"a\n","n":5,"b":true,"nul":null,"l":[],"m":{}}"#))
        func hash(at fields: String...) -> UInt64? { EqualityKey.hash(of: Path(.async, fields), in: values) }
        #expect(try hash(at: "data", "s") == hash(#"'a\n'"#) && hash(at: "data", "n") == hash("5"))
        #expect(
            try hash(at: "data", "b") == hash("true") && hash(at: "name") == hash("'n'") && hash(at: "ts") == hash("5"))
        #expect(hash(at: "data", "nul") == nil && hash(at: "data", "l") == nil && hash(at: "data", "m") == nil)
        #expect(hash(at: "data", "none") == nil && hash(at: "data") == nil && hash(at: "v") == nil)
    }
}
