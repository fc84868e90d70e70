import ApusCEL
import ApusCore

/// A value of the slow model evaluator: everything decoded, nothing shared with the library.
indirect enum ModelValue {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string([UInt8])
    case list([ModelValue])
    /// Keys are strings; the order is that of the source.
    case map([(key: [UInt8], value: ModelValue)])

    init(_ view: JSONView) {
        self =
            switch view.kind {
            case .null: .null
            case .bool: .bool(view.bool == true)
            case .number: .double(view.double ?? .nan)
            case .string: .string(Array((view.string ?? "").utf8))
            case .array: .list(view.elements.map { ModelValue($0) })
            case .object: .map(view.members.map { (Array(($0.key.string ?? "").utf8), ModelValue($0.value)) })
            }
    }

    /// As the tests' `show` writes the library's values.
    var shown: String {
        switch self {
        case .null: return show(.null)
        case .bool(let value): return show(.bool(value))
        case .int(let value): return show(.int(value))
        case .uint(let value): return show(.uint(value))
        case .double(let value): return show(.double(value))
        case .string(let bytes): return "\"\(String(decoding: bytes, as: UTF8.self))\""
        case .list(let elements): return "[" + elements.map(\.shown).joined(separator: ", ") + "]"
        case .map(let entries):
            let shown = entries.map { "\(ModelValue.string($0.key).shown): \($0.value.shown)" }
            return "{" + shown.sorted().joined(separator: ", ") + "}"
        }
    }

    var isNull: Bool {
        if case .null = self { true } else { false }
    }

    var isTruthy: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .uint(let value): value != 0
        case .double(let value): value != 0
        case .string(let bytes): !bytes.isEmpty
        case .list, .map: true
        }
    }

    /// A number that distinguishes the types.
    var typeNumber: Int {
        switch self {
        case .null: 0
        case .bool: 1
        case .int: 2
        case .uint: 3
        case .double: 4
        case .string: 5
        case .list: 6
        case .map: 7
        }
    }

    var double: Double? {
        switch self {
        case .int(let value): Double(value)
        case .uint(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// Exact for integers, which `double` is not.
    private var integer: Int128? {
        switch self {
        case .int(let value): Int128(value)
        case .uint(let value): Int128(value)
        default: nil
        }
    }

    static func equal(_ left: ModelValue, _ right: ModelValue) -> Bool {
        if let left = left.integer, let right = right.integer {
            return left == right
        }
        if let left = left.double, let right = right.double {
            return left == right
        }
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.string(let left), .string(let right)): return left == right
        case (.list(let left), .list(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { equal($0, $1) }
        case (.map(let left), .map(let right)):
            return left.count == right.count
                && left.allSatisfy { entry in right.contains { $0.key == entry.key && equal($0.value, entry.value) } }
        default: return false
        }
    }

    /// Whether left comes before right, and whether right comes before left; nil for no order.
    static func order(_ left: ModelValue, _ right: ModelValue) -> (less: Bool, greater: Bool)? {
        func zero(_ other: ModelValue) -> ModelValue? {
            switch other {
            case .int: .int(0)
            case .uint: .uint(0)
            case .double: .double(0)
            case .string: .string([])
            default: nil
            }
        }
        if left.isNull {
            return zero(right).flatMap { order($0, right) }
        }
        if right.isNull {
            return zero(left).flatMap { order(left, $0) }
        }
        if let left = left.integer, let right = right.integer {
            return (left < right, left > right)
        }
        if let left = left.double, let right = right.double {
            return (left < right, left > right)
        }
        switch (left, right) {
        case (.bool(let left), .bool(let right)): return (!left && right, left && !right)
        case (.string(let left), .string(let right)):
            return (left.lexicographicallyPrecedes(right), right.lexicographicallyPrecedes(left))
        default: return nil
        }
    }

    /// The text of a key.
    var keyText: [UInt8] {
        switch self {
        case .null: return Array("NULL_VALUE".utf8)
        case .bool(let value): return Array((value ? "true" : "false").utf8)
        case .int(let value): return Array(String(value).utf8)
        case .uint(let value): return Array(String(value).utf8)
        case .double(let value): return Array((Value.double(value).keyText(limit: .max) ?? "").utf8)
        case .string(let bytes): return bytes
        case .list(let elements): return [0x5B] + Array(elements.map(\.inner).joined(separator: [0x20])) + [0x5D]
        case .map(let entries):
            let sorted = entries.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            let parts = sorted.map { $0.key + [0x3A] + $0.value.inner }
            return Array("map[".utf8) + Array(parts.joined(separator: [0x20])) + [0x5D]
        }
    }

    private var inner: [UInt8] { isNull ? Array("<nil>".utf8) : keyText }
}
