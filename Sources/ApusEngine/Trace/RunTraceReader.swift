import ApusCore

/// Reads a journal turn by turn.
struct RunTraceReader {
    private var trace: RunTrace
    private var labels: [StepID: StepLabel] = [:]
    private var descriptions: [StepID: StepDescription] = [:]
    private var jobs: [JobNumber: Track] = [:]
    private var indexes: [StepID: Int] = [:]
    private var waited: RunTrace.Waited?
    /// The turn that is being read takes over results of another run.
    private var takesOver = false

    /// A job with its attempts, until they belong to a step.
    private struct Track {
        var job: Job
        var attempts: [RunTrace.Attempt] = []
        /// The step that its calls are about, once that is known.
        var step: Int?
        /// The steps for which the server makes requests as part of its calls.
        var gateways: [Int] = []
    }

    init(createdAt: Timestamp) {
        trace = RunTrace(createdAt: createdAt)
    }

    mutating func read(_ turn: Turn) {
        waited = nil
        takesOver = false
        var reported = reports(of: turn)
        // What a step took ends before its result is read.
        if reported.isCheckpoint, let number = reported.job { answer(number, at: turn.at) }
        for entry in turn.entries { read(entry, at: turn.at, reported) }
        if let end = trace.end, end.status != .cancelled {
            reported.job = reported.job ?? openJob
            guard let number = reported.job else { return }
            answer(number, at: turn.at)
            showEnd(number, end.status == .completed ? .completed : .failed, at: turn.at)
        } else if let number = reported.job, jobs[number]?.step == nil, jobs[number]?.gateways.isEmpty == true {
            // The call reported nothing of its own.
            if reported.hasFailed {
                showEnd(number, .queued, at: nil)
            } else if reported.isParallel {
                addCall(number, .plan, "plan", .completed, at: turn.at)
            }
        }
    }

    /// A call of the function's own code that has not been answered.
    private var openJob: JobNumber? {
        jobs.filter { number, track in
            guard case .discovery = track.job.kind, let attempt = track.attempts.last else { return false }
            return attempt.calledAt != nil && attempt.answeredAt == nil
        }
        .keys.max()
    }

    /// The call in which the function ends, or is to end at its next attempt.
    private mutating func showEnd(_ number: JobNumber, _ state: RunTrace.State, at time: Timestamp?) {
        guard let track = jobs[number] else { return }
        guard let index = track.step, trace.steps[index].kind == .end else {
            if track.step == nil { addCall(number, .end, "end", state, at: time) }
            return
        }
        trace.update(index) { step in
            step.attempts = track.attempts
            step.state = state
            step.endedAt = time
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
        var isParallel = false
        /// The call goes on.
        var isCheckpoint = false
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
            case .parallel: reports.isParallel = true
            case .gateway(let call): reports.job = call.job
            case .checkpointed(let job), .hosted(let job, _):
                reports.job = job
                reports.isCheckpoint = true
            default: break
            }
        }
        return reports
    }

    private mutating func read(_ entry: JournalEntry, at time: Timestamp, _ reported: Reports) {
        switch entry {
        case .scheduled(let job): schedule(job, at: time, isRetry: reported.hasFailed && reported.job == job.number)
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
        case .origin(let origin):
            trace.origin = origin
            takesOver = true
        case .woken(let job): wake(job, at: time)
        case .checkpointed(let job): goOn(job, at: time)
        case .deferred(let deferral): trace.deferrals.append(Deferrals.Entry(deferral: deferral))
        case .deferAborted(let key):
            guard let index = trace.deferrals.firstIndex(where: { $0.deferral.key == key }) else { break }
            trace.deferrals[index].isAborted = true
        case .annotated(let annotation): trace.metadata.apply(annotation, at: time)
        case .stepDescribed(let description):
            descriptions[description.step] = description
            if let index = indexes[description.step] { describe(index, description) }
        case .leftOut(let key, let reason):
            trace.leftOut.append(RunTrace.LeftOut(key: key, reason: reason, at: time))
        case .gateway(let call): request(call, at: time)
        case .hosted(let job, let until): host(job, at: time, until: until)
        case .started, .parallel, .planMode, .displaced, .expires, .keyed, .invokedBy, .endpoint: break
        }
    }

    /// The call has reported a step, and is about what the function does next.
    private mutating func goOn(_ number: JobNumber, at time: Timestamp) {
        guard let track = jobs[number], let last = track.attempts.last else { return }
        var next = RunTrace.Attempt(number: last.number, dueAt: time)
        next.calledAt = time
        next.calls = last.calls
        jobs[number]?.attempts = [next]
        jobs[number]?.step = nil
    }

    /// The requests belong to the attempt whose answer asked for them.
    private mutating func request(_ call: GatewayCall, at time: Timestamp) {
        guard let track = jobs[call.job] else { return }
        for request in call.requests {
            labels[request.step] = request.label
            let index = index(of: request.step, at: track.attempts.first?.dueAt ?? time)
            trace.update(index) { step in
                step.name = request.label.name
                step.kind = .step(request.label.kind)
                step.state = .running
                step.startedAt = step.startedAt ?? track.attempts.compactMap(\.calledAt).first ?? time
                step.attempts = track.attempts
                step.details.gateway = request
                step.details.requestedAt = time
            }
            if index != track.step, jobs[call.job]?.gateways.contains(index) == false {
                jobs[call.job]?.gateways.append(index)
            }
        }
    }

    /// The app does the job's work in a request of its own, and has reported a step or has just begun.
    private mutating func host(_ number: JobNumber, at time: Timestamp, until: Timestamp) {
        guard let track = jobs[number], let last = track.attempts.last else { return }
        trace.startedAt = trace.startedAt ?? time
        var next = RunTrace.Attempt(number: last.number, dueAt: time)
        next.calledAt = time
        next.calls = last.calls
        jobs[number]?.attempts = [next]
        jobs[number]?.step = nil
        jobs[number]?.job.phase = .scheduled(until)
    }

    private mutating func wake(_ number: JobNumber, at time: Timestamp) {
        guard let track = jobs[number] else { return }
        if let last = track.attempts.indices.last, track.attempts[last].calledAt == nil {
            jobs[number]?.attempts[last].dueAt = time
        }
        switch track.job.kind {
        case .discovery, .target: show(number)
        case .sleep(let step), .deadline(let step): update(step, at: time) { $0.details.until = time }
        }
    }

    private mutating func schedule(_ job: Job, at time: Timestamp, isRetry: Bool) {
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
        // The next attempt is told of by the entry that says why this one failed.
        if track.attempts.isEmpty || track.attempts.last?.answeredAt != nil && !isRetry {
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
        if let named, track.step == nil || isEnd(track) {
            track.step = adopt(named, by: track) ?? index(of: named, at: track.attempts[0].dueAt)
            if let label = labels[named], let index = track.step {
                trace.update(index) { step in
                    step.name = label.name
                    step.kind = .step(label.kind)
                }
            }
        }
        jobs[number] = track
        show(number) { $0.state = .queued }
    }

    private mutating func finish(_ result: StepResult, of job: JobNumber?, at time: Timestamp) {
        var known = indexes[result.step]
        if known == nil, let track = job.flatMap({ jobs[$0] }) { known = adopt(result.step, by: track) }
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
            if let last = step.attempts.indices.last, step.attempts[last].answeredAt == nil {
                step.attempts[last].answeredAt = time
            }
            step.isTakenOver = takesOver
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

    private func isEnd(_ track: Track) -> Bool {
        track.step.map { trace.steps[$0].kind == .end } ?? false
    }

    /// What looked like the function's end, because a call of its own code failed, turns out to be a step.
    private mutating func adopt(_ step: StepID, by track: Track) -> Int? {
        guard isEnd(track), let index = track.step else { return nil }
        indexes[step] = index
        trace.update(index) { $0.id = step }
        if let description = descriptions[step] { describe(index, description) }
        return index
    }

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
        if let description = descriptions[step] { describe(index, description) }
        return index
    }

    private mutating func describe(_ index: Int, _ description: StepDescription) {
        trace.update(index) { step in
            step.type = description.type
            step.input = description.input?.json
        }
    }

    private mutating func update(_ step: StepID, at time: Timestamp, _ change: (inout RunTrace.Step) -> Void) {
        let index = index(of: step, at: time)
        trace.update(index, change)
    }

    /// Brings the step of a job up to date with its calls.
    private mutating func show(_ number: JobNumber, _ change: (inout RunTrace.Step) -> Void = { _ in }) {
        guard let track = jobs[number] else { return }
        for index in [track.step].compactMap(\.self) + track.gateways where trace.steps[index].result == nil {
            trace.update(index) { step in
                step.attempts = track.attempts
                change(&step)
            }
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
