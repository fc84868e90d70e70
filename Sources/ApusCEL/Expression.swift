import ApusCore

/// An expression over one or two events, compiled once.
///
/// ```swift
/// let filter = try Expression("event.data.total > 100", role: .condition)
/// let event = EventValues(name: "shop/order", id: "1", timestamp: now, data: data)
/// if filter.holds(in: Scope(event: event), now: now) == .matched { … }
/// ```
///
/// Copies share one compiled form. Two expressions are equal when their sources are.
package struct Expression: Sendable {
    /// Where an expression stands, which decides what is checked when it is compiled.
    package enum Role: String, Hashable, Sendable, CaseIterable {
        /// A filter or the condition of a batch: names and types are checked.
        case condition
        /// The key of a rate limit, debounce or batch, or an idempotency key: names and types are checked.
        case key
        /// The key of a concurrency limit, throttle or singleton: only the syntax is checked.
        case keyUnchecked
        /// A priority: only the syntax is checked.
        case integer
        /// The condition of a cancellation: names and types are checked, and the restricted policy holds.
        case cancellation
        /// The condition of a wait: only the syntax is checked; ask for ``Expression/policyViolations``.
        case wait
        /// A source made by ``Expression/bound(to:)``, compiled again: longer ones are accepted.
        case bound
    }

    final class Storage: Sendable {
        let source: String
        let term: Term
        let limits: ExpressionLimits

        init(source: String, term: Term, limits: ExpressionLimits) {
            self.source = source
            self.term = term
            self.limits = limits
        }
    }

    let storage: Storage

    /// Compiles a source.
    ///
    /// - Parameter limits: nil for the limits of the role.
    /// - Throws: ``ExpressionError`` at the first problem.
    package init(_ source: String, role: Role, limits: ExpressionLimits? = nil) throws(ExpressionError) {
        let limits = limits ?? (role == .bound ? .bound : .default)
        let bytes = Array(source.utf8)
        let term = try Parser.parse(bytes, limits: limits)
        switch role {
        case .condition, .key, .cancellation: try Checker.check(term, source: bytes)
        case .keyUnchecked, .integer, .wait, .bound: break
        }
        storage = Storage(source: source, term: term, limits: limits)
        if role == .cancellation, !policyViolations.isEmpty {
            throw ExpressionError(.policy, RestrictedPolicy.message(policyViolations), at: 0, in: bytes)
        }
    }

    /// The source as it was given.
    package var source: String { storage.source }

    /// What the restricted policy of cancellations and waits does not allow; waits only warn about it.
    package var policyViolations: [String] { RestrictedPolicy.violations(in: storage.term) }

    /// The value of an expression that is just `true` or `false`, which a bound one may have become.
    package var constant: Bool? {
        if case .literal(.bool(let value), _) = storage.term { value } else { nil }
    }
}

extension Expression: Hashable, CustomStringConvertible {
    package static func == (left: Expression, right: Expression) -> Bool {
        left.storage === right.storage || left.source.isSame(as: right.source)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(source)
    }

    /// The source.
    package var description: String { source }
}
