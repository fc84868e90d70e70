import ApusCore
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
    @Test("commas and colons are set between values, wherever they are")
    func nesting() throws {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("a")
        writer.beginArray()
        writer.value(1)
        writer.value(Int64.min)
        writer.value(true)
        writer.null()
        writer.beginArray()
        writer.endArray()
        writer.beginObject()
        writer.endObject()
        writer.value(0.5)
        writer.value(Double.nan)
        writer.endArray()
        writer.key("b")
        writer.raw(.emptyObject)
        writer.key(String("c"))
        writer.raw(Array("[2]".utf8))
        writer.key("d")
        writer.raw(Array("x3y".utf8)[1..<2])
        writer.key("e")
        writer.raw(try RawJSON(parsing: "[[4]]").view[0] ?? RawJSON.null.view)
        writer.endObject()
        let expected =
            #"{"a":[1,-9223372036854775808,true,null,[],{},0.5,null],"b":{},"c":[2],"d":3,"e":[4]}"#
        #expect(writer.finish().description == expected)
    }

    @Test("ids and times are written as strings")
    func ids() throws {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key(StepID.hashing("a"))
        writer.beginArray()
        writer.value(ULID(high: 0, low: 1))
        writer.value(UUID16.zero)
        writer.value(Timestamp.epoch)
        writer.endArray()
        writer.key(try #require(StepID("b\"c")))
        writer.value("")
        writer.endObject()
        let expected =
            #"{"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8":["00000000000000000000000001","#
            + #""00000000-0000-0000-0000-000000000000","1970-01-01T00:00:00.000Z"],"b\"c":""}"#
        #expect(writer.finish().description == expected)
    }

    @Test("every string is written in canonical form")
    func strings() throws {
        let all = String(String.UnicodeScalarView((0..<0x300).compactMap { Unicode.Scalar($0) }))
        for text in ["", all, all + all, "é😀\u{2028}", "/<>&"] {
            var bytes: [UInt8] = []
            JSONWriter.appendString(text, to: &bytes)
            let raw = try RawJSON(parsing: bytes)
            #expect(raw.bytes == bytes)
            #expect(raw.view.string == text)
        }
    }
}
