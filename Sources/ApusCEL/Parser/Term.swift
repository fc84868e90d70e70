/// A part of a parsed expression, or all of it.
///
/// Chains of `&&` and `||` are flat lists, because they may be long and their grouping has no meaning.
/// Places in the source are carried for messages and do not count when terms are compared.
indirect enum Term: Hashable, Sendable {
    /// A value written in the source.
    case literal(Literal, SourceOffset)
    /// `event.data.userId`: one of the variables and fields below it.
    case path(Path, SourceOffset)
    /// Any other name: a type, or something undeclared.
    case name(String, SourceOffset)
    /// The variable of a macro around the term; slots count from the outermost macro.
    case variable(String, slot: Int, SourceOffset)
    /// `operand.field`
    case select(Term, field: String)
    /// `has(event.data.userId)`
    case hasPath(Path, SourceOffset)
    /// `has(operand.field)` of any other operand
    case has(Term, field: String, SourceOffset)
    /// `operand[index]`
    case index(Term, Term)
    /// `[a, b]`
    case list([Term], SourceOffset)
    /// `{a: b}`
    case map([Entry], SourceOffset)
    /// `!operand`
    case not(Term, SourceOffset)
    /// `-operand`, where the operand is no number literal
    case negate(Term, SourceOffset)
    /// An operator between two operands.
    case binary(BinaryOperator, Term, Term)
    /// `a && b && c`
    case and(Operands)
    /// `a || b || c`
    case or(Operands)
    /// `condition ? then : otherwise`
    case conditional(Term, then: Term, otherwise: Term)
    /// A function, called as `f(a, b)` or `a.f(b)`.
    case call(Call)
    /// A macro over the elements of a list or the keys of a map.
    case macro(Macro)

    /// A key and a value of a map.
    struct Entry: Hashable, Sendable {
        var key: Term
        var value: Term
    }

    /// Two or more operands of a flat chain.
    struct Operands: Hashable, Sendable {
        /// The operands, none of which is a chain of the same operator.
        var terms: [Term]
        /// Whether an operand may abort the evaluation, so that none may be left out.
        var mayAbort: Bool

        init(_ terms: [Term]) {
            self.terms = terms
            mayAbort = terms.contains { $0.mayAbort }
        }
    }

    /// A call of a function.
    struct Call: Hashable, Sendable {
        /// The name as written.
        var name: String
        /// The function of that name, if there is one.
        var function: Function?
        /// The arguments; of a method, the receiver first.
        var arguments: [Term]
        /// Whether it was written as `receiver.name(…)`.
        var isMethod: Bool
        /// The compiled pattern of `matches` when it is a literal.
        var pattern: CompiledPattern?
        /// Where the name stands.
        var offset: SourceOffset
    }

    /// A macro with a variable.
    struct Macro: Hashable, Sendable {
        enum Kind: String, Hashable, Sendable {
            case all, exists
            case existsOne = "exists_one"
            case filter, map
        }

        var kind: Kind
        /// The list or map that is walked over.
        var range: Term
        /// The name of the variable.
        var variable: String
        /// The condition; only `map` may lack one.
        var condition: Term?
        /// What `map` makes of each element.
        var transform: Term?
        var offset: SourceOffset
    }
}

/// A byte of the source. All offsets are equal, so that terms are compared by what they mean.
struct SourceOffset: Hashable, Sendable {
    /// The byte, counted from 0.
    var value: Int

    static func == (left: SourceOffset, right: SourceOffset) -> Bool { true }

    func hash(into hasher: inout Hasher) {}
}

/// A value that can be written in a source.
enum Literal: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
}

/// Operators between two operands, except `&&` and `||`.
enum BinaryOperator: String, Hashable, Sendable, CaseIterable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case `in`
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"

    /// How tightly the operator binds.
    var precedence: Precedence {
        switch self {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .in: .relation
        case .add, .subtract: .addition
        case .multiply, .divide, .remainder: .multiplication
        }
    }

    /// The standard's name of the operator's function.
    var functionName: String { self == .in ? "@in" : "_\(rawValue)_" }
}

/// How tightly parts of an expression bind, the loosest first.
enum Precedence: Int, Comparable {
    case conditional, or, and, relation, addition, multiplication, unary, member

    static func < (left: Precedence, right: Precedence) -> Bool { left.rawValue < right.rawValue }
}
