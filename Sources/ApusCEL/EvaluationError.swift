/// Why an evaluation has no result.
package enum EvaluationError: Error, Hashable, Sendable {
    /// A variable or function that does not exist.
    case undeclared(String)
    /// An operator or function that does not take values of these types.
    case noOverload(String)
    /// A key that a map lacks.
    case noSuchKey(String)
    /// An index that a list lacks.
    case indexOutOfRange
    /// An integer divided by zero.
    case divisionByZero
    /// A number that does not fit its type.
    case overflow
    /// A text or value that a conversion does not take.
    case invalidConversion(to: String)
    /// A pattern that is no regular expression.
    case invalidPattern(String)
    /// A map with two equal keys, or a key of a type that keys cannot have.
    case invalidKey
    /// `date`, `now_plus` or `now_minus` without a usable argument.
    case invalidTime(String)
    /// More than ``ExpressionLimits/steps`` or ``ExpressionLimits/valueSize``.
    case tooExpensive
    /// The result is not a boolean where one is needed.
    case notBoolean(String)
    /// The result is not an int where one is needed.
    case notInteger(String)
}

extension EvaluationError: CustomStringConvertible {
    /// The message that the protocol's other server would show.
    package var description: String {
        switch self {
        case .invalidTime: "expression did not return true or false: \(reason)"
        case .notBoolean: "expression did not return true or false: \(reason)"
        case .notInteger: "expression did not return an int: \(reason)"
        default: "invalid type comparison: \(reason): expression errored"
        }
    }

    /// What went wrong, in a few words.
    package var reason: String {
        switch self {
        case .undeclared(let name): "undeclared reference to '\(name)' (in container '')"
        case .noOverload(let function): "no such overload: \(function)"
        case .noSuchKey(let key): "no such key: \(key)"
        case .indexOutOfRange: "index out of bounds"
        case .divisionByZero: "division by zero"
        case .overflow: "number out of range"
        case .invalidConversion(let type): "type conversion error to '\(type)'"
        case .invalidPattern(let pattern): "invalid regular expression: \(pattern)"
        case .invalidKey: "invalid or repeated map key"
        case .invalidTime(let function): "\(function)() needs a valid time or duration"
        case .tooExpensive: "the evaluation takes too many steps"
        case .notBoolean(let type), .notInteger(let type): "found '\(type)'"
        }
    }
}
