import ApusCore
import Testing

@Suite("JSON errors")
struct JSONErrorTests {
    @Test(
        "a text that is no JSON is refused with the place and the reason",
        arguments: [
            ("", 0, .unexpectedEnd), ("  ", 2, .unexpectedEnd), ("[", 1, .unexpectedEnd), ("{", 1, .unexpectedEnd),
            (#"{"a""#, 4, .unexpectedEnd), (#"{"a":"#, 5, .unexpectedEnd), (#"{"a":1"#, 6, .unexpectedEnd),
            (#"{"a":1,"#, 7, .unexpectedEnd), ("[1", 2, .unexpectedEnd), ("tru", 3, .unexpectedEnd),
            ("x", 0, .unexpectedByte), ("trux", 3, .unexpectedByte), ("[1 2]", 3, .unexpectedByte),
            ("[1,]", 3, .unexpectedByte), ("[,1]", 1, .unexpectedByte), ("{,}", 1, .unexpectedByte),
            (#"{"a":1,}"#, 7, .unexpectedByte), (#"{"a" 1}"#, 5, .unexpectedByte), (#"{"a"}"#, 4, .unexpectedByte),
            ("{1:2}", 1, .unexpectedByte), ("[1}", 2, .unexpectedByte), (#"{"a":1]"#, 6, .unexpectedByte),
            ("]", 0, .unexpectedByte), ("\u{0}", 0, .unexpectedByte), ("[\u{B}1]", 1, .unexpectedByte),
            ("{'a':1}", 1, .unexpectedByte), ("+1", 0, .unexpectedByte), (".5", 0, .unexpectedByte),
            ("NaN", 0, .unexpectedByte), ("\u{FEFF}{}", 0, .byteOrderMark),
            ("null null", 5, .trailingData), ("{}{}", 2, .trailingData), ("1,", 1, .trailingData),
            ("\"a\"b", 3, .trailingData), ("nulll", 4, .trailingData),
            ("01", 1, .invalidNumber), ("-", 1, .invalidNumber), ("-a", 1, .invalidNumber), ("1.", 2, .invalidNumber),
            ("[1.]", 3, .invalidNumber), ("1e", 2, .invalidNumber), ("1e+", 3, .invalidNumber),
            ("-01", 2, .invalidNumber),
            ("1.e1", 2, .invalidNumber),
            ("1e309", 0, .numberOutOfRange), ("[-1E999999999999]", 1, .numberOutOfRange),
            ("1" + String(repeating: "0", count: 309), 0, .numberOutOfRange),
            ("\"", 1, .unterminatedString), ("\"abcdefghij", 11, .unterminatedString),
            (#"{"a":"b\""#, 9, .unterminatedString),
            (#""\x""#, 1, .invalidEscape), (#""\u12""#, 1, .invalidEscape), (#""\u12g4""#, 1, .invalidEscape),
            ("\"\\u0\u{11}64\"", 1, .invalidEscape), ("\"\\u00@0\"", 1, .invalidEscape),
            ("\"\\u00`0\"", 1, .invalidEscape),
            (#""\"#, 1, .invalidEscape), (#""a\U0041""#, 2, .invalidEscape),
            ("\"a\nb\"", 2, .controlCharacter), ("\"\u{0}\"", 1, .controlCharacter),
            ("\"12345678\u{1F}\"", 9, .controlCharacter),
        ] as [(String, Int, JSONError.Reason)]
    )
    func refused(text: String, offset: Int, reason: JSONError.Reason) {
        #expect(throws: JSONError(reason, at: offset)) { try RawJSON(parsing: text) }
        // The same error in a text that is not canonical, which is read by the other pass.
        guard reason != .byteOrderMark, !text.allSatisfy(\.isWhitespace) else { return }
        #expect(throws: JSONError(reason, at: offset + 1)) { try RawJSON(parsing: " " + text) }
    }

    @Test(
        "bytes that are not UTF-8 are refused at their first byte",
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x9F, 0x80], [0xED, 0xA0, 0x80],
            [0xE2, 0x82], [0xE2, 0x82, 0x41], [0xF0, 0x8F, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80],
            [0xF0, 0x9F, 0x98], [0xFE], [0xFF],
        ] as [[UInt8]]
    )
    func invalidUTF8(bytes: [UInt8]) {
        for padding in 0..<10 {
            let start = Array("\"é".utf8) + Array(repeating: UInt8(ascii: "a"), count: padding)
            #expect(throws: JSONError(.invalidUTF8, at: start.count)) {
                try RawJSON(parsing: start + bytes + Array("\"".utf8))
            }
        }
    }

    @Test("every well-formed boundary of UTF-8 is accepted")
    func validUTF8() throws {
        let text =
            "\"\u{80}\u{7FF}\u{800}\u{FFF}\u{1000}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{3FFFF}\u{40000}\u{10FFFF}\""
        #expect(try RawJSON(parsing: text).description == text)
    }

    @Test("nesting is limited, and the limit itself is allowed")
    func depth() throws {
        let limits = JSONLimits(depth: 3)
        #expect(try RawJSON(parsing: Array("[[[1]]]".utf8), limits: limits).description == "[[[1]]]")
        #expect(try RawJSON(parsing: Array(#"[{"a":[]}]"#.utf8), limits: limits).description == #"[{"a":[]}]"#)
        #expect(throws: JSONError(.depthExceeded, at: 3)) {
            try RawJSON(parsing: Array("[[[[1]]]]".utf8), limits: limits)
        }
        let deepest = String(repeating: "[", count: 256) + String(repeating: "]", count: 256)
        #expect(try RawJSON(parsing: deepest).bytes.count == 512)
        #expect(throws: JSONError(.depthExceeded, at: 256)) { try RawJSON(parsing: "[\(deepest)]") }
    }

    @Test("a million open brackets are refused without deep recursion")
    func bomb() {
        let bomb = Array(repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(throws: JSONError(.depthExceeded, at: 256)) { try RawJSON(parsing: bomb) }
        let unlimited = JSONLimits(depth: .max)
        #expect(throws: JSONError(.unexpectedEnd, at: bomb.count)) { try RawJSON(parsing: bomb, limits: unlimited) }
    }

    @Test("the size of the text and of its canonical form is limited")
    func size() throws {
        let limits = JSONLimits(size: 8)
        #expect(try RawJSON(parsing: Array("\"123456\"".utf8), limits: limits).bytes.count == 8)
        #expect(throws: JSONError(.tooLarge, at: 8)) {
            try RawJSON(parsing: Array("\"1234567\"".utf8), limits: limits)
        }
        #expect(throws: JSONError(.tooLarge, at: 6)) { try RawJSON(parsing: Array("[1e20]".utf8), limits: limits) }
    }

    @Test("the description names the byte and the problem")
    func description() {
        #expect(
            JSONError(.unterminatedString, at: 17).description == "invalid JSON at byte 17: unterminated string"
        )
        for reason in JSONError.Reason.allCases {
            #expect(JSONError(reason, at: 0).description.hasPrefix("invalid JSON at byte 0: "))
        }
    }
}
