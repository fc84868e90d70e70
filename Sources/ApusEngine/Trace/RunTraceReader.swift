import ApusCore

/// Reads a journal turn by turn.
struct RunTraceReader {
    private var trace: RunTrace
    private var labels: [StepID: StepLabel] = [:]
    private var jobs: [JobNumber: Track] = [:]
    private var indexes: [StepID: Int] = [:]
    private var waited: RunTrace.Waited?

    /// A job with its attempts, until they belong to a step.
    private struct Track {
        var job: Job
        var attempts: [RunTrace.Attempt] = []
        /// The step that its calls are about, once that is known.
        var step: Int?
    }

    init(createdAt: Timestamp) {
        trace = RunTrace(createdAt: createdAt)
    }

    mutating func read(_ turn: Turn) {
        waited = nil
        let reported = reports(of: turn)
        for entry in turn.entries { read(entry, at: turn.at, reported) }
        guard let number = reported.job, jobs[number]?.step == nil else { return }
        // The call reported nothing of its own.
        if let end = trace.end {
            let state: RunTrace.State = end.status == .completed ? .completed : .failed
            addCall(number, .end, "end", state, at: turn.at)
        } else if reported.hasFailed {
            addCall(number, .end, "end", .queued, at: nil)
        } else if !reported.hasSteps {
            addCall(number, .plan, "plan", .completed, at: turn.at)
        }
    }

    consuming func finish() -> RunTrace {
        let end = trace.endedAt
        for index in trace.steps.indices where end != nil && !trace.steps[index].state.isFinal {
            trace.update(index) { step in
                step.state = .cancelled
                step.endedAt = end
            }
        }
        return trace
    }

    // MARK: - Entries

    /// What a reply said, all in one turn.
    private struct Reports {
        var job: JobNumber?
        var hasFailed = false
        /// The step in which a call without a target failed.
        var named: StepID?
        var hasSteps = false
    }

    private func reports(of turn: Turn) -> Reports {
        var reports = Reports()
        for entry in turn.entries {
            switch entry {
            case .answered(let job, _): reports.job = job
            case .attemptFailed(let job, _, _):
                reports.job = job
                reports.hasFailed = true
            case .stepNamed(let step, _): reports.named = step
            case .stepFinished: reports.hasSteps = true
            default: break
            }
        }
        return reports
    }

    private mutating func read(_ entry: JournalEntry, at time: Timestamp, _ reported: Reports) {
        switch entry {
        case .scheduled(let job): schedule(job, at: time)
        case .called(let job, _): call(job, at: time)
        case .answered(let job, _): answer(job, at: time)
        case .attemptFailed(let job, let retryAt, let error):
            fail(job, at: time, retryAt, error, in: reported.named)
        case .stepNamed(let step, let label):
            labels[step] = label
            if let index = indexes[step] { trace.update(index) { $0.name = label.name } }
        case .stepFinished(let result): finish(result, of: reported.job, at: time)
        case .listening(let listener):
            guard let step = listener.step else { break }
            update(step, at: time) { $0.details.listener = listener }
        case .invoked(let wait): update(wait.step, at: time) { $0.details.invocation = wait }
        case .waited(let obstacle, let since): waited = RunTrace.Waited(obstacle: obstacle, since: since)
        case .finished(let end):
            trace.end = end
            trace.endedAt = time
        case .started, .parallel, .planMode, .displaced, .expires, .keyed, .invokedBy: break
        }
    }

    private mutating func schedule(_ job: Job, at time: Timestamp) {
        var track = jobs[job.number] ?? Track(job: job)
        track.job = job
        switch job.kind {
        case .discovery: break
        case .target(let step):
            track.step = index(of: step, at: time)
        case .sleep(let step), .deadline(let step):
            update(step, at: time) { found in
                found.startedAt = found.startedAt ?? time
                found.details.until = job.wakeTime
                found.state = .waiting
            }
        }
        if track.attempts.last?.answeredAt != nil || track.attempts.isEmpty {
            track.attempts.append(RunTrace.Attempt(number: Int(job.attempt), dueAt: max(job.wakeTime, time)))
        }
        jobs[job.number] = track
        if case .target = job.kind { show(job.number) }
    }

    private mutating func call(_ number: JobNumber, at time: Timestamp) {
        guard var track = jobs[number] else { return }
        trace.startedAt = trace.startedAt ?? time
        let last = track.attempts.count - 1
        guard last >= 0 else { return }
        // A repeat is timed from its own call: the one before it was lost.
        track.attempts[last].calledAt = time
        track.attempts[last].calls += 1
        if let waited { track.attempts[last].waited = waited }
        waited = nil
        jobs[number] = track
        show(number) { step in
            step.startedAt = step.startedAt ?? time
            step.state = .running
        }
    }

    private mutating func answer(_ number: JobNumber, at time: Timestamp) {
        guard let last = jobs[number]?.attempts.indices.last else { return }
        jobs[number]?.attempts[last].answeredAt = time
        show(number)
    }

    private mutating func fail(
        _ number: JobNumber, at time: Timestamp, _ retryAt: Timestamp, _ error: RawJSON, in named: StepID?
    ) {
        guard var track = jobs[number], let last = track.attempts.indices.last else { return }
        track.attempts[last].answeredAt = time
        track.attempts[last].error = error
        track.attempts.append(RunTrace.Attempt(number: track.attempts[last].number + 1, dueAt: retryAt))
        if track.step == nil, let named { track.step = index(of: named, at: track.attempts[0].dueAt) }
        jobs[number] = track
        show(number) { $0.state = .queued }
    }

    private mutating func finish(_ result: StepResult, of job: JobNumber?, at time: Timestamp) {
        let known = indexes[result.step]
        let index = known ?? index(of: result.step, at: time)
        labels[result.step] = result.label
        // The function came to the step and ran it in the same call.
        if known == nil || trace.steps[index].attempts.isEmpty, let job, let track = jobs[job], track.step == nil {
            jobs[job]?.step = index
            trace.update(index) { step in
                step.attempts = track.attempts
                step.createdAt = track.attempts.first?.dueAt ?? time
                step.startedAt = step.startedAt ?? track.attempts.compactMap(\.calledAt).first
            }
        }
        trace.update(index) { step in
            step.name = result.label.name
            step.kind = .step(result.label.kind)
            step.result = result
            step.endedAt = time
            step.state =
                switch result.outcome {
                case .completed: .completed
                case .failed: .failed
                case .timedOut: .timedOut
                }
        }
    }

    // MARK: - Steps

    private mutating func index(of step: StepID, at time: Timestamp) -> Int {
        if let index = indexes[step] { return index }
        let label = labels[step]
        let index = trace.append(
            RunTrace.Step(
                id: step, name: label?.name ?? String(step.description.prefix(8)), kind: .step(label?.kind ?? .run),
                state: .queued, createdAt: time
            )
        )
        indexes[step] = index
        return index
    }

    private mutating func update(_ step: StepID, at time: Timestamp, _ change: (inout RunTrace.Step) -> Void) {
        let index = index(of: step, at: time)
        trace.update(index, change)
    }

    /// Brings the step of a job up to date with its calls.
    private mutating func show(_ number: JobNumber, _ change: (inout RunTrace.Step) -> Void = { _ in }) {
        guard let track = jobs[number], let index = track.step, trace.steps[index].result == nil else { return }
        trace.update(index) { step in
            step.attempts = track.attempts
            change(&step)
        }
    }

    private mutating func addCall(
        _ number: JobNumber, _ kind: RunTrace.Kind, _ name: String, _ state: RunTrace.State, at end: Timestamp?
    ) {
        guard let track = jobs[number] else { return }
        let index = trace.append(
            RunTrace.Step(
                id: nil, name: name, kind: kind, state: state,
                createdAt: track.attempts.first?.dueAt ?? trace.createdAt,
                startedAt: track.attempts.compactMap(\.calledAt).first, endedAt: end, attempts: track.attempts
            )
        )
        if end == nil { jobs[number]?.step = index }
    }
}

extension RunTrace.State {
    package var isFinal: Bool {
        switch self {
        case .completed, .failed, .timedOut, .cancelled: true
        case .queued, .running, .waiting: false
        }
    }
}
