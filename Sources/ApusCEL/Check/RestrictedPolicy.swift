/// What an expression that compares two events may use: variables, fields, literals, indexes, `in`,
/// conditions, logic, comparisons and `int() uint() double()`.
enum RestrictedPolicy {
    /// What breaks the rule, in the order of the source: one sentence for each use.
    ///
    /// The elements of list and map literals and the receivers of methods are not looked at.
    static func violations(in term: Term) -> [String] {
        switch term {
        case .literal, .path, .name, .variable, .list, .map:
            []
        case .has, .hasPath:
            ["macros are disallowed (uses 'has')"]
        case .macro(let macro):
            ["macros are disallowed (contains '\(macro.kind.rawValue)')"]
        case .negate:
            ["function calls are disallowed (uses '-_')"] + term.parts.flatMap { violations(in: $0) }
        case .binary(let binary, _, _) where binary.precedence > .relation:
            ["function calls are disallowed (uses '\(binary.functionName)')"]
                + term.parts.flatMap { violations(in: $0) }
        case .call(let call):
            violations(in: call)
        case .select, .index, .not, .binary, .and, .or, .conditional:
            term.parts.flatMap { violations(in: $0) }
        }
    }

    private static func violations(in call: Term.Call) -> [String] {
        let isConversion = !call.isMethod && [.int, .uint, .double].contains(call.function)
        let own = isConversion ? [] : ["function calls are disallowed (uses '\(call.name)')"]
        return own + call.arguments.dropFirst(call.isMethod ? 1 : 0).flatMap { violations(in: $0) }
    }

    /// The message for some violations, of which there is at least one.
    static func message(_ violations: [String]) -> String {
        let count = violations.count
        return "validation failed: \(count) error\(count == 1 ? "" : "s") occurred:\n"
            + violations.map { "\t* \($0)" }.joined(separator: "\n")
    }
}
