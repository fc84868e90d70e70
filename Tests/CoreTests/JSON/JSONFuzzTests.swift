import ApusCore
import Foundation
import Testing

/// Random values and random damage. `APUS_FUZZ_ITERATIONS` asks for more than the usual few thousand.
@Suite("JSON, compared with a slow decoder on random texts")
struct JSONFuzzTests {
    private static let iterations =
        ProcessInfo.processInfo.environment["APUS_FUZZ_ITERATIONS"].flatMap { UInt64($0) } ?? 1_500

    @Test("every text of a value has the same canonical form, which the view reads back")
    func values() throws {
        for seed in 0..<JSONFuzzTests.iterations {
            try checkValue(seed: seed)
        }
    }

    @Test("a damaged text is refused with a place inside it, or read as the slow decoder reads it")
    func mutations() throws {
        for seed in 0..<JSONFuzzTests.iterations {
            try checkMutation(seed: seed)
        }
    }

    private func checkValue(seed: UInt64) throws {
        var generator = JSONGenerator(seed: seed)
        let value = generator.value(depth: 4)
        let expected = value.text
        for _ in 0..<2 {
            let text = generator.write(value)
            let raw = try RawJSON(parsing: text)
            try #require(raw.description == expected, "seed \(seed): \(String(decoding: text, as: UTF8.self))")
        }
        let canonical = Array(expected.utf8)
        let raw = try RawJSON(parsing: canonical)
        try #require(raw.bytes == canonical, "seed \(seed)")
        try #require(JSONModel(raw.view) == value.canonical, "seed \(seed): \(expected)")
        try #require(SlowJSONDecoder.decode(canonical) == value.canonical, "seed \(seed): \(expected)")
    }

    private func checkMutation(seed: UInt64) throws {
        var generator = JSONGenerator(seed: seed)
        let value = generator.value(depth: 4)
        let text = generator.mutate(generator.write(value))
        let expected = SlowJSONDecoder.decode(text)
        let shown: Comment = "seed \(seed): \(String(decoding: text, as: UTF8.self))"
        do {
            let raw = try RawJSON(parsing: text)
            try #require(raw.description == expected?.text, shown)
            try #require(try RawJSON(parsing: raw.bytes) == raw, shown)
            try #require(JSONModel(raw.view) == expected?.canonical, shown)
            try #require(jcs(raw).count <= raw.bytes.count + 32 * raw.bytes.count, shown)
        } catch let error as JSONError {
            try #require(expected == nil, shown)
            try #require((0...text.count).contains(error.offset), shown)
            // The place of the error does not depend on what follows it.
            let looksAhead: Set<JSONError.Reason> = [.invalidUTF8, .invalidEscape, .numberOutOfRange]
            if error.offset < text.count, !looksAhead.contains(error.reason) {
                let cut = Array(text[...error.offset])
                #expect(throws: error, shown) { try RawJSON(parsing: cut) }
            }
        }
    }
}
