import ApusCore

/// What a function of the simulated app does: a small deterministic program whose steps an SDK would
/// find one after the other.
struct Program {
    var statements: [Statement]
    var ending: Ending
    /// The execution model that the SDK reports: 1 or 2.
    var version: Int
    /// A failed step that nothing catches ends the run at once instead of being tried again.
    var failsWithoutRetry = true
    /// A parallel group fails with its first failed branch instead of waiting for the others.
    var failsFast = false
    /// Discoveries go on reporting the steps of branches that have lost their race.
    var reportsLosers = true
    /// Replies with steps that are known already beside the new ones.
    var repeatsKnownSteps = false
    /// Replies without any op before the function gets going.
    var emptyReplies = 0
    /// A failing step reports its last attempt as final by itself, as most SDKs do.
    var reportsLastFailure = true
    /// Steps are reported while a call goes on; `nil` when each ends its call.
    var reporting: Reporting?

    enum Ending {
        case returns
        /// An answer without a body.
        case returnsNothing
        case completesByOp
        /// With a result that the store can never keep as the result of a step.
        case returnsPoison
        /// A function-level error, so many times; then it returns.
        case fails(times: Int, retryAfter: Int?)
        case failsForEver
        case failsFinally
    }
}

/// One statement of a program.
indirect enum Statement {
    case run(Body)
    case sleep(id: String, SleepLength)
    case invoke(id: String, function: String, timeout: String?, isCaught: Bool)
    case wait(WaitPlan)
    case signal(SignalPlan)
    case parallel([[Statement]], isRace: Bool)
    /// A loop: the ids inside repeat.
    case repeated(Int, [Statement])
}

/// A step that runs code.
struct Body {
    var id: String
    var outcome = Outcome.succeeds
    /// Whether the function goes on when the step has failed for good.
    var isCaught = true
    /// The name of the event that the step sends.
    var sends: String?
    /// Seconds that a failing attempt asks the server to wait.
    var retryAfter: Int?
    /// Bytes of padding in the result.
    var padding = 0
    /// The result is one that the store can never accept.
    var isPoison = false

    enum Outcome {
        case succeeds
        /// The first executions fail.
        case fails(times: Int)
        case failsForEver
        /// Fails for good at once.
        case failsFinally
    }
}

/// A step that waits for an event.
struct WaitPlan {
    var id: String
    var event: String
    var condition: Condition?
    var timeout: SleepLength
    /// Milliseconds.
    var lookBack: Int64?
}

/// A step that waits for a signal.
struct SignalPlan {
    var id: String
    var signal: String
    /// Takes the place of an older wait instead of failing its run.
    var replaces: Bool
    var timeout: SleepLength
}

enum SleepLength {
    /// A duration, in milliseconds.
    case milliseconds(Int64)
    /// A point in time, this many milliseconds from the moment at which the app is asked; can be past.
    case until(Int64)
}

extension Program {
    /// The steps that wait for events and signals.
    var waits: [StepID: Statement] {
        var found: [StepID: Statement] = [:]
        for statement in statements { statement.collectWaits(&found) }
        return found
    }
}

extension Statement {
    fileprivate func collectWaits(_ found: inout [StepID: Statement], times: Int = 1) {
        switch self {
        case .wait(let plan): for index in 0..<times { found[.hashing(plan.id, index: index)] = self }
        case .signal(let plan): for index in 0..<times { found[.hashing(plan.id, index: index)] = self }
        case .parallel(let branches, _): for statement in branches.joined() { statement.collectWaits(&found) }
        case .repeated(let times, let statements):
            for statement in statements { statement.collectWaits(&found, times: times) }
        case .run, .sleep, .invoke: break
        }
    }
}
