/// Finds unknown names and operands of the wrong type before an expression is used.
///
/// Everything below the variables has the type `dyn`, which goes with all others (nil here). Operators
/// take any types; `&&`, `||`, conditions, functions and macros do not.
struct Checker {
    private let source: [UInt8]

    /// Checks a term.
    ///
    /// - Throws: ``ExpressionError`` at the first problem.
    static func check(_ term: Term, source: [UInt8]) throws(ExpressionError) {
        _ = try Checker(source: source).type(of: term)
    }

    /// The type of a term, or nil for `dyn`.
    private func type(of term: Term) throws(ExpressionError) -> ValueType? {
        switch term {
        case .literal(let literal, _): return Value(literal).type
        case .path(let path, _): return path.fields.isEmpty ? .map : nil
        case .variable: return nil
        case .name(let name, _):
            guard ValueType(rawValue: name) != nil else { throw undeclared(name, at: term) }
            return .type
        case .select(let operand, _):
            try requireFields(operand)
            return nil
        case .hasPath: return .bool
        case .has(let operand, _, _):
            try requireFields(operand)
            return .bool
        case .index(let operand, let index):
            _ = try type(of: index)
            guard [nil, .list, .map].contains(try type(of: operand)) else {
                throw error("found no matching overload for '_[_]'", at: term)
            }
            return nil
        case .list, .map:
            try checkParts(of: term)
            return if case .list = term { .list } else { .map }
        case .not:
            try checkParts(of: term)
            return .bool
        case .negate(let operand, _): return try type(of: operand)
        case .binary(let binary, let left, let right): return try type(of: binary, left, right)
        case .and(let operands), .or(let operands):
            for operand in operands.terms {
                try requireBool(operand)
            }
            return .bool
        case .conditional(let condition, let then, let otherwise):
            try requireBool(condition)
            let (thenType, otherwiseType) = (try type(of: then), try type(of: otherwise))
            return thenType == otherwiseType ? thenType : nil
        case .call(let call): return try type(of: call, at: term)
        case .macro(let macro): return try type(of: macro)
        }
    }

    private func checkParts(of term: Term) throws(ExpressionError) {
        for part in term.parts {
            _ = try type(of: part)
        }
    }

    private func requireBool(_ term: Term) throws(ExpressionError) {
        guard let type = try type(of: term), type != .bool else { return }
        throw error("expected type 'bool' but found '\(type.rawValue)'", at: term)
    }

    private func requireFields(_ operand: Term) throws(ExpressionError) {
        guard let type = try type(of: operand), type != .map else { return }
        throw error("type '\(type.rawValue)' does not support field selection", at: operand)
    }

    private func type(of binary: BinaryOperator, _ left: Term, _ right: Term) throws(ExpressionError) -> ValueType? {
        let (leftType, rightType) = (try type(of: left), try type(of: right))
        switch binary {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .in: return .bool
        case .subtract where leftType == .timestamp && rightType == .timestamp: return .duration
        case .add, .subtract, .multiply, .divide, .remainder: return leftType == rightType ? leftType : nil
        }
    }

    private func type(of call: Term.Call, at term: Term) throws(ExpressionError) -> ValueType? {
        guard let function = call.function else {
            // A receiver that is unknown itself is the better message.
            if call.isMethod, let receiver = call.arguments.first {
                _ = try type(of: receiver)
            }
            throw undeclared(call.name, at: term)
        }
        var types: [ValueType?] = []
        for argument in call.arguments {
            types.append(try type(of: argument))
        }
        let isAccepted =
            (call.isMethod ? function.isMethod : function.isGlobal)
            && function.arity.contains(types.count)
            && zip(function.argumentTypes, types).allSatisfy { $1 == nil || $0.isEmpty || $0.contains($1) }
        guard isAccepted else {
            let names = types.map { $0?.rawValue ?? "dyn" }.joined(separator: ", ")
            throw error("found no matching overload for '\(call.name)' applied to '(\(names))'", at: term)
        }
        return function.resultType
    }

    private func type(of macro: Term.Macro) throws(ExpressionError) -> ValueType? {
        let range = try type(of: macro.range)
        guard [nil, .list, .map].contains(range) else {
            throw error(
                "expression of type '\(range?.rawValue ?? "dyn")' cannot be range of a comprehension", at: macro.range)
        }
        if let condition = macro.condition {
            try requireBool(condition)
        }
        if let transform = macro.transform {
            _ = try type(of: transform)
        }
        return macro.kind == .filter || macro.kind == .map ? .list : .bool
    }

    private func undeclared(_ name: String, at term: Term) -> ExpressionError {
        error("undeclared reference to '\(name)' (in container '')", at: term)
    }

    private func error(_ message: String, at term: Term) -> ExpressionError {
        ExpressionError(.type, message, at: term.offset, in: source)
    }
}
