extension Term {
    /// Where the term starts, as far as it is known.
    var offset: Int {
        switch self {
        case .literal(_, let offset), .path(_, let offset), .name(_, let offset), .variable(_, _, let offset),
            .hasPath(_, let offset), .has(_, _, let offset), .list(_, let offset), .map(_, let offset),
            .not(_, let offset),
            .negate(_, let offset):
            offset.value
        case .select(let operand, _), .index(let operand, _), .binary(_, let operand, _),
            .conditional(let operand, _, _):
            operand.offset
        case .and(let operands), .or(let operands):
            operands.terms.first?.offset ?? 0
        case .call(let call):
            call.offset.value
        case .macro(let macro):
            macro.offset.value
        }
    }

    /// The parts directly below this one, in the order of the source.
    var parts: [Term] {
        switch self {
        case .literal, .path, .name, .variable, .hasPath: []
        case .select(let operand, _), .has(let operand, _, _), .not(let operand, _), .negate(let operand, _):
            [operand]
        case .index(let left, let right), .binary(_, let left, let right): [left, right]
        case .list(let elements, _): elements
        case .map(let entries, _): entries.flatMap { [$0.key, $0.value] }
        case .and(let operands), .or(let operands): operands.terms
        case .conditional(let condition, let then, let otherwise): [condition, then, otherwise]
        case .call(let call): call.arguments
        case .macro(let macro): [macro.range] + [macro.condition, macro.transform].compactMap { $0 }
        }
    }

    /// Whether the term or a part of it fulfils a condition.
    func contains(where condition: (Term) -> Bool) -> Bool {
        condition(self) || parts.contains { $0.contains(where: condition) }
    }

    /// Whether its evaluation may end with an error that no operator around it can absorb.
    var mayAbort: Bool {
        switch self {
        case .call(let call) where call.function?.mayAbort ?? true: true
        case .name(let name, _) where ValueType(rawValue: name) == nil: true
        case .and(let operands), .or(let operands): operands.mayAbort
        default: parts.contains { $0.mayAbort }
        }
    }

    /// The chain of `&&` of some terms, flat; a single term is itself.
    static func and(_ terms: [Term]) -> Term {
        let flat = terms.flatMap { term in
            if case .and(let operands) = term { operands.terms } else { [term] }
        }
        guard let only = flat.first, flat.count == 1 else { return .and(Operands(flat)) }
        return only
    }

    /// The chain of `||` of some terms, flat; a single term is itself.
    static func or(_ terms: [Term]) -> Term {
        let flat = terms.flatMap { term in
            if case .or(let operands) = term { operands.terms } else { [term] }
        }
        guard let only = flat.first, flat.count == 1 else { return .or(Operands(flat)) }
        return only
    }
}
