import ApusCore

extension Expression {
    /// The expression with the values of the triggering event put in, so that only `async` remains.
    ///
    /// The source of the result can be stored and compiled again with ``Role/bound``. Strings keep their
    /// real value, whatever characters they have. A comparison with a field that the event lacks becomes
    /// one with null: `event.data.none == async.data.id` becomes `async.data.id == null`, so that an event
    /// without that field matches. Functions of the current time stay.
    ///
    /// As a condition the result holds for the same events. A result that is known is ``constant``.
    ///
    /// - Throws: ``ExpressionError`` when a part that only depends on the event cannot be evaluated at
    ///   all, such as `date("nonsense")`, or when the result would be larger than ``ExpressionLimits/bound``.
    package func bound(to event: EventValues) throws(ExpressionError) -> Expression {
        let binder = Binder(event: event, limits: storage.limits)
        let term: Term
        do {
            term = try binder.bind(storage.term, isCondition: true)
        } catch {
            throw ExpressionError(.binding, error.reason, at: 0, in: Array(source.utf8))
        }
        return try Expression(Printer.source(of: term), role: .bound)
    }
}
