import ApusCore

/// One evaluation of a term.
struct Evaluator {
    let scope: Scope
    let now: Timestamp
    let limits: ExpressionLimits
    var budget: Budget
    /// The values of the macros' variables around the place, the outermost first.
    var variables: [Value] = []

    init(_ scope: Scope, now: Timestamp, limits: ExpressionLimits) {
        self.scope = scope
        self.now = now
        self.limits = limits
        budget = Budget(limits)
    }

    /// Evaluates a part.
    ///
    /// - Throws: What no operator may absorb: an undeclared name, a function of time without a usable
    ///   argument, and an exhausted budget.
    mutating func evaluate(_ term: Term) throws(EvaluationError) -> Outcome {
        try budget.spend()
        switch term {
        case .literal(let literal, _):
            return .value(Value(literal))
        case .path(let path, _):
            return try value(at: path).map { .value($0) } ?? .missing
        case .binary(let binary, let left, let right):
            let left = try evaluate(left)
            return try apply(binary, left, try evaluate(right))
        case .and(let operands):
            return try and(operands)
        case .or(let operands):
            return try or(operands)
        case .variable(_, let slot, _):
            return slot < variables.count ? .value(variables[slot]) : .missing
        case .name(let name, _):
            guard let type = ValueType(rawValue: name) else { throw .undeclared(name) }
            return .value(.type(type))
        case .select(let operand, let field):
            return try select(field, of: try evaluate(operand))
        case .hasPath(let path, _):
            return .bool(try value(at: path) != nil)
        case .has(let operand, let field, _):
            let member = try select(field, of: try evaluate(operand))
            return .bool(member.value != nil)
        case .index(let operand, let index):
            let operand = try evaluate(operand)
            return try element(of: operand, at: try evaluate(index))
        case .list(let elements, _):
            return try list(elements)
        case .map(let entries, _):
            return try map(entries)
        case .not(let operand, _):
            return not(try evaluate(operand))
        case .negate(let operand, _):
            return Arithmetic.negate(try evaluate(operand))
        case .conditional(let condition, let then, let otherwise):
            return try evaluate(condition).isTruthy ? evaluate(then) : evaluate(otherwise)
        case .call(let call):
            return try evaluate(call)
        case .macro(let macro):
            return try evaluate(macro)
        }
    }

    // MARK: - Logic

    /// The first operand that counts as false, else the last one.
    private mutating func and(_ operands: Term.Operands) throws(EvaluationError) -> Outcome {
        var result = Outcome.bool(true)
        var isDecided = false
        for term in operands.terms where !isDecided || operands.mayAbort {
            let outcome = try evaluate(term)
            if !isDecided {
                result = outcome
                isDecided = !outcome.isTruthy
            }
        }
        return result
    }

    /// The first operand that counts as true, else the last one.
    private mutating func or(_ operands: Term.Operands) throws(EvaluationError) -> Outcome {
        var result = Outcome.bool(false)
        var isDecided = false
        for term in operands.terms where !isDecided || operands.mayAbort {
            let outcome = try evaluate(term)
            if !isDecided {
                result = outcome
                isDecided = outcome.isTruthy
            }
        }
        return result
    }

    private func not(_ operand: Outcome) -> Outcome {
        switch operand {
        case .value(.bool(let value)): .bool(!value)
        case .value: .failed(.noOverload("!_"))
        // Not true: the negation of what is unknown is not known either.
        case .missing, .failed: .bool(false)
        }
    }

    // MARK: - Lists and maps

    private mutating func list(_ elements: [Term]) throws(EvaluationError) -> Outcome {
        var values: [Value] = []
        values.reserveCapacity(elements.count)
        for element in elements {
            let outcome = try evaluate(element)
            guard case .value(let value) = outcome else { return outcome }
            values.append(value)
        }
        return .value(.list(values))
    }

    private mutating func map(_ entries: [Term.Entry]) throws(EvaluationError) -> Outcome {
        var map = ValueMap([])
        map.entries.reserveCapacity(entries.count)
        for entry in entries {
            let (keyOutcome, outcome) = (try evaluate(entry.key), try evaluate(entry.value))
            guard case .value(let key) = keyOutcome else { return keyOutcome }
            guard case .value(let value) = outcome else { return outcome }
            guard key.canBeKey, try member(of: .map(map), key: key) == nil else { return .failed(.invalidKey) }
            map.entries.append(ValueMap.Entry(key: key, value: value))
        }
        return .value(.map(map))
    }
}
