import ApusCore

/// A value of the language.
///
/// Strings, lists and maps of an event stay JSON bytes until something needs more of them.
package enum Value: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case timestamp(Timestamp)
    case duration(TimeSpan)
    case list([Value])
    case map(ValueMap)
    case type(ValueType)
    /// A string, list or map as it stands in an event.
    case json(JSONView)

    /// The value of some JSON. Numbers are doubles.
    package init(_ json: JSONView) {
        switch json.kind {
        case .string, .array, .object: self = .json(json)
        case .number: self = .double(json.double ?? .nan)
        case .bool: self = .bool(json.bool ?? false)
        case .null: self = .null
        }
    }

    /// The value of a literal.
    init(_ literal: Literal) {
        self =
            switch literal {
            case .null: .null
            case .bool(let value): .bool(value)
            case .int(let value): .int(value)
            case .uint(let value): .uint(value)
            case .double(let value): .double(value)
            case .string(let value): .string(value)
            case .bytes(let value): .bytes(value)
            }
    }
}

/// The types of values; the raw value is the name that the language has for each.
package enum ValueType: String, Hashable, Sendable, CaseIterable {
    case null = "null_type"
    case bool
    case int
    case uint
    case double
    case string
    case bytes
    case list
    case map
    case type
    case timestamp = "google.protobuf.Timestamp"
    case duration = "google.protobuf.Duration"

    /// Whether a name with dots is a type's, or the beginning of one.
    static func isQualification(_ name: String) -> Bool {
        allCases.contains { $0.rawValue == name || $0.rawValue.hasPrefix(name + ".") }
    }
}

/// A map that is not JSON: from a literal or an event as a whole.
package struct ValueMap: Sendable {
    /// A key, which is a string, int, uint or bool, and its value.
    package struct Entry: Sendable {
        package var key: Value
        package var value: Value
    }

    /// The entries in the order of the source; no two keys are equal.
    package var entries: [Entry]

    init(_ entries: [Entry]) {
        self.entries = entries
    }
}

extension Value {
    /// The value's type.
    package var type: ValueType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .timestamp: .timestamp
        case .duration: .duration
        case .list: .list
        case .map: .map
        case .type: .type
        case .json(let view):
            switch view.kind {
            case .array: .list
            case .object: .map
            default: .string
            }
        }
    }

    /// Whether the value is null.
    var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The text of a string.
    package var text: String? {
        switch self {
        case .string(let text): text
        case .json(let view): view.string
        default: nil
        }
    }

    /// Whether `&&`, `||` and conditions take the value for true.
    ///
    /// Lists and maps, even empty ones, and times always are.
    var isTruthy: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .uint(let value): value != 0
        case .double(let value): value != 0
        case .string(let value): !value.isEmpty
        case .json(let view): view.kind != .string || view.range.count > 2
        case .bytes, .timestamp, .duration, .list, .map, .type: true
        }
    }

    /// The elements of a list, or nil.
    var elements: ValueElements? {
        switch self {
        case .list(let elements): .list(elements.makeIterator())
        case .json(let view) where view.kind == .array: .json(view.elements)
        default: nil
        }
    }

    /// The entries of a map, or nil.
    var entries: ValueEntries? {
        switch self {
        case .map(let map): .map(map.entries.makeIterator())
        case .json(let view) where view.kind == .object: .json(view.members)
        default: nil
        }
    }

    /// About how many bytes the value takes where it stands; what a step of the cost counts.
    var size: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        case .list(let elements): elements.count
        case .map(let map): map.entries.count
        case .json(let view): view.range.count
        default: 0
        }
    }
}

/// Walks over the elements of a list.
enum ValueElements: Sequence, IteratorProtocol {
    case list(IndexingIterator<[Value]>)
    case json(JSONElements)

    mutating func next() -> Value? {
        switch self {
        case .list(var iterator):
            let element = iterator.next()
            self = .list(iterator)
            return element
        case .json(var elements):
            let element = elements.next()
            self = .json(elements)
            return element.map { Value($0) }
        }
    }
}

/// Walks over the entries of a map.
enum ValueEntries: Sequence, IteratorProtocol {
    case map(IndexingIterator<[ValueMap.Entry]>)
    case json(JSONMembers)

    mutating func next() -> ValueMap.Entry? {
        switch self {
        case .map(var iterator):
            let entry = iterator.next()
            self = .map(iterator)
            return entry
        case .json(var members):
            let member = members.next()
            self = .json(members)
            return member.map { ValueMap.Entry(key: .json($0.key), value: Value($0.value)) }
        }
    }
}
