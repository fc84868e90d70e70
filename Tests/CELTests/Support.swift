import ApusCEL
import ApusCore

/// The time at which examples are evaluated, 2026-11-21T00:00:00Z.
let exampleNow = Timestamp(milliseconds: 1_795_219_200_000)

/// The event of the examples.
let exampleData = #"""
    {"s":"abc","S":"ABC","n":5,"f":1.5,"neg":-3,"zero":0,"empty":"","t":true,"fl":false,"nul":null,
    "list":[1,2,3],"tags":["a","b"],"obj":{"k":"v","n":1},"date":"2024-01-02T03:04:05Z","num":"42",
    "b64":"aGVsbG8=","json":"{\"a\":1}","big":12345678901234,"emptylist":[],"emptyobj":{},"a-b":"x",
    "items":[{"k":1},{"sku":"a"}],"priced":[{"p":1},{"q":2}],"x16":16,"x1000":1000,"half":0.5,
    "large":9007199254740992,"raw":"a\\nb","line":"a\nb","zz":"zz","v26":"v26","two":2,"é":"é"}
    """#

func exampleScope() throws -> Scope {
    Scope(
        event: EventValues(
            name: "app/user.created", id: "evt-1", timestamp: Timestamp(milliseconds: 1_700_000_000_000),
            data: try RawJSON(parsing: exampleData)),
        async: EventValues(
            name: "app/user.updated", id: "evt-2", timestamp: Timestamp(milliseconds: 1_700_000_001_000),
            data: try RawJSON(parsing: #"{"s":"abc","n":5}"#)))
}

/// An expression and what becomes of it, as it is shown by ``show(_:)``.
struct Example: Sendable, CustomStringConvertible {
    var source: String
    var result: String

    /// `d.` at the start of a word stands for `event.data.`.
    init(_ source: String, _ result: String) {
        self.source = Example.expanded(source)
        self.result = result
    }

    var description: String { "\(source)  →  \(result)" }

    private static func expanded(_ source: String) -> String {
        var result = ""
        var previous: Character = " "
        var rest = source[...]
        while let character = rest.first {
            let isWord = previous.isLetter || previous.isNumber || "._\"'".contains(previous)
            if rest.hasPrefix("d."), !isWord {
                result += "event.data."
                rest = rest.dropFirst(2)
                previous = "."
            } else {
                result.append(character)
                previous = character
                rest = rest.dropFirst()
            }
        }
        return result
    }
}

/// The value of an expression, or `ERR`.
func result(of source: String, in scope: Scope) throws -> String {
    let expression = try Expression(source, role: .keyUnchecked)
    do {
        return show(try expression.value(in: scope, now: exampleNow))
    } catch {
        return error == .tooExpensive ? "EXPENSIVE" : "ERR"
    }
}

/// A value as the language would write it.
func show(_ value: Value) -> String {
    switch value {
    case .null: return "null"
    case .bool(let value): return String(value)
    case .int(let value): return String(value)
    case .uint(let value): return "\(value)u"
    case .double(let value): return show(value)
    case .bytes(let bytes): return "b\(bytes)"
    case .timestamp(let time): return time.rfc3339
    case .duration(let span): return span.description
    case .type(let type): return type.rawValue
    case .string(let text): return "\"\(text)\""
    case .list(let elements): return "[" + elements.map(show).joined(separator: ", ") + "]"
    case .map(let map):
        let entries = map.entries.map { "\(show($0.key)): \(show($0.value))" }
        return "{" + entries.sorted().joined(separator: ", ") + "}"
    case .json(let view):
        switch view.kind {
        case .array: return "[" + view.elements.map { show(Value($0)) }.joined(separator: ", ") + "]"
        case .object:
            let entries = view.members.map { "\(show(Value($0.key))): \(show(Value($0.value)))" }
            return "{" + entries.sorted().joined(separator: ", ") + "}"
        default: return "\"\(view.string ?? "")\""
        }
    }
}

private func show(_ value: Double) -> String {
    let text = DoubleTextOracle.text(of: value)
    return text.allSatisfy { $0.isNumber || $0 == "-" } ? text + ".0" : text
}

/// Doubles by a second way: the standard library's digits for plain numbers, its own text for others.
enum DoubleTextOracle {
    static func text(of value: Double) -> String {
        let text = value.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
