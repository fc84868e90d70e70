import ApusCore

extension Evaluator {
    /// The result of an operator.
    mutating func apply(
        _ binary: BinaryOperator, _ left: Outcome, _ right: Outcome
    ) throws(EvaluationError) -> Outcome {
        guard case .value(let leftValue) = left, case .value(let rightValue) = right else {
            return Evaluator.apply(binary, missing: left.value, right.value)
        }
        switch binary {
        case .equal: return .bool(try isEqual(leftValue, rightValue))
        case .notEqual: return .bool(!(try isEqual(leftValue, rightValue)))
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            return try compare(binary, leftValue, rightValue)
        case .in: return try contains(rightValue, leftValue)
        case .add: return try add(leftValue, rightValue)
        case .subtract, .multiply, .divide, .remainder:
            return Arithmetic.apply(binary, leftValue, rightValue)
        }
    }

    /// The result of an operator of which one operand, or both, are missing.
    private static func apply(_ binary: BinaryOperator, missing left: Value?, _ right: Value?) -> Outcome {
        let other = left ?? right
        return switch binary {
        case .equal: .bool(other?.isNull ?? false)
        case .notEqual: .bool(!(other?.isNull ?? false))
        // What is missing comes before everything.
        case .less, .lessOrEqual: .bool(left == nil)
        case .greater, .greaterOrEqual: .bool(left != nil)
        case .add: .value(other ?? .bool(false))
        case .in, .subtract, .multiply, .divide, .remainder: .bool(false)
        }
    }

    private mutating func compare(
        _ binary: BinaryOperator, _ left: Value, _ right: Value
    ) throws(EvaluationError) -> Outcome {
        guard let order = try order(left, right) else { return .failed(.noOverload(binary.functionName)) }
        return switch binary {
        case .less: .bool(order == .less)
        case .lessOrEqual: .bool(order == .less || order == .equal)
        case .greater: .bool(order == .greater)
        default: .bool(order == .greater || order == .equal)
        }
    }

    /// `element in collection`
    private mutating func contains(_ collection: Value, _ element: Value) throws(EvaluationError) -> Outcome {
        try budget.spend(bytes: collection.size)
        if let elements = collection.elements {
            for candidate in elements where try isEqual(candidate, element) {
                return .bool(true)
            }
            return .bool(false)
        }
        guard collection.type == .map else { return .failed(.noOverload(BinaryOperator.in.functionName)) }
        return .bool(try member(of: collection, key: element) != nil)
    }

    // MARK: - Addition

    /// `left + right`. Values of different types that have no sum are joined as texts.
    mutating func add(_ left: Value, _ right: Value) throws(EvaluationError) -> Outcome {
        if let sum = Arithmetic.add(left, right) {
            return sum
        }
        let size = left.size + right.size
        switch (left.type, right.type) {
        case (.string, .string):
            try budget.build(size)
            return .value(.string((left.text ?? "") + (right.text ?? "")))
        case (.bytes, .bytes):
            guard case .bytes(let left) = left, case .bytes(let right) = right else { break }
            try budget.build(left.count + right.count)
            return .value(.bytes(left + right))
        case (.list, .list):
            guard let left = left.elements, let right = right.elements else { break }
            try budget.spend(bytes: size)
            let sum = Array(left) + Array(right)
            try budget.build(sum.count)
            // Elements cost more than bytes.
            try budget.spend(sum.count)
            return .value(.list(sum))
        case (let leftType, let rightType) where leftType != rightType:
            return try join(left, right)
        default:
            break
        }
        return .failed(.noOverload(BinaryOperator.add.functionName))
    }

    private mutating func join(_ left: Value, _ right: Value) throws(EvaluationError) -> Outcome {
        try budget.spend(bytes: left.size + right.size)
        guard let leftText = left.keyText(limit: budget.valueSize),
            let rightText = right.keyText(limit: budget.valueSize)
        else { throw .tooExpensive }
        let text = leftText + rightText
        try budget.build(text.utf8.count)
        return .value(.string(text))
    }
}
