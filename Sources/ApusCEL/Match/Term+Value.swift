import ApusCore

extension Term {
    private static let nowhere = SourceOffset(value: 0)

    /// A term that is missing: `{}.missing`.
    static let missing = Term.select(.map([], nowhere), field: "missing")

    /// A term whose evaluation fails: `[][0]`.
    static let failed = Term.index(.list([], nowhere), .literal(.int(0), nowhere))

    /// A term that evaluates to a value.
    ///
    /// - Throws: ``EvaluationError/tooExpensive`` for a value that makes a source too long.
    init(_ value: Value) throws(EvaluationError) {
        var room = ExpressionLimits.bound.sourceLength
        try self.init(value, room: &room)
    }

    /// - Parameter room: What is left of the source's length, of which every part takes a byte at least.
    private init(_ value: Value, room: inout Int) throws(EvaluationError) {
        room -= max(value.text == nil ? 1 : value.size, 1)
        guard room >= 0 else { throw .tooExpensive }
        switch value {
        case .null: self = .literal(.null, Term.nowhere)
        case .bool(let value): self = .literal(.bool(value), Term.nowhere)
        case .int(let value): self = .literal(.int(value), Term.nowhere)
        case .uint(let value): self = .literal(.uint(value), Term.nowhere)
        case .double(let value) where value.isFinite: self = .literal(.double(value), Term.nowhere)
        case .double(let number): self = .conversion(.double, of: DoubleText.text(of: number))
        case .string(let value): self = .literal(.string(value), Term.nowhere)
        case .bytes(let value): self = .literal(.bytes(value), Term.nowhere)
        case .timestamp(let time): self = .conversion(.timestamp, of: CivilTime(time).rfc3339)
        case .duration(let span): self = .conversion(.duration, of: span.description)
        case .type(let type): self = .name(type.rawValue, Term.nowhere)
        case .list, .map, .json: self = try Term(contentsOf: value, room: &room)
        }
    }

    private init(contentsOf value: Value, room: inout Int) throws(EvaluationError) {
        if let elements = value.elements {
            var terms: [Term] = []
            for element in elements {
                terms.append(try Term(element, room: &room))
            }
            self = .list(terms, Term.nowhere)
        } else if let entries = value.entries {
            var terms: [Entry] = []
            for entry in entries {
                terms.append(
                    Entry(key: try Term(entry.key, room: &room), value: try Term(entry.value, room: &room)))
            }
            self = .map(terms, Term.nowhere)
        } else {
            self = .literal(.string(value.text ?? ""), Term.nowhere)
        }
    }

    private static func conversion(_ function: Function, of text: String) -> Term {
        .call(
            Call(
                name: function.rawValue, function: function, arguments: [.literal(.string(text), nowhere)],
                isMethod: false, pattern: nil, offset: nowhere))
    }
}
