import ApusCore

/// What a run did, step by step, for people: read from its journal.
///
/// A step that the function runs when it comes to it has the times of the call that reported it; a planned
/// one those of its own calls. Calls that reported no step are told apart: the one that ended the run, and
/// those in which the function planned steps.
package struct RunTrace: Hashable, Sendable {
    package var createdAt: Timestamp
    /// When the first call went out.
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    package var end: RunEnd?
    /// The run that this one repeats.
    package var origin: RunOrigin?
    /// In the order in which they came up.
    package private(set) var steps: [Step] = []
    package var metadata = RunMetadata()
    /// What starts when the run ends, or was to.
    package var deferrals: [Deferrals.Entry] = []
    /// What came with an op and could not be kept.
    package var leftOut: [LeftOut] = []

    package struct LeftOut: Hashable, Sendable {
        package var key: StepID
        package var reason: String
        package var at: Timestamp
    }

    package struct Step: Hashable, Sendable {
        /// `nil` for calls that reported no step.
        package var id: StepID?
        package var name: String
        package var kind: Kind
        /// What made the step, such as `step.sendEvent`; empty when its kind says it all.
        package var type = ""
        /// The arguments of its code, a JSON array.
        package var input: RawJSON?
        package var state: State
        /// When the step came up: it was planned, or the call that ran it was due.
        package var createdAt: Timestamp
        /// When it was called, or began to sleep or wait.
        package var startedAt: Timestamp?
        package var endedAt: Timestamp?
        /// Calls of the app, oldest first.
        package var attempts: [Attempt] = []
        /// The result is that of the run that this one repeats.
        package var isTakenOver = false
        package var details = Details()
        /// What later calls are told of it.
        package var result: StepResult?
    }

    package enum Kind: Hashable, Sendable {
        case step(StepKind)
        /// The call in which the function returned or failed.
        case end
        /// A call in which the function planned steps.
        case plan
    }

    package enum State: Hashable, Sendable {
        /// The call waits for its time or its turn.
        case queued
        /// The app is being called.
        case running
        /// The step sleeps, or waits for something to happen.
        case waiting
        case completed
        case failed
        case timedOut
        /// The run ended before the step did.
        case cancelled
    }

    /// One try, with all calls that were made for it.
    package struct Attempt: Hashable, Sendable {
        /// 0-based.
        package var number: Int
        /// When it was due.
        package var dueAt: Timestamp
        package var calledAt: Timestamp?
        package var answeredAt: Timestamp?
        /// Calls; more than one when a crash or a lost connection made a repeat necessary.
        package var calls = 0
        /// Why the attempt failed.
        package var error: RawJSON?
        /// What the call waited for besides its time.
        package var waited: Waited?
    }

    package struct Waited: Hashable, Sendable {
        package var obstacle: Obstacle
        package var since: Timestamp
    }

    /// What only some kinds of step have.
    package struct Details: Hashable, Sendable {
        /// The end of a sleep, the deadline of a wait.
        package var until: Timestamp?
        /// The event or signal that is waited for.
        package var listener: Listener?
        package var invocation: InvokeWait?
        /// What the server asks for.
        package var gateway: GatewayCall.Request?
        /// When the newest request for it was sent.
        package var requestedAt: Timestamp?
    }

    /// - Parameter turns: the run's journal from its beginning, oldest first.
    package init(_ turns: [Turn]) {
        createdAt = turns.first?.at ?? Timestamp(milliseconds: 0)
        var reader = RunTraceReader(createdAt: createdAt)
        for turn in turns { reader.read(turn) }
        self = reader.finish()
    }

    init(createdAt: Timestamp) {
        self.createdAt = createdAt
    }

    mutating func append(_ step: Step) -> Int {
        steps.append(step)
        return steps.count - 1
    }

    mutating func update(_ index: Int, _ change: (inout Step) -> Void) {
        change(&steps[index])
    }
}
