import ApusCore

/// An equality without which a condition cannot hold: `path == literal`.
///
/// Waits are found through an index of such keys: if the condition holds for an event, then
/// ``hash(of:in:)`` of the event at the path equals the key's hash. The opposite need not be true.
package struct EqualityKey: Hashable, Sendable {
    /// The compared value's path.
    package let path: Path
    /// The hash of the literal; the same in every process and release.
    package let hash: UInt64

    /// The hash of an event's value at a path; nil when it is missing, null, a list or a map.
    ///
    /// Numbers that are equal have the same hash, whatever their types.
    package static func hash(of path: Path, in values: EventValues) -> UInt64? {
        var searched = 0
        return values.value(at: path, searched: &searched).flatMap { hash(of: $0) }
    }

    /// The hash of a string, number or boolean; nil for other values.
    static func hash(of value: Value) -> UInt64? {
        if let number = Number(value) {
            var hash = StableHash(seed: 1)
            // Adding zero makes one of both zeros.
            hash.combine((number.double + 0).bitPattern)
            return hash.value
        }
        if case .bool(let value) = value {
            var hash = StableHash(seed: 2)
            hash.combine(value ? 1 : 0)
            return hash.value
        }
        guard let text = value.text else { return nil }
        var hash = StableHash(seed: 3)
        hash.combine(text)
        return hash.value
    }
}

extension Expression {
    /// The equalities of a variable's fields with strings, numbers and booleans without which the
    /// condition cannot hold, in the order of the source.
    ///
    /// They are the condition itself or operands of its outermost `&&`.
    package func equalities(of variable: Path.Variable = .async) -> [EqualityKey] {
        let terms = if case .and(let operands) = storage.term { operands.terms } else { [storage.term] }
        return terms.compactMap { term in
            switch term {
            case .binary(.equal, .path(let path, _), .literal(let literal, _)),
                .binary(.equal, .literal(let literal, _), .path(let path, _)):
                guard path.variable == variable, let hash = EqualityKey.hash(of: Value(literal)) else { return nil }
                return EqualityKey(path: path, hash: hash)
            default:
                return nil
            }
        }
    }
}
