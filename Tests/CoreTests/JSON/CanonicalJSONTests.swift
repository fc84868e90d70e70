import ApusCore
import Testing

@Suite("Canonical JSON")
struct CanonicalJSONTests {
    private func canonical(_ text: String) throws -> String {
        try RawJSON(parsing: text).description
    }

    @Test("whitespace around every token disappears")
    func whitespace() throws {
        #expect(try canonical(" {\n\"a\" :\t[ 1 , 2 ,\r{ } , [ ] ] } ") == #"{"a":[1,2,{},[]]}"#)
        #expect(try canonical(" null ") == "null")
    }

    @Test(
        "keys are sorted by UTF-16 code units at every level",
        arguments: [
            (#"{"b":1,"a":2}"#, #"{"a":2,"b":1}"#),
            (#"{"z":{"y":1,"x":[{"d":1,"c":2}]},"a":{}}"#, #"{"a":{},"z":{"x":[{"c":2,"d":1}],"y":1}}"#),
            (#"{"aa":1,"a":2,"":3,"B":4}"#, #"{"":3,"B":4,"a":2,"aa":1}"#),
            ("{\"\u{FB33}\":1,\"\u{1F600}\":2}", "{\"\u{1F600}\":2,\"\u{FB33}\":1}"),
            (#"{"\ufb33":1,"\ud83d\ude00":2}"#, "{\"\u{1F600}\":2,\"\u{FB33}\":1}"),
            // The escaped newline sorts as the character 10, not as a backslash.
            (#"{"A":1,"\n":2}"#, #"{"\n":2,"A":1}"#),
            (#"{"\"":1,"!":2}"#, #"{"!":2,"\"":1}"#),
            (#"{"a\\":1,"aZ":2}"#, #"{"aZ":2,"a\\":1}"#),
            (#"{"\ude00":1,"\ud83d":2,"é":3}"#, #"{"é":3,"\ud83d":2,"\ude00":1}"#),
        ]
    )
    func sorting(text: String, expected: String) throws {
        #expect(try canonical(text) == expected)
    }

    @Test("the sort check of RFC 8785")
    func sortCheck() throws {
        let text = #"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#
        let expected = #"{"\r":2,"1":4,""# + "\u{80}" + #"":6,"ö":7,"€":1,"😀":5,""# + "\u{FB33}" + #"":3}"#
        #expect(try canonical(text) == expected)
    }

    @Test("the example of RFC 8785, section 3.2.2")
    func rfcExample() throws {
        let text = #"""
            {
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """#
        let expected =
            #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
            + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        #expect(try canonical(text) == expected)
    }

    @Test(
        "of duplicate keys the last one counts",
        arguments: [
            (#"{"a":1,"a":2}"#, #"{"a":2}"#),
            (#"{"a":1,"b":0,"\u0061":2}"#, #"{"a":2,"b":0}"#),
            (#"{"a":{"x":1},"a":{"y":1},"a":[]}"#, #"{"a":[]}"#),
            (#"{"b":{"c":1,"c":{"d":1,"d":2}},"a":3,"b":{"e":{},"c":4}}"#, #"{"a":3,"b":{"c":4,"e":{}}}"#),
        ]
    )
    func duplicates(text: String, expected: String) throws {
        #expect(try canonical(text) == expected)
    }

    @Test(
        "strings keep only the escapes that JSON needs, in lower case",
        arguments: [
            (#""\/""#, #""/""#),
            (#""\u0041\u00e9\u20AC""#, #""Aé€""#),
            (#""\u0008\u0009\u000A\u000c\u000D""#, #""\b\t\n\f\r""#),
            (#""\u0022\u005C""#, #""\"\\""#),
            (#""\u0000\u000B\u001F""#, #""\u0000\u000b\u001f""#),
            (#""\u007f""#, "\"\u{7F}\""),
            (#""\u2028\u2029""#, "\"\u{2028}\u{2029}\""),
            (#""\uD83D\uDE00""#, #""😀""#),
            (#""<script>&'""#, #""<script>&'""#),
        ]
    )
    func escapes(text: String, expected: String) throws {
        #expect(try canonical(text) == expected)
    }

    @Test(
        "lone surrogates stay as lower-case escapes",
        arguments: [
            (#""\uD800""#, #""\ud800""#),
            (#""\uDE00\uD83D""#, #""\ude00\ud83d""#),
            (#""\ud83d\ud83d\ude00""#, #""\ud83d😀""#),
            (#""\ud83dx\ude00""#, #""\ud83dx\ude00""#),
            (#""\ud83d\n""#, #""\ud83d\n""#),
        ]
    )
    func loneSurrogates(text: String, expected: String) throws {
        #expect(try canonical(text) == expected)
        #expect(try canonical(expected) == expected)
    }

    @Test(
        "fractions and exponents are printed as ECMAScript prints the double",
        arguments: [
            ("1.0", "1"), ("-0.0", "0"), ("-0", "0"), ("0e5", "0"), ("-0E-5", "0"), ("1e21", "1e+21"),
            ("1E20", "100000000000000000000"), ("123456789012345678901.5", "123456789012345680000"),
            ("0.000001", "0.000001"), ("0.0000001", "1e-7"), ("1e-7", "1e-7"), ("1.50", "1.5"), ("0.10", "0.1"),
            ("-12.5e3", "-12500"), ("1e3", "1000"), ("5e-324", "5e-324"), ("4.9e-324", "5e-324"), ("1e-400", "0"),
            ("-1e-400", "0"), ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("9007199254740993.0", "9007199254740992"), ("0.1e1", "1"), ("2.5e-8", "2.5e-8"), ("12e-8", "1.2e-7"),
            ("0.30000000000000004", "0.30000000000000004"), ("0.3000000000000000444", "0.30000000000000004"),
            ("1.2345678901234567", "1.2345678901234567"), ("0.00000123", "0.00000123"),
            ("0.000000123", "1.23e-7"), ("999999999999999999999.0", "1e+21"), ("1e22", "1e+22"),
        ]
    )
    func doubles(text: String, expected: String) throws {
        #expect(try canonical(text) == expected)
        #expect(try canonical("[\(text)]") == "[\(expected)]")
        #expect(try canonical(#"{"a":\#(text),"b":[\#(text) ]}"#) == #"{"a":\#(expected),"b":[\#(expected)]}"#)
        #expect(try canonical(expected) == expected)
    }

    @Test(
        "the number samples of RFC 8785, appendix B",
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"), (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"), (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"), (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"), (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"), (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"), (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"), (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"), (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] as [(UInt64, String)]
    )
    func rfcNumbers(bits: UInt64, expected: String) throws {
        #expect(RawJSON.double(Double(bitPattern: bits)).description == expected)
    }

    @Test("infinities and NaN are written as null")
    func nonFinite() {
        #expect(RawJSON.double(.infinity).isNull)
        #expect(RawJSON.double(.nan).isNull)
    }

    @Test("integers keep all their digits")
    func integers() throws {
        let long = "9" + String(repeating: "0123456789", count: 30)
        for text in ["9007199254740993", "-9223372036854775809", "18446744073709551616", long] {
            #expect(try canonical(text) == text)
            #expect(try canonical(" [ \(text) ] ") == "[\(text)]")
        }
    }

    @Test("a text that is canonical already is shared, not copied")
    func sharing() throws {
        let text = Array(#"{"a":[1,-2.5,"é\n",{"b":null,"c":true}],"d":""}"#.utf8)
        let raw = try RawJSON(parsing: text)
        #expect(raw.bytes.withUnsafeBytes { $0.baseAddress } == text.withUnsafeBytes { $0.baseAddress })
    }

    @Test("a slice is parsed with offsets of its own")
    func slices() throws {
        let text = Array(#"xx{"b":1,"a":2}yy"#.utf8)
        #expect(try RawJSON(parsing: text[2..<15]).description == #"{"a":2,"b":1}"#)
        #expect(try RawJSON(parsing: text[7..<8]).description == "1")
        #expect(throws: JSONError(.trailingData, at: 13)) { try RawJSON(parsing: text[2...]) }
    }

    @Test("values made by hand are canonical")
    func constants() throws {
        #expect(RawJSON.null.description == "null" && RawJSON.null.isNull)
        #expect(RawJSON.emptyObject.description == "{}" && RawJSON.emptyArray.description == "[]")
        #expect(RawJSON.string("a\"\u{1}é").description == #""a\"\u0001é""#)
        #expect(RawJSON.int(.min).description == "-9223372036854775808")
        #expect(RawJSON.int(.max).description == "9223372036854775807")
        #expect(RawJSON.int(0).description == "0" && RawJSON.bool(true).description == "true")
    }
}
