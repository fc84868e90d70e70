/// Reads the syntax of RE2, of which everything is understood that asks only whether a text matches,
/// except scripts such as `\p{Greek}`.
struct PatternParser {
    /// What `(?ims)` switches.
    struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotMatchesNewline = false
    }

    let scalars: [Unicode.Scalar]
    var position = 0
    var flags = Flags()
    private var depth = 0

    /// The deepest nesting of groups.
    static let depthLimit = 64
    /// The largest count in `{…}`, which is RE2's.
    static let repetitionLimit = 1_000

    private init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    /// The parts of a whole pattern.
    static func parse(_ text: String) throws(PatternError) -> PatternNode {
        var parser = PatternParser(text)
        let node = try parser.alternatives()
        guard parser.next == nil else { throw PatternError(message: "unexpected )") }
        return node
    }

    /// The character that comes next.
    var next: Unicode.Scalar? { peek(0) }

    func peek(_ distance: Int) -> Unicode.Scalar? {
        position + distance < scalars.count ? scalars[position + distance] : nil
    }

    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    private mutating func alternatives() throws(PatternError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternParser.depthLimit else { throw PatternError(message: "groups are nested too deeply") }
        // Flags hold to the end of the group in which they are set.
        let outer = flags
        defer { flags = outer }
        var branches = [try sequence()]
        while skip("|") {
            branches.append(try sequence())
        }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var nodes: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            guard let node = try atom() else { continue }
            nodes.append(try repeated(node))
        }
        return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
    }

    /// One character, class, group or assertion; nil for flags, which are nothing by themselves.
    private mutating func atom() throws(PatternError) -> PatternNode? {
        guard let scalar = next else { return nil }
        position += 1
        switch scalar {
        case "(": return try group()
        case "[": return .character(try characterClass())
        case ".": return .character(CharacterClass(flags.dotMatchesNewline ? [] : [0x0A...0x0A], isNegated: true))
        case "^": return .assertion(flags.isMultiline ? .startOfLine : .startOfText)
        case "$": return .assertion(flags.isMultiline ? .endOfLine : .endOfText)
        case "\\": return try escape()
        case "*", "+", "?": throw PatternError(message: "missing argument to repetition operator: \(scalar)")
        default: return .character(CharacterClass(scalar, ignoresCase: flags.ignoresCase))
        }
    }

    private mutating func group() throws(PatternError) -> PatternNode? {
        let outer = flags
        if skip("?") {
            if skip("P") {
                guard next == "<" else { throw PatternError(message: "invalid group") }
            }
            if skip("<") {
                guard let first = next, CharacterClass.isWord(first) else {
                    throw PatternError(message: "invalid group")
                }
                while CharacterClass.isWord(next) {
                    position += 1
                }
                guard skip(">") else { throw PatternError(message: "invalid group name") }
            } else if try !groupFlags() {
                return nil
            }
        }
        defer { flags = outer }
        let node = try alternatives()
        guard skip(")") else { throw PatternError(message: "missing )") }
        return node
    }

    /// Reads `i-s:` or `i-s)`. Answers whether a group follows, to which alone the flags then belong.
    private mutating func groupFlags() throws(PatternError) -> Bool {
        var isOn = true
        while let flag = next {
            position += 1
            switch flag {
            case "i": flags.ignoresCase = isOn
            case "m": flags.isMultiline = isOn
            case "s": flags.dotMatchesNewline = isOn
            // Which repetitions are lazy does not change whether a text matches.
            case "U": break
            case "-" where isOn: isOn = false
            case ":": return true
            case ")": return false
            default: throw PatternError(message: "invalid or unsupported group")
            }
        }
        throw PatternError(message: "missing )")
    }

    // MARK: - Repetition

    private mutating func repeated(_ node: PatternNode) throws(PatternError) -> PatternNode {
        guard let bounds = try repetition() else { return node }
        // A lazy repetition matches the same texts.
        _ = skip("?")
        guard try repetition() == nil else { throw PatternError(message: "invalid nested repetition operator") }
        return .repetition(node, minimum: bounds.minimum, maximum: bounds.maximum)
    }

    private mutating func repetition() throws(PatternError) -> (minimum: Int, maximum: Int?)? {
        if skip("*") {
            return (0, nil)
        }
        if skip("+") {
            return (1, nil)
        }
        if skip("?") {
            return (0, 1)
        }
        let start = position
        guard skip("{"), let minimum = count() else {
            position = start
            return nil
        }
        var maximum: Int? = minimum
        if skip(",") {
            maximum = count()
        }
        guard skip("}") else {
            // Anything else in braces stands for itself.
            position = start
            return nil
        }
        guard max(minimum, maximum ?? 0) <= PatternParser.repetitionLimit, minimum <= maximum ?? .max else {
            throw PatternError(message: "invalid repeat count")
        }
        return (minimum, maximum)
    }

    private mutating func count() -> Int? {
        var count: Int?
        while let scalar = next, ("0"..."9").contains(scalar) {
            count = min((count ?? 0) * 10 + Int(scalar.value - 0x30), PatternParser.repetitionLimit + 1)
            position += 1
        }
        return count
    }
}
