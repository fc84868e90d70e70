/// Random sources and random JSON that refer to each other.
struct ExpressionGenerator {
    var random: FuzzRandom
    /// Functions and literals that the model evaluator does not have.
    var usesEverything = false
    private var variables: [String] = []

    init(seed: UInt64, usesEverything: Bool = false) {
        random = FuzzRandom(seed: seed)
        self.usesEverything = usesEverything
    }

    /// A source that has the syntax of an expression.
    mutating func expression(depth: Int = 4) -> String {
        guard depth > 0, random.below(8) > 0 else { return leaf() }
        let inner = depth - 1
        switch random.below(usesEverything ? 20 : 17) {
        case 0...2:
            return "\(operand(inner)) \(random.pick(["==", "!=", "==", "<", "<=", ">", ">="])) \(operand(inner))"
        case 3, 4: return "\(operand(inner)) \(random.pick(["+", "-", "*", "/", "%", "+", "in"])) \(operand(inner))"
        case 5, 6: return (0...random.below(3) + 1).map { _ in operand(inner) }.joined(separator: " && ")
        case 7, 8: return (0...random.below(3) + 1).map { _ in operand(inner) }.joined(separator: " || ")
        case 9: return "\(random.pick(["!", "-"]))\(operand(inner))"
        case 10: return "\(operand(inner)) ? \(operand(inner)) : \(expression(depth: inner))"
        case 11: return "[" + (0..<random.below(4)).map { _ in expression(depth: inner) }.joined(separator: ", ") + "]"
        case 12:
            let entries = ["a", "b", "c"].prefix(random.below(4)).map { "'\($0)': \(expression(depth: inner))" }
            return "{" + entries.joined(separator: ", ") + "}"
        case 13: return "\(operand(inner))[\(expression(depth: 1))]"
        case 14: return macro(inner)
        case 15: return call(inner)
        case 16: return "\(operand(inner)).\(random.pick(["a", "b", "c"]))"
        case 17:
            return
                "\(random.pick(["int", "uint", "bool", "type", "timestamp", "duration", "date", "f", "bytes"]))(\(expression(depth: inner)))"
        case 18:
            return
                "\(operand(inner)).\(random.pick(["getHours", "matches", "x", "size", "lowercase"]))(\(expression(depth: 1)))"
        default:
            return random.pick([
                "b'\\x00a'", "nope", "int", "now()", "r'\\d'", "vars.x", "5e300", "0xff", "'''a\n'''", "event", "async",
            ])
        }
    }

    private mutating func operand(_ depth: Int) -> String {
        random.below(4) == 0 ? leaf() : "(\(expression(depth: depth)))"
    }

    private mutating func leaf() -> String {
        switch random.below(10) {
        case 0...4: return path()
        case 5 where !variables.isEmpty, 6 where !variables.isEmpty: return random.pick(variables)
        default:
            return random.pick([
                "null", "true", "false", "0", "1", "2", "-1", "5u", "1.5", "0.0", "''", "'a'", "'ab'", "\"é\\n\"",
                "1e20",
                "9223372036854775807", "-9223372036854775808", "18446744073709551615u", "[]", "{}", "[1, 'a']", "'A'",
            ])
        }
    }

    private mutating func path() -> String {
        let head = random.pick([
            "event.data", "event.data", "async.data", "async.data", "event.name", "async.ts", "event.user",
        ])
        let fields = (0..<random.below(3) + 1).map { _ in "." + random.pick(["a", "b", "c", "d"]) }.joined()
        let path = head + (head.hasSuffix("name") || head.hasSuffix("ts") ? "" : fields)
        switch random.below(12) {
        case 0 where path.hasPrefix(head + "."): return "has(\(path))"
        case 1: return path + "[\(random.below(3))]"
        case 2: return head + "['\(random.pick(["a", "b", "z"]))']"
        default: return path
        }
    }

    private mutating func macro(_ depth: Int) -> String {
        let range = operand(depth)
        let variable = random.pick(["x", "y", "event"])
        variables.append(variable)
        defer { variables.removeLast() }
        switch random.below(6) {
        case 0: return "\(range).map(\(variable), \(expression(depth: depth)))"
        case 1: return "\(range).map(\(variable), \(expression(depth: depth)), \(expression(depth: depth)))"
        default:
            return
                "\(range).\(random.pick(["all", "exists", "exists_one", "filter"]))(\(variable), \(expression(depth: depth)))"
        }
    }

    private mutating func call(_ depth: Int) -> String {
        random.below(2) == 0
            ? "\(random.pick(["size", "lowercase", "string", "double", "dyn"]))(\(expression(depth: depth)))"
            : "\(operand(depth)).\(random.pick(["startsWith", "endsWith", "contains"]))(\(expression(depth: depth)))"
    }

    /// A JSON object with the fields that expressions ask for.
    mutating func object(depth: Int = 3) -> String {
        let keys = ["a", "b", "c", "d"].filter { _ in random.below(4) > 0 }
        return "{" + keys.map { "\"\($0)\":\(json(depth: depth - 1))" }.joined(separator: ",") + "}"
    }

    private mutating func json(depth: Int) -> String {
        switch random.below(depth > 0 ? 12 : 8) {
        case 0: "null"
        case 1: random.pick(["true", "false"])
        case 2, 3:
            random.pick(["0", "1", "2", "-1", "1.5", "5", "1e20", "9007199254740993", "-0.0", "9223372036854775807"])
        case 4...7:
            random.pick([
                "\"\"", "\"a\"", "\"ab\"", "\"A\"", "\"\\u00e9\\n\"", "\"\\\"\\\\\"", "\"e\\u0301\"",
                "\"\\ud83d\\ude00\"",
            ])
        case 8, 9: "[" + (0..<random.below(4)).map { _ in json(depth: depth - 1) }.joined(separator: ",") + "]"
        default: object(depth: depth)
        }
    }
}
