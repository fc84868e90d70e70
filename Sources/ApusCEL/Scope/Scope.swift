/// The variables of an evaluation. One that is absent is missing, with everything below it.
package struct Scope: Sendable {
    /// The event that triggered, or may trigger, a run.
    package var event: EventValues?
    /// The event that a wait or a cancellation looks at.
    package var async: EventValues?

    /// Makes a scope.
    package init(event: EventValues? = nil, async: EventValues? = nil) {
        self.event = event
        self.async = async
    }

    /// The value at a path; nil when it is missing.
    func value(at path: Path, searched: inout Int) -> Value? {
        switch path.variable {
        case .event: event?.value(at: path, searched: &searched)
        case .async: async?.value(at: path, searched: &searched)
        case .vars: nil
        }
    }
}
