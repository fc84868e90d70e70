extension Evaluator {
    /// Walks over a list or the keys of a map. Over something missing, every macro is false.
    mutating func evaluate(_ macro: Term.Macro) throws(EvaluationError) -> Outcome {
        guard case .value(let range) = try evaluate(macro.range) else { return .bool(false) }
        try budget.spend(bytes: range.size)
        if var elements = range.elements {
            return try walk(macro) { elements.next() }
        }
        if var entries = range.entries {
            return try walk(macro) { entries.next()?.key }
        }
        return .failed(.noOverload(macro.kind.rawValue))
    }

    private mutating func walk(_ macro: Term.Macro, _ next: () -> Value?) throws(EvaluationError) -> Outcome {
        switch macro.kind {
        case .all, .exists: try quantify(macro, next)
        case .existsOne: try existsOne(macro, next)
        case .filter, .map: try collect(macro, next)
        }
    }

    /// Evaluates a part of the macro with its variable set.
    private mutating func evaluate(_ term: Term?, with element: Value) throws(EvaluationError) -> Outcome {
        guard let term else { return .bool(true) }
        variables.append(element)
        defer { variables.removeLast() }
        return try evaluate(term)
    }

    /// `all` is the chain of `&&` over the conditions, `exists` that of `||`.
    private mutating func quantify(_ macro: Term.Macro, _ next: () -> Value?) throws(EvaluationError) -> Outcome {
        let isAll = macro.kind == .all
        var result = Outcome.bool(isAll)
        while let element = next() {
            try budget.spend()
            let outcome = try evaluate(macro.condition, with: element)
            if case .value(.bool(let value)) = outcome, value != isAll {
                return outcome
            }
            // An operand that decides the chain stays.
            if result.isTruthy == isAll {
                result = outcome
            }
        }
        return result
    }

    private mutating func existsOne(_ macro: Term.Macro, _ next: () -> Value?) throws(EvaluationError) -> Outcome {
        var count = 0
        while let element = next() {
            try budget.spend()
            count += try evaluate(macro.condition, with: element).isTruthy ? 1 : 0
        }
        return .bool(count == 1)
    }

    /// `filter` and `map`. Elements for which the result is missing are left out.
    private mutating func collect(_ macro: Term.Macro, _ next: () -> Value?) throws(EvaluationError) -> Outcome {
        var values: [Value] = []
        while let element = next() {
            try budget.spend()
            guard try evaluate(macro.condition, with: element).isTruthy else { continue }
            guard let transform = macro.transform else {
                values.append(element)
                continue
            }
            if case .value(let value) = try evaluate(transform, with: element) {
                values.append(value)
            }
        }
        return .value(.list(values))
    }
}
