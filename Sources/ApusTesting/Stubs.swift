import Apus
import ApusCore

/// An attempt at a step, as a mock sees it.
public struct StepAttempt: Sendable {
    /// How often it was tried before.
    public let attempt: Int
    /// How many steps of the same name came before it.
    public let index: Int
}

/// What a test says of a step.
struct Stub: Sendable {
    enum Effect: Sendable {
        /// This runs instead.
        case body(@Sendable (StepAttempt) async throws -> RawJSON)
        case event(OutgoingEvent, Duration)
        case signal(@Sendable () throws -> RawJSON, Duration)
        /// Nothing comes.
        case nothing
    }

    let effect: Effect
    let line: SourceLine
}

/// Attempts that go wrong.
struct Fault: Sendable {
    let error: any Error
    let times: Int
}

/// All that a test says.
struct Stubs: Sendable {
    var steps: [String: [Stub]] = [:]
    var faults: [String: Fault] = [:]
    var arrivals: [(event: OutgoingEvent, delay: Duration)] = []
    /// By their slugs.
    var functions: [String: RunPlan] = [:]

    /// What is said of a step.
    func stub(of name: String, _ index: Int) -> Stub? {
        guard let all = steps[name] else { return nil }
        return all[min(index, all.count - 1)]
    }

    /// What goes wrong in an attempt.
    func fault(of name: String, attempt: Int) -> (any Error)? {
        faults[name].flatMap { attempt < $0.times ? $0.error : nil }
    }
}
