/// What the evaluation of a part gives.
///
/// Errors that an operator around the part can absorb are outcomes; those that end the whole
/// evaluation are thrown.
enum Outcome: Sendable {
    /// A value.
    case value(Value)
    /// Nothing: a field or variable that does not exist.
    case missing
    /// An error, which acts as missing for the operator around it.
    case failed(EvaluationError)

    static func bool(_ value: Bool) -> Outcome { .value(.bool(value)) }

    /// The value; nil for missing and failed.
    var value: Value? {
        if case .value(let value) = self { value } else { nil }
    }

    /// Whether `&&`, `||` and conditions take the outcome for true.
    var isTruthy: Bool {
        if case .value(let value) = self { value.isTruthy } else { false }
    }
}
