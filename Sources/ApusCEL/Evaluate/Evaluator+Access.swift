import ApusCore

extension Evaluator {
    /// The value at a path; nil when it is missing.
    mutating func value(at path: Path) throws(EvaluationError) -> Value? {
        var searched = 0
        let value = scope.value(at: path, searched: &searched)
        try budget.spend(bytes: searched)
        return value
    }

    /// `operand.field`: missing when the field is absent or the operand is no map.
    mutating func select(_ field: String, of operand: Outcome) throws(EvaluationError) -> Outcome {
        guard case .value(let value) = operand else { return operand }
        switch value {
        case .json(let view):
            let member = view[field]
            try spend(onSearchFor: member, in: view)
            return member.map { .value(Value($0)) } ?? .missing
        case .map:
            return try member(of: value, key: .string(field)).map { .value($0) } ?? .missing
        default:
            return .missing
        }
    }

    /// `operand[index]`: an error when there is no such element.
    mutating func element(of operand: Outcome, at index: Outcome) throws(EvaluationError) -> Outcome {
        guard case .value(let value) = operand else { return operand }
        guard case .value(let index) = index else { return index }
        switch value.type {
        case .map:
            guard index.canBeKey || index.type == .double else { return .failed(.noOverload("_[_]")) }
            let found = try member(of: value, key: index)
            return found.map { .value($0) } ?? .failed(.noSuchKey(index.keyText(limit: 100) ?? "…"))
        case .list:
            guard let number = Number(index), let position = number.exactInt else {
                return .failed(.noOverload("_[_]"))
            }
            let found = try element(of: value, at: position)
            return found.map { .value($0) } ?? .failed(.indexOutOfRange)
        default:
            return .failed(.noOverload("_[_]"))
        }
    }

    private mutating func element(of list: Value, at position: Int64) throws(EvaluationError) -> Value? {
        guard position >= 0, let index = Int(exactly: position) else { return nil }
        switch list {
        case .list(let elements):
            return index < elements.count ? elements[index] : nil
        case .json(let view):
            // An element takes two bytes at least, so that a far index is not searched for.
            guard index < view.range.count else { return nil }
            let element = view[index]
            try spend(onSearchFor: element, in: view)
            return element.map { Value($0) }
        default:
            return nil
        }
    }

    /// The value of a key of a map; nil when the map lacks it.
    mutating func member(of map: Value, key: Value) throws(EvaluationError) -> Value? {
        switch map {
        case .json(let view):
            guard let text = key.text else { return nil }
            let member = view[text]
            try spend(onSearchFor: member, in: view)
            return member.map { Value($0) }
        case .map(let map):
            for entry in map.entries where try isEqual(entry.key, key) {
                return entry.value
            }
            return nil
        default:
            return nil
        }
    }

    private mutating func spend(onSearchFor found: JSONView?, in view: JSONView) throws(EvaluationError) {
        let end = found?.range.lowerBound ?? view.range.upperBound
        try budget.spend(bytes: end - view.range.lowerBound)
    }
}

extension Value {
    /// Whether the value may be a key of a map.
    var canBeKey: Bool {
        switch type {
        case .string, .int, .uint, .bool: true
        default: false
        }
    }
}
