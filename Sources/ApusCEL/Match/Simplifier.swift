/// Takes known operands out of conditions.
///
/// Only what makes no difference to a condition is done: false, something missing and an error are all
/// the same to it, and so are chains that end with one of them.
enum Simplifier {
    /// A chain of `&&` without operands that are true; false when one of them is.
    static func and(_ terms: [Term]) -> Term {
        var rest: [Term] = []
        for (index, term) in terms.enumerated() {
            switch constant(term) {
            case false: return .literal(.bool(false), SourceOffset(value: 0))
            // A last operand is the result unless the one before it is a boolean as well.
            case true where index < terms.count - 1 || rest.last.map(isBoolean) != false: break
            default: rest.append(term)
            }
        }
        return rest.isEmpty ? .literal(.bool(true), SourceOffset(value: 0)) : .and(rest)
    }

    /// A chain of `||` without operands that are false; true when one of them is.
    static func or(_ terms: [Term]) -> Term {
        var rest: [Term] = []
        for term in terms {
            switch constant(term) {
            case false: break
            case true where rest.allSatisfy(isBoolean): return .literal(.bool(true), SourceOffset(value: 0))
            default: rest.append(term)
            }
        }
        return rest.isEmpty ? .literal(.bool(false), SourceOffset(value: 0)) : .or(rest)
    }

    private static func constant(_ term: Term) -> Bool? {
        if term == .missing || term == .failed {
            return false
        }
        if case .literal(.bool(let value), _) = term {
            return value
        }
        return nil
    }

    /// Whether a term that has a value has a boolean.
    private static func isBoolean(_ term: Term) -> Bool {
        switch term {
        case .literal(.bool, _), .has, .hasPath, .not: true
        case .binary(let binary, _, _): binary.precedence == .relation
        case .and(let operands), .or(let operands): operands.terms.allSatisfy(isBoolean)
        case .call(let call): call.function?.resultType == .bool
        case .macro(let macro): macro.kind == .existsOne
        default: false
        }
    }
}
