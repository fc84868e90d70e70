import ApusCore
import Testing

@Suite("JSON views")
struct JSONViewTests {
    private func view(_ text: String) throws -> JSONView {
        try RawJSON(parsing: text).view
    }

    @Test("a view knows what it shows")
    func kinds() throws {
        #expect(try view("{}").kind == .object)
        #expect(try view("[]").kind == .array)
        #expect(try view("\"\"").kind == .string)
        #expect(try view("-1").kind == .number)
        #expect(try view("true").kind == .bool)
        #expect(try view("null").kind == .null)
        #expect(try view("null").isNull)
    }

    @Test("a question that does not fit the value is answered with nil or nothing")
    func mismatches() throws {
        for text in ["{}", "[]", "\"\"", "1", "true", "null"] {
            let view = try view(text)
            #expect((view.string != nil) == (text == "\"\""))
            #expect((view.int != nil) == (text == "1"))
            #expect((view.double != nil) == (text == "1"))
            #expect((view.bool != nil) == (text == "true"))
            #expect(view.count == 0)
            #expect(Array(view.elements).isEmpty && Array(view.members).isEmpty)
            #expect(view["a"] == nil && view[String("a")] == nil && view[0] == nil)
            #expect(view.member(caseInsensitive: "a") == nil)
            #expect(view.stringEquals("") == (text == "\"\""))
            #expect(view.ulid == nil && view.uuid == nil)
        }
    }

    @Test("members are found by their exact key, also when it needs escapes")
    func members() throws {
        let view = try view(#"{"data":{"data":1,"id":"a\"b"},"id":"x","a\nb":2,"":3,"é😀":[4],"a\\":5}"#)
        #expect(view["id"]?.string == "x")
        #expect(view["data"]?["id"]?.string == "a\"b")
        #expect(view["data"]?["data"]?.int == 1)
        #expect(view["a\nb"]?.int == 2)
        #expect(view[""]?.int == 3)
        #expect(view["é😀"]?[0]?.int == 4)
        #expect(view["a\\"]?.int == 5)
        #expect(view[#"a\nb"#] == nil)
        #expect(view["i"] == nil && view["idd"] == nil && view["ID"] == nil)
        let key = ["a\nb", "é😀", "a\\"]
        #expect(key.allSatisfy { view[$0] != nil })
        #expect(view.members.map { $0.key.string } == ["", "a\nb", "a\\", "data", "id", "é😀"])
        #expect(view.count == 6)
    }

    @Test("a member is found in any case, the exact key first")
    func caseInsensitive() throws {
        let view = try view(#"{"DATA":1,"Data":2,"NAME":3,"data":4,"é":5,"[":6}"#)
        #expect(view.member(caseInsensitive: "data")?.int == 4)
        #expect(view.member(caseInsensitive: "Data")?.int == 2)
        #expect(view.member(caseInsensitive: "dATA")?.int == 1)
        #expect(view.member(caseInsensitive: "name")?.int == 3)
        // Only ASCII letters have two cases.
        #expect(view.member(caseInsensitive: "É") == nil)
        #expect(view.member(caseInsensitive: "{") == nil)
    }

    @Test("elements come in order, and can be reached by index")
    func elements() throws {
        let view = try view(#"[1,"a,]",[2,[3]],{"a":"}"},null]"#)
        #expect(
            view.elements.map { String(decoding: $0.slice, as: UTF8.self) } == [
                "1", "\"a,]\"", "[2,[3]]", #"{"a":"}"}"#, "null",
            ])
        #expect(view.count == 5)
        #expect(view[2]?[1]?[0]?.int == 3)
        #expect(view[5] == nil && view[-1] == nil)
    }

    @Test(
        "an integer is read when it fits 64 bits",
        arguments: [
            ("0", 0), ("-1", -1), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1e3", 1000), ("1.5", nil), ("1e21", nil),
            ("123456789012345678901234567890", nil), ("-0", 0), ("1e18", 1_000_000_000_000_000_000),
        ] as [(String, Int64?)]
    )
    func integers(text: String, expected: Int64?) throws {
        #expect(try view(text).int == expected)
    }

    @Test(
        "every number is read as the nearest double",
        arguments: [
            "0", "-1.5", "0.1", "123456.789", "9007199254740993", "1e21", "5e-324", "0.30000000000000004",
            "-12345678901234567890",
        ]
    )
    func doubles(text: String) throws {
        #expect(try view(text).double == Double(text))
    }

    @Test("strings are decoded, lone surrogates as the replacement character")
    func strings() throws {
        #expect(try view(#""a\n\"\\\u0001é😀""#).string == "a\n\"\\\u{1}é😀")
        #expect(try view(#""x\ud800y""#).string == "x\u{FFFD}y")
        #expect(try view(#""\ud83dé""#).string == "\u{FFFD}é")
    }

    @Test("a string is compared without decoding it")
    func comparing() throws {
        #expect(try view(#""StepRun""#).stringEquals("StepRun"))
        #expect(try !view(#""StepRun""#).stringEquals("StepRu"))
        #expect(try !view(#""StepRu""#).stringEquals("StepRun"))
        #expect(try view(#""a\nb""#).stringEquals("a\nb"))
        #expect(try !view(#""a\nb""#).stringEquals(#"a\nb"#))
        #expect(try view(#""a\nb""#).stringEquals(["a", "b"].joined(separator: "\n")))
        #expect(try !view(#""\ud800""#).stringEquals("\u{FFFD}"))
    }

    @Test("a part becomes a value of its own")
    func raw() throws {
        let raw = try RawJSON(parsing: #"{"a":[1,{"b":2}]}"#)
        #expect(raw.view["a"]?.raw.description == #"[1,{"b":2}]"#)
        #expect(raw.view.raw == raw)
        #expect(raw.view.raw.bytes.withUnsafeBytes { $0.baseAddress } == raw.bytes.withUnsafeBytes { $0.baseAddress })
    }

    @Test("ids are read from strings and keys")
    func ids() throws {
        let view = try view(
            #"{"run":"01HF7YAT00000G40R40M30E209","fn":"a8fd5300-06f2-541e-8b69-ded0c0c7c233","step-1":1,"s\n":2}"#
        )
        #expect(view["run"]?.ulid?.description == "01HF7YAT00000G40R40M30E209")
        #expect(view["fn"]?.uuid?.description == "a8fd5300-06f2-541e-8b69-ded0c0c7c233")
        #expect(view.members.map { $0.key.stepID?.description } == ["fn", "run", "s\n", "step-1"])
        let long = try RawJSON(parsing: "\"" + String(repeating: "x", count: 257) + "\"")
        #expect(long.view.stepID == nil)
    }
}
