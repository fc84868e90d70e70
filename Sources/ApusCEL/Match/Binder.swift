import ApusCore

/// Puts the values of the triggering event into terms.
struct Binder {
    let event: EventValues
    let limits: ExpressionLimits

    /// The term with every part evaluated that only depends on the event.
    ///
    /// - Parameters:
    ///   - isCondition: Whether only it matters if the result counts as true, and true itself as true.
    ///   - macros: How many macros are around the term.
    func bind(_ term: Term, isCondition: Bool = false, macros: Int = 0) throws(EvaluationError) -> Term {
        if case .literal = term {
            return term
        }
        if isConstant(term, macros: macros) {
            return try evaluated(term, macros: macros)
        }
        switch term {
        case .literal, .path, .name, .variable, .hasPath:
            return term
        case .select(let operand, let field):
            return .select(try bind(operand, macros: macros), field: field)
        case .has(let operand, let field, let offset):
            return .has(try bind(operand, macros: macros), field: field, offset)
        case .index(let operand, let index):
            return .index(try bind(operand, macros: macros), try bind(index, macros: macros))
        case .list(let elements, let offset):
            return .list(try bind(elements, macros: macros), offset)
        case .map(let entries, let offset):
            var bound: [Term.Entry] = []
            for entry in entries {
                bound.append(
                    Term.Entry(key: try bind(entry.key, macros: macros), value: try bind(entry.value, macros: macros)))
            }
            return .map(bound, offset)
        case .not(let operand, let offset):
            return .not(try bind(operand, macros: macros), offset)
        case .negate(let operand, let offset):
            return .negate(try bind(operand, macros: macros), offset)
        case .binary(let binary, let left, let right):
            let (left, right) = (try bind(left, macros: macros), try bind(right, macros: macros))
            return compared(binary, left, right)
        case .and(let operands):
            let terms = try bind(operands.terms, isCondition: isCondition, macros: macros)
            return isCondition && !operands.mayAbort ? Simplifier.and(terms) : .and(terms)
        case .or(let operands):
            let terms = try bind(operands.terms, isCondition: isCondition, macros: macros)
            return isCondition && !operands.mayAbort ? Simplifier.or(terms) : .or(terms)
        case .conditional(let condition, let then, let otherwise):
            let condition = try bind(condition, macros: macros)
            let then = try bind(then, isCondition: isCondition, macros: macros)
            let otherwise = try bind(otherwise, isCondition: isCondition, macros: macros)
            return .conditional(condition, then: then, otherwise: otherwise)
        case .call(let call):
            return .call(try bind(call, macros: macros))
        case .macro(var macro):
            macro.range = try bind(macro.range, macros: macros)
            macro.condition = try bind(macro.condition.map { [$0] } ?? [], macros: macros + 1).first
            macro.transform = try bind(macro.transform.map { [$0] } ?? [], macros: macros + 1).first
            return .macro(macro)
        }
    }

    private func bind(
        _ terms: [Term], isCondition: Bool = false, macros: Int
    ) throws(EvaluationError) -> [Term] {
        var bound: [Term] = []
        for term in terms {
            bound.append(try bind(term, isCondition: isCondition, macros: macros))
        }
        return bound
    }

    private func bind(_ call: Term.Call, macros: Int) throws(EvaluationError) -> Term.Call {
        var call = call
        call.arguments = try bind(call.arguments, macros: macros)
        return call
    }

    /// A comparison. One for equality with something missing becomes one with null.
    private func compared(_ binary: BinaryOperator, _ left: Term, _ right: Term) -> Term {
        guard binary == .equal || binary == .notEqual else { return .binary(binary, left, right) }
        let null = Term.literal(.null, SourceOffset(value: 0))
        if left == .missing || left == .failed {
            return .binary(binary, right, null)
        }
        return .binary(binary, left, right == .missing || right == .failed ? null : right)
    }

    /// Whether a term only depends on the event.
    private func isConstant(_ term: Term, macros: Int) -> Bool {
        !term.contains { part in
            switch part {
            case .path(let path, _), .hasPath(let path, _): path.variable == .async
            case .variable(_, let slot, _): slot < macros
            case .name(let name, _): ValueType(rawValue: name) == nil
            case .call(let call): call.function?.isOfNow ?? true
            default: false
            }
        }
    }

    private func evaluated(_ term: Term, macros: Int) throws(EvaluationError) -> Term {
        var evaluator = Evaluator(Scope(event: event), now: .epoch, limits: limits)
        // Slots of the macros inside the term count from the outermost macro of all.
        evaluator.variables = Array(repeating: .null, count: macros)
        return switch try evaluator.evaluate(term) {
        case .value(let value): try Term(value)
        case .missing: .missing
        case .failed: .failed
        }
    }
}
