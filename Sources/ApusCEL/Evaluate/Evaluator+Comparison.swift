import ApusCore

extension Evaluator {
    /// Whether two values are equal: numbers by their value whatever their types, lists and maps by
    /// their contents, strings by their characters; values of other different types are not.
    mutating func isEqual(_ left: Value, _ right: Value) throws(EvaluationError) -> Bool {
        try budget.spend()
        switch (left, right) {
        case (.json(let left), .json(let right)):
            return try isEqual(left, right)
        case (.json(let view), .string(let text)), (.string(let text), .json(let view)):
            // An escape of one byte takes at most six.
            guard view.range.count - 2 <= 6 * text.utf8.count else { return false }
            try budget.spend(bytes: text.utf8.count)
            return view.stringEquals(text)
        case (.string(let left), .string(let right)):
            try budget.spend(bytes: min(left.utf8.count, right.utf8.count))
            return left.isSame(as: right)
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.bytes(let left), .bytes(let right)): return left == right
        case (.timestamp(let left), .timestamp(let right)): return left == right
        case (.duration(let left), .duration(let right)): return left == right
        case (.type(let left), .type(let right)): return left == right
        default:
            if let left = Number(left), let right = Number(right) {
                return left.compare(with: right) == .equal
            }
            return try hasEqualContents(left, right)
        }
    }

    private mutating func isEqual(_ left: JSONView, _ right: JSONView) throws(EvaluationError) -> Bool {
        guard left.kind == right.kind else { return false }
        try budget.spend(bytes: min(left.range.count, right.range.count))
        // Canonical bytes are equal for equal values, except that large integers keep their digits.
        if left.slice == right.slice {
            return true
        }
        return left.kind == .string ? false : try hasEqualContents(.json(left), .json(right))
    }

    private mutating func hasEqualContents(_ left: Value, _ right: Value) throws(EvaluationError) -> Bool {
        try budget.spend(bytes: left.size + right.size)
        if var leftElements = left.elements, var rightElements = right.elements {
            while let leftElement = leftElements.next() {
                guard let rightElement = rightElements.next() else { return false }
                guard try isEqual(leftElement, rightElement) else { return false }
            }
            return rightElements.next() == nil
        }
        if let leftEntries = left.entries, let rightEntries = right.entries {
            var count = 0
            for entry in leftEntries {
                guard let member = try member(of: right, key: entry.key) else { return false }
                guard try isEqual(entry.value, member) else { return false }
                count += 1
            }
            return rightEntries.reduce(0) { sum, _ in sum + 1 } == count
        }
        return false
    }

    /// How two values are ordered.
    ///
    /// A null stands for the zero of the other value's type. NaN is not ordered. Nil for types that
    /// have no order between them.
    mutating func order(_ left: Value, _ right: Value) throws(EvaluationError) -> Order? {
        if left.isNull, let zero = Value.zero(like: right) {
            return try order(zero, right)
        }
        if right.isNull, let zero = Value.zero(like: left) {
            return try order(left, zero)
        }
        if let left = Number(left), let right = Number(right) {
            return left.compare(with: right)
        }
        switch (left, right) {
        case (.bool(let left), .bool(let right)):
            return Order(left ? 1 : 0, right ? 1 : 0)
        case (.timestamp(let left), .timestamp(let right)):
            return Order(left, right)
        case (.duration(let left), .duration(let right)):
            return Order(left, right)
        case (.bytes(let left), .bytes(let right)):
            try budget.spend(bytes: min(left.count, right.count))
            return left == right ? .equal : left.lexicographicallyPrecedes(right) ? .less : .greater
        default:
            try budget.spend(bytes: left.size + right.size)
            guard let left = left.text, let right = right.text else { return nil }
            return left.isSame(as: right) ? .equal : left.utf8.lexicographicallyPrecedes(right.utf8) ? .less : .greater
        }
    }
}

/// How two values are ordered.
enum Order {
    case less, equal, greater, unordered

    init<Element: Comparable>(_ left: Element, _ right: Element) {
        self = left == right ? .equal : left < right ? .less : left > right ? .greater : .unordered
    }
}

extension String {
    /// Whether two texts have the same characters. The standard library's `==` also takes different
    /// spellings of one character for equal, which the language does not.
    func isSame(as other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }
}

extension Value {
    /// What a null counts as when it is ordered against a number or text.
    fileprivate static func zero(like other: Value) -> Value? {
        switch other.type {
        case .int: .int(0)
        case .uint: .uint(0)
        case .double: .double(0)
        case .string: .string("")
        default: nil
        }
    }
}
