import ApusCore

/// Everything that one decision recorded about one run. Turns are chained by `previous`: the row
/// of the run's turn before this one, 0 for the first.
package struct Turn: Hashable, Sendable {
    package var at: Timestamp
    package var entries: [JournalEntry]

    package init(at: Timestamp, entries: [JournalEntry]) {
        self.at = at
        self.entries = entries
    }
}

/// One fact in the life of a run. The state of a run is the fold of these and of nothing else, so
/// an entry holds every number that its decision drew and every limit that it applied.
package enum JournalEntry: Hashable, Sendable {
    case started(RunStart)
    /// A job was created.
    case scheduled(Job)
    /// The app is being called for a job.
    case called(job: JobNumber, generation: UInt32)
    /// The app's reply ended the job. `version` is set by the reply that fixes the run's.
    case answered(job: JobNumber, version: Int?)
    /// The call failed and will be repeated as the next attempt.
    case attemptFailed(job: JobNumber, retryAt: Timestamp, error: RawJSON)
    /// A step has its result; the first one wins and later ones are never recorded.
    case stepFinished(StepResult)
    /// The reply held parallel work: these steps are joined by one discovery.
    case parallel(steps: [StepID], joint: UInt64)
    /// Whether apps are to report steps instead of running them.
    case planMode(Bool)
    /// The run waits for another run.
    case invoked(InvokeWait)
    /// What a step is called, told when it is planned, sleeps or waits.
    case stepNamed(StepID, StepLabel)
    case finished(RunEnd)
    /// The run waits for an event or a signal, or can be cancelled by an event.
    case listening(Listener)
    /// The listener counts no more, although its step goes on waiting for its deadline.
    case displaced(ListenerNumber)
    /// When the run is cancelled for its age; `nil` takes that back.
    case expires(RunExpiry, at: Timestamp?)
    /// The keys and the priority by which flow control treats the run.
    case keyed(RunFlow)
    /// Another run waits for this one, whose event was put into the same batch.
    case invokedBy(Invoker)
    /// The call that follows has waited for its turn.
    case waited(Obstacle, since: Timestamp)
    /// The run repeats another one; the results that it takes over follow.
    case origin(RunOrigin)
    /// Somebody wants the job to be due now.
    case woken(job: JobNumber)
    /// The job's call has reported the steps before this entry, and goes on.
    case checkpointed(job: JobNumber)
    /// Another function is to start when the run ends.
    case deferred(Deferral)
    /// It is not, after all.
    case deferAborted(StepID)
    /// The run, one of its steps or an attempt was given metadata.
    case annotated(Annotation)
    /// What the app says of a step besides its name.
    case stepDescribed(StepDescription)
    /// Something that came with an op could not be kept; the run goes on without it.
    case leftOut(StepID, reason: String)
    /// The app has answered the job's call, and the server makes requests for it.
    case gateway(GatewayCall)
    /// The run is about an HTTP request to an endpoint of the app, and is called by entering that again.
    case endpoint(EndpointTerms)
    /// The app does the job's work in a request of its own, and has to be heard of by this time.
    case hosted(job: JobNumber, until: Timestamp)
}

/// What an app has said of a run when it began inside the app.
package struct EndpointTerms: Hashable, Sendable {
    /// The execution model; -1 when the app does not say.
    package var version: Int
    /// Retries after the first attempt.
    package var retries: Int

    package init(version: Int = -1, retries: Int) {
        self.version = version
        self.retries = retries
    }
}

/// What a run may take too long for.
package enum RunExpiry: UInt8, Hashable, Sendable {
    /// To be called for the first time.
    case start = 0
    /// To end.
    case finish = 1
}

/// The first entry of every run.
package struct RunStart: Hashable, Sendable {
    package var id: ULID
    package var function: UUID16
    package var functionSlug: String
    /// The stored events that the run is about, in order of arrival.
    package var events: [RowID]
    package var invoker: Invoker?

    package init(id: ULID, function: UUID16, functionSlug: String, events: [RowID], invoker: Invoker? = nil) {
        self.id = id
        self.function = function
        self.functionSlug = functionSlug
        self.events = events
        self.invoker = invoker
    }
}

/// A step's result as later calls will see it.
package struct StepResult: Hashable, Sendable {
    package var step: StepID
    package var outcome: Outcome
    /// The exact value under `steps` in later calls: `{"data":…}`, `{"error":…}`, `null`, …
    package var memo: Payload
    package var label: StepLabel

    package init(step: StepID, outcome: Outcome, memo: Payload, label: StepLabel) {
        self.step = step
        self.outcome = outcome
        self.memo = memo
        self.label = label
    }

    package enum Outcome: UInt8, Hashable, Sendable {
        case completed = 0
        case failed = 1
        case timedOut = 2
    }
}

/// What a person calls a step and what kind of step it is.
package struct StepLabel: Hashable, Sendable {
    package var name: String
    package var kind: StepKind

    package init(name: String, kind: StepKind) {
        self.name = name
        self.kind = kind
    }
}

package enum StepKind: UInt8, Hashable, Sendable {
    case run = 0
    case sleep = 1
    case invoke = 2
    /// `Step` ops of old SDKs, whose memo is not wrapped.
    case legacy = 3
    case waitForEvent = 4
    case waitForSignal = 5
    /// `step.ai.infer`.
    case aiGateway = 6
    /// `step.fetch`.
    case gateway = 7
}

/// A run that waits for the run it invoked.
package struct InvokeWait: Hashable, Sendable {
    package var step: StepID
    package var deadlineJob: JobNumber
    /// The internal id of the event that carries the invocation.
    package var event: ULID
    package var functionSlug: String
    package var isRace: Bool

    package init(step: StepID, deadlineJob: JobNumber, event: ULID, functionSlug: String, isRace: Bool) {
        self.step = step
        self.deadlineJob = deadlineJob
        self.event = event
        self.functionSlug = functionSlug
        self.isRace = isRace
    }
}

/// How a run ended.
package struct RunEnd: Hashable, Sendable {
    package var status: RunStatus
    /// The bare result, or the bare error object; `nil` when there was no body.
    package var output: Payload?
    /// For failures: what the transport saw (`invalid status code: 500`, `NonRetriableError`, …).
    package var cause: String

    package init(status: RunStatus, output: Payload?, cause: String = "") {
        self.status = status
        self.output = output
        self.cause = cause
    }
}

/// JSON that is kept: small values in the entry itself, large ones in the payload table.
package struct Payload: Hashable, Sendable {
    package var json: RawJSON
    /// The payload table's row, when the value lives there.
    package var row: RowID?

    package init(_ json: RawJSON, row: RowID? = nil) {
        self.json = json
        self.row = row
    }
}
