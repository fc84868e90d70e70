import ApusCore

/// Sees what an app's calls do, and can take the place of steps' bodies: for tests without a server.
package protocol CallWitness: Sendable {
    /// What became of a step whose body is not to run; `nil` runs it.
    func outcome(of step: StepCall, in context: RunContext) async -> BodyOutcome?
    /// Steps without a result that a call has reached.
    func reached(_ steps: [StepCall])
    /// A handler does not do what an earlier one of its run did.
    func changed(_ change: StepChange)
}

/// What a handler does differently from an earlier one of its run.
package struct StepChange: Sendable {
    /// Results that it does not ask for.
    package let unused: [StepID]
    /// The step that was asked for and is not there.
    package let missing: StepID?
    /// The step after which it happened, with its line.
    package let after: String
    /// What it asks for.
    package let instead: [StepCall]

    init(_ pass: Pass, missing: StepID? = nil, instead: [StepCall]) {
        unused = pass.unused
        self.missing = missing
        after = pass.lastPlace
        self.instead = instead
    }
}

extension [any Middleware] {
    /// What stands in for a body passes through as if the body had made it.
    func outgoing(_ outcome: BodyOutcome) -> BodyOutcome {
        guard case .returned(let data) = outcome else { return outcome }
        do {
            return .returned(try outgoing(data))
        } catch {
            return .threw(error)
        }
    }
}
