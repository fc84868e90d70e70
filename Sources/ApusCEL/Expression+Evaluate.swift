import ApusCore

/// What a condition says about some events.
package enum Verdict: Hashable, Sendable {
    /// The condition holds.
    case matched
    /// The condition does not hold.
    case notMatched
    /// The condition has no boolean result; this counts as not matched.
    case failed(EvaluationError)
}

/// The key that an expression gives an event.
package struct KeyText: Hashable, Sendable {
    /// The text; two events have the same key exactly when their texts are equal.
    package var text: String
    /// Whether the value was the boolean false or missing, which switches some limits off.
    package var isFalse: Bool

    /// Makes a key.
    package init(text: String, isFalse: Bool) {
        self.text = text
        self.isFalse = isFalse
    }
}

extension Expression {
    /// Whether the expression holds.
    ///
    /// - Parameter now: The time that `now()` gives.
    package func holds(in scope: Scope, now: Timestamp) -> Verdict {
        switch outcome(in: scope, now: now) {
        case .success(.value(.bool(true))): .matched
        case .success(.value(.bool(false))), .success(.missing): .notMatched
        case .success(.value(let value)): .failed(.notBoolean(value.type.rawValue))
        case .success(.failed(let error)), .failure(let error): .failed(error)
        }
    }

    /// The expression's value as the text of a key.
    ///
    /// - Throws: ``EvaluationError`` when there is no value; the place decides what then happens.
    package func keyText(in scope: Scope, now: Timestamp) throws(EvaluationError) -> KeyText {
        let value = try value(in: scope, now: now)
        if case .bool(let value) = value {
            return KeyText(text: value ? "true" : "false", isFalse: !value)
        }
        guard let text = value.keyText(limit: storage.limits.valueSize) else { throw .tooExpensive }
        return KeyText(text: text, isFalse: false)
    }

    /// The expression's value, which must be an int; a double is none.
    package func integer(in scope: Scope, now: Timestamp) throws(EvaluationError) -> Int64 {
        let value = try value(in: scope, now: now)
        guard case .int(let number) = value else { throw .notInteger(value.type.rawValue) }
        return number
    }

    /// The expression's value; false for something missing.
    package func value(in scope: Scope, now: Timestamp) throws(EvaluationError) -> Value {
        switch try outcome(in: scope, now: now).get() {
        case .value(let value): return value
        case .missing: return .bool(false)
        case .failed(let error): throw error
        }
    }

    func outcome(in scope: Scope, now: Timestamp) -> Result<Outcome, EvaluationError> {
        var evaluator = Evaluator(scope, now: now, limits: storage.limits)
        do {
            return .success(try evaluator.evaluate(storage.term))
        } catch {
            return .failure(error)
        }
    }
}
