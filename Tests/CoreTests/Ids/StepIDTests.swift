import ApusCore
import Testing

@Suite("Step ids")
struct StepIDTests {
    @Test("SDKs hash the user's id, with the index of a repeat")
    func hashing() {
        #expect(StepID.hashing("a").description == "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8")
        #expect(StepID.hashing("a", index: 1) == StepID.hashing("a:1"))
        #expect(StepID.hashing("a", index: 1) != StepID.hashing("a"))
    }

    private static let texts = [
        "", "a", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8", "86F7E437faa5a7fce15d1ddcb9eaeaea377667b8",
        "86f7e437faa5a7fce15d1ddcb9eaeaea377667b", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8a",
        "0000000000000000000000000000000000000000", "ffffffffffffffffffffffffffffffffffffffff",
        "fffffffffffffffffffffffffffffffffffffffg", "step:1", "é", "😀", "\u{FB33}", "a\"b\n", "~",
        String(repeating: "x", count: 256),
    ]

    @Test("every text of up to 256 bytes is kept", arguments: texts)
    func roundTrip(text: String) throws {
        let id = try #require(StepID(text))
        #expect(id.description == text)
        #expect(id.utf8 == Array(text.utf8))
        #expect(StepID(Substring(text)) == id && StepID(utf8: Array(text.utf8).span.bytes) == id)
        var json: [UInt8] = []
        id.appendJSON(to: &json)
        #expect(try RawJSON(parsing: json).bytes == json)
        #expect(RawJSON(canonical: json).view.stepID == id)
    }

    @Test("only digits in lower case make a hash, at every place")
    func digits() {
        let hash = Array("86f7e437faa5a7fce15d1ddcb9eaeaea377667b8".utf8)
        for place in hash.indices {
            for byte in UInt8(0)..<0x80 {
                var text = hash
                text[place] = byte
                let id = StepID(utf8: text.span.bytes)
                let isDigit = (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
                #expect(id?.utf8 == text && (id?.sha1Bytes != nil) == isDigit)
            }
        }
    }

    @Test("longer texts and bytes that are no text are refused")
    func refused() {
        #expect(StepID(String(repeating: "x", count: 257)) == nil)
        #expect(StepID(String(repeating: "é", count: 129)) == nil)
        #expect(StepID(utf8: ([0xFF] as [UInt8]).span.bytes) == nil)
        #expect(StepID(utf8: (Array("a".utf8) + [0xC3]).span.bytes) == nil)
    }

    @Test("the order is that of the keys of a canonical object")
    func order() throws {
        let ids = StepIDTests.texts.compactMap { StepID($0) }.sorted()
        var writer = JSONWriter()
        writer.beginObject()
        for id in ids {
            writer.key(id)
            writer.null()
        }
        writer.endObject()
        #expect(try RawJSON(parsing: writer.bytes).bytes == writer.bytes)
    }

    @Test("an id takes few bytes")
    func size() {
        #expect(MemoryLayout<StepID>.stride <= 24)
    }
}
