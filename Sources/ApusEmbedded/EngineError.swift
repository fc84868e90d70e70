/// Why an engine did not do what it was asked.
public enum EngineError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Functions cannot be registered: everything that is wrong with them, each with the function and its field.
    case functions([String])
    /// The store cannot be opened: another process uses it, it is damaged, or of a newer release.
    case store(String)
    /// What was asked makes no sense.
    case invalid(String)
    /// There is no such run; the oldest runs that have ended are removed to keep the store small.
    case unknownRun(String)
    /// The run has not ended in the time for which it was waited.
    case stillRunning(String)
    /// The run was cancelled, so it has no result.
    case cancelled(String)
    /// The function did not start: it is paused, or one of its rules has dropped or delayed the invocation.
    case notStarted(String)
    /// Nothing is taken at the moment: the store does not answer, or too much waits.
    case unavailable(String)
    /// ``Engine/shutdown()`` was called.
    case ended

    /// One sentence.
    public var description: String {
        switch self {
        case .functions(let problems): "the functions cannot be registered: " + problems.joined(separator: "; ")
        case .store(let reason): reason
        case .invalid(let reason): reason
        case .unknownRun(let id): "there is no run \(id)"
        case .stillRunning(let id): "run \(id) has not ended yet"
        case .cancelled(let id): "run \(id) was cancelled"
        case .notStarted(let function):
            "function \(function) did not start: it is paused, or a rule of it has dropped or delayed the invocation"
        case .unavailable(let reason): "try again later: \(reason)"
        case .ended: "the engine has ended"
        }
    }
}
