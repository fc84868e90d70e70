import ApusCore

/// Names a job within its run; given out in order and never used twice.
package typealias JobNumber = UInt32

/// One thing that a run will do at a time: call the app, wake from a sleep, give up a wait.
///
/// A retry is the same job with the next attempt; a repeat after a crash is the same attempt with
/// the next generation. The protocol calls this a queue item.
package struct Job: Hashable, Sendable {
    package var number: JobNumber
    /// What made the job; a second job with the same key is never created.
    package var key: JobKey
    package var kind: Kind
    /// 0-based, counts failed attempts of this job.
    package var attempt: UInt16 = 0
    /// How many times the job was sent to the app.
    package var generation: UInt32 = 0
    package var phase: Phase
    /// 1 + position in the stack of the step that led here; 0 at the start of a run.
    package var stackPosition: UInt32
    /// Whether the step behind it opted out of joining its siblings.
    package var isRace: Bool
    /// The call under way has reported steps.
    package var hasCheckpoints = false
    /// The app has answered the call under way, and the server makes these requests for it.
    package var gateways: [OpenGateway] = []

    package init(
        number: JobNumber,
        key: JobKey,
        kind: Kind,
        due: Timestamp,
        stackPosition: UInt32,
        isRace: Bool = false
    ) {
        self.number = number
        self.key = key
        self.kind = kind
        self.phase = .scheduled(due)
        self.stackPosition = stackPosition
        self.isRace = isRace
    }

    package enum Kind: Hashable, Sendable {
        /// A call without a target: run the function until it meets steps it does not know.
        case discovery
        /// A call that runs exactly one planned step.
        case target(StepID)
        /// A sleep; when it is over the same job goes on as a discovery.
        case sleep(StepID)
        /// The deadline of a wait.
        case deadline(StepID)
    }

    package enum Phase: Hashable, Sendable {
        case scheduled(Timestamp)
        /// The app is being called since the given time.
        case calling(since: Timestamp)
    }

    /// When the job next needs attention; a call in flight needs it at once after a crash.
    package var wakeTime: Timestamp {
        switch phase {
        case .scheduled(let due): due
        case .calling(let since): since
        }
    }

    /// Whether the job calls the app when it is due.
    package var isCall: Bool {
        switch kind {
        case .discovery, .target: true
        case .sleep, .deadline: false
        }
    }

    package var isCalling: Bool {
        if case .calling = phase { true } else { false }
    }

    /// The step that the job runs, sleeps for or guards.
    package var step: StepID? {
        switch kind {
        case .discovery: nil
        case .target(let step), .sleep(let step), .deadline(let step): step
        }
    }
}

/// The cause of a job. Creating a job whose key the run has used before does nothing, so a reply
/// that is reported twice never schedules twice.
package enum JobKey: Hashable, Sendable {
    case start
    case after(StepID)
    case afterFailure(StepID)
    case plan(StepID)
    case sleep(StepID)
    case deadline(StepID)
    case resumed(StepID)
    case timedOut(StepID)
    /// The joint discovery of a parallel batch, by the hash of its step ids.
    case joined(UInt64)
    /// A discovery that an app asked for without reporting a step, numbered.
    case requested(UInt32)
}
