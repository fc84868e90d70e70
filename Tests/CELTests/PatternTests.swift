import Testing

@testable import ApusCEL

@Suite("Expressions: regular expressions")
struct PatternTests {
    private func matches(_ pattern: String, _ text: String) throws -> Bool? {
        var budget = Budget(.default)
        return try CompiledPattern(pattern, limit: 2_000).program?.matches(text, &budget)
    }

    @Test(
        "patterns match somewhere in a text",
        arguments: [
            ("", "", true), ("", "a", true), ("a", "bab", true), ("a", "b", false), ("ab", "aab", true),
            (".", "\n", false),
            ("(?s).", "\n", true), ("a.c", "abc", true), ("a.c", "ac", false), ("^a", "ba", false), ("a$", "ab", false),
            ("^$", "", true), ("^$", "a", false), ("^a|b$", "cb", true), ("(?m)^b$", "a\nb\nc", true),
            ("^b$", "a\nb\nc", false),
            ("\\Ab", "ab", false), ("a\\z", "ba", true), ("a*", "", true), ("^a+$", "aaa", true), ("^a+$", "", false),
            ("^a?b$", "b", true), ("^a{2}$", "aa", true), ("^a{2}$", "aaa", false), ("^a{2,}$", "aaaa", true),
            ("^a{1,2}$", "aaa", false), ("^a{0}$", "", true), ("^a{,2}$", "a{,2}", true), ("a{x", "a{x", true),
            ("^a*?b+?$", "aab", true),
            ("^(ab|cd)*$", "abcdab", true), ("^(ab|cd)*$", "abc", false), ("^(?:a|b)+$", "abba", true),
            ("^(?P<n>a)$", "a", true),
            ("^(?<n>a)$", "a", true), ("^()$", "", true), ("a||b", "", true), ("^(|a)b$", "ab", true),
            ("[abc]", "xbx", true),
            ("^[a-c]+$", "abc", true), ("^[a-c]+$", "abd", false), ("^[^a-c]+$", "xyz", true), ("^[^a]$", "\n", true),
            ("^[]a]+$", "]a", true), ("^[^]a]$", "b", true), ("^[a\\-z]+$", "a-z", true), ("^[a-]+$", "a-", true),
            ("^[-a]+$", "a-", true),
            ("^\\d+$", "0123", true), ("^\\d$", "a", false), ("^\\D+$", "abc", true), ("^\\w+$", "aZ_9", true),
            ("^\\W$", "-", true),
            ("^\\s+$", " \t\n\r\u{c}", true), ("^\\S+$", "ab", true), ("^[\\d\\s]+$", "1 2", true),
            ("^[^\\d]$", "a", true),
            ("^[\\D]$", "a", true), ("^[\\D]$", "1", false), ("^[\\W1]+$", "1-", true), ("\\bfoo\\b", "a foo b", true),
            ("\\bfoo\\b", "afoo b", false), ("\\Boo\\b", "foo", true), ("\\b", "", false), ("^\\B$", "", true),
            ("(?i)ABC", "xabcx", true),
            ("(?i:A)b", "ab", true), ("(?i:A)b", "aB", false), ("(?i)[a-c]", "B", true), ("(?i)é", "É", true),
            ("(?i)k", "K", true),
            ("a(?i)b", "aB", true), ("(a(?i)b)c", "aBC", false), ("(?i-i)A", "a", false), ("(?U)a+", "a", true),
            ("\\.", "a", false),
            ("\\.", ".", true), ("\\x41", "A", true), ("\\x{1F600}", "😀", true), ("^.$", "😀", true),
            ("^..$", "e\u{301}", true),
            ("\\t\\n\\r\\f\\v\\a", "\t\n\r\u{c}\u{b}\u{7}", true), ("\\101", "A", true), ("\\0", "\0", true),
            ("\\Qa.b\\E+", "a.bb", true),
            ("\\Qa.b", "a.b", true), ("\\Qa.b\\E", "axb", false), ("^[[:alpha:]]+$", "aB", true),
            ("^[[:^digit:]x]+$", "ax", true),
            ("^[[:digit:][:space:]]+$", "1 ", true), ("^\\pL+$", "aéλ", true), ("^\\p{Lu}$", "É", true),
            ("^\\p{Lu}$", "é", false),
            ("^\\PL$", "1", true), ("^\\p{^L}$", "1", true), ("^[\\pL\\d]+$", "é1", true), ("é+", "aéé", true),
            ("[α-ω]", "λ", true),
            ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false),
            ("^(a?){20}a{20}$", "aaaaaaaaaaaaaaaaaaaa", true),
            ("(x+x+)+y", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", false), ("a]", "a]", true),
            ("a}", "a}", true),
            ("^[\\x{41}-\\x{43}]+$", "ABC", true), ("[\\]]", "]", true), ("^(a|b)?c$", "bc", true), ("\\_", "_", true),
            ("^[0-9a-f]{8}-[0-9a-f]{4}$", "0123abcd-00ff", true),
            ("^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$", "a.b@example.org", true),
        ] as [(String, String, Bool)]
    )
    func matching(pattern: String, text: String, expected: Bool) throws {
        #expect(try matches(pattern, text) == expected)
    }

    @Test(
        "other patterns are refused",
        arguments: [
            "(", ")", "a)", "(a", "[", "[a", "[]", "[^]", "[b-a]", "*", "+a", "?", "a**", "a+*", "a??+", "a{2}{3}",
            "a{1001}", "a{2,1}",
            "(?", "(?x)", "(?=a)", "(?!a)", "(?<=a)", "(?P=n)", "(?P<>a)", "(?<1", "\\", "\\1", "\\8", "\\q", "\\C",
            "\\x", "\\x4",
            "\\x{}", "\\x{110000}", "\\p", "\\p{Greek}", "\\p{}", "[[:foo:]]", "[[:alpha]", "[a-\\d]", "(?i", "(?i)*",
            "\\é",
            String(repeating: "(", count: 100) + String(repeating: ")", count: 100), "((a{1000}){1000}){1000}",
            "(((((((){1000}){1000}){1000}){1000}){1000}){1000})", String(repeating: "a", count: 3_000),
        ]
    )
    func refused(pattern: String) throws {
        let compiled = CompiledPattern(pattern, limit: 2_000)
        #expect(compiled.program == nil && !compiled.problem.isEmpty)
    }

    @Test("small patterns over a small alphabet match as a naive matcher says")
    func naive() throws {
        var random = FuzzRandom(seed: 1)
        let texts = (0..<64).map { index in
            String((0..<index % 7).map { place in "ab\n".map(\.self)[(index / 3 + place * index) % 3] })
        }
        for _ in 0..<FuzzRandom.iterations(500) {
            let pattern = NaivePattern.random(&random, depth: 3)
            for text in texts {
                #expect(try matches(pattern.source, text) == pattern.matches(text), "\(pattern.source) in \(text)")
            }
        }
    }
}

/// A pattern that is matched by trying everything.
private indirect enum NaivePattern {
    case character(String, Set<Character>)
    case start, end, boundary
    case sequence([NaivePattern])
    case either(NaivePattern, NaivePattern)
    case times(NaivePattern, Int, Int?)

    static func random(_ random: inout FuzzRandom, depth: Int) -> NaivePattern {
        switch random.below(depth == 0 ? 8 : 13) {
        case 0, 1: .character("a", ["a"])
        case 2: .character("b", ["b"])
        case 3: .character(".", ["a", "b"])
        case 4: .character("[^a]", ["b", "\n"])
        case 5: .start
        case 6: .end
        case 7: .boundary
        case 8: .either(.random(&random, depth: depth - 1), .random(&random, depth: depth - 1))
        case 9: .times(.random(&random, depth: depth - 1), random.below(3), nil)
        case 10: .times(.random(&random, depth: depth - 1), 0, random.below(3))
        default: .sequence((0..<random.below(4)).map { _ in .random(&random, depth: depth - 1) })
        }
    }

    var source: String {
        switch self {
        case .character(let source, _): source
        case .start: "^"
        case .end: "$"
        case .boundary: "\\b"
        case .sequence(let parts): "(" + parts.map(\.source).joined() + ")"
        case .either(let left, let right): "(?:\(left.source)|\(right.source))"
        case .times(let part, let minimum, let maximum):
            maximum.map { "(?:\(part.source)){\(minimum),\(max($0, minimum))}" } ?? "(?:\(part.source)){\(minimum),}"
        }
    }

    func matches(_ text: String) -> Bool {
        let characters = Array(text)
        return (0...characters.count).contains { !ends(characters, [$0]).isEmpty }
    }

    /// Where a match may end that starts at one of some places.
    private func ends(_ text: [Character], _ starts: Set<Int>) -> Set<Int> {
        switch self {
        case .character(_, let set):
            return Set(starts.filter { $0 < text.count && set.contains(text[$0]) }.map { $0 + 1 })
        case .start: return starts.intersection([0])
        case .end: return starts.intersection([text.count])
        case .boundary:
            func isWord(_ place: Int) -> Bool { text.indices.contains(place) && text[place].isLetter }
            return starts.filter { isWord($0 - 1) != isWord($0) }
        case .sequence(let parts): return parts.reduce(starts) { $1.ends(text, $0) }
        case .either(let left, let right): return left.ends(text, starts).union(right.ends(text, starts))
        case .times(let part, let minimum, let maximum):
            var current = (0..<minimum).reduce(starts) { places, _ in part.ends(text, places) }
            var all = current
            for _ in 0..<(maximum.map { max($0 - minimum, 0) } ?? text.count + 1) {
                current = part.ends(text, current)
                all.formUnion(current)
            }
            return all
        }
    }
}
