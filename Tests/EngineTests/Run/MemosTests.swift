import ApusCore
import Testing

@testable import ApusEngine

@Suite("Memos")
struct MemosTests {
    @Test("entries stand in the order of canonical JSON, whatever order they came in")
    func order() {
        var memos = Memos()
        var random = SplitMix64(seed: 1)
        let names = (0..<200).map { "step \($0)" }.shuffled(using: &random)
        for name in names { #expect(memos.insert(.string(name), for: id(name)) == true) }
        let texts = memos.entries.map(\.step.description)
        #expect(texts == texts.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) })
        #expect(memos.count == 200)
        for name in names { #expect(memos[id(name)] == .string(name)) }
    }

    @Test("ids that are not hashes are ordered among them by UTF-16")
    func mixedOrder() throws {
        var memos = Memos()
        // A surrogate pair comes before U+FFxx in UTF-16, and after it in UTF-8.
        for text in ["\u{FF01}", "😀", "z", "0", id("a").description] {
            #expect(memos.insert(.null, for: try #require(StepID(text))) == true)
        }
        #expect(memos.entries.map(\.step.description) == ["0", id("a").description, "z", "😀", "\u{FF01}"])
    }

    @Test("the first memo of a step stays")
    func firstStays() {
        var memos = Memos()
        #expect(memos.insert(json("1"), for: id("a")) == true)
        #expect(memos.insert(json("234"), for: id("a")) == false)
        #expect(memos[id("a")] == json("1"))
        #expect(memos.byteCount == 1)
        #expect(memos.contains(id("a")))
        #expect(!memos.contains(id("b")))
        #expect(memos[id("b")] == nil)
    }

    @Test("equal memos are equal in whatever order they came in")
    func equality() {
        var left = Memos()
        var right = Memos()
        _ = left.insert(json("1"), for: id("a"))
        _ = left.insert(json("2"), for: id("b"))
        _ = right.insert(json("2"), for: id("b"))
        #expect(left != right)
        _ = right.insert(json("1"), for: id("a"))
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
    }
}
