import ApusCEL
import ApusCore

/// An expression over the event that started a run, as people write it into requests.
package struct EventCondition: Sendable {
    private let expression: Expression

    /// - Throws: ``ExpressionProblem`` when the text is no expression.
    package init(_ text: String) throws(ExpressionProblem) {
        do {
            expression = try Expression(text, role: .condition)
        } catch {
            throw ExpressionProblem(description: error.description)
        }
    }

    /// Whether it holds for an event.
    /// - Parameter body: the stored event.
    package func holds(for body: RawJSON, now: Timestamp) -> Bool {
        expression.holds(in: Scope(event: EventValues(stored: body)), now: now) == .matched
    }
}

/// Why a text is no expression, with the place.
package struct ExpressionProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
}
