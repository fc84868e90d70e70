import ApusCore

/// What an app's answer means for its run.
extension ShardCore {
    /// - Parameter runWasRead: the run is in memory if it still lives.
    func receive(_ reply: AppReply, for call: CallID, runWasRead: Bool = false) {
        // A run with a call in flight stays in memory until it ends, unless the call is older than memory.
        if residents[call.run] == nil, openCalls[call]?.isInherited == true, !runWasRead {
            load(call.run, for: .reply(call, reply))
            decision.postponedUntilLoaded = call.run
            return
        }
        let open = openCalls[call]
        release(call, reply: reply)
        answering = call
        defer { answering = nil }
        guard let resident = residents[call.run], let job = resident.run.job(call.job),
            job.isCalling, job.generation == call.generation
        else { return }
        switch reply {
        case .ops(let list): receive(list, of: open, for: job, of: resident)
        case .returned(let result): endRun(resident, with: result)
        case .failed(let failure): receive(failure, for: job, of: resident)
        }
    }

    /// The call's slot is free again, also when its run has ended or has moved on.
    private func release(_ call: CallID, reply: AppReply) {
        guard let open = openCalls.removeValue(forKey: call) else {
            // Of an earlier process, but in time: the job that still counts for it is repeated no more.
            if let resident = residents[call.run], let job = resident.run.job(call.job),
                job.generation == call.generation, isOrphaned(job, of: resident)
            {
                queue.release(CallSlots(of: resident.run), now: now)
            }
            return
        }
        gates[open.app]?.callEnded(bytes: open.bytes)
        if case .failed(let failure) = reply, failure.isUnreachable {
            gates[open.app]?.breaker.callDidNotReachApp(now: now)
        } else {
            gates[open.app]?.breaker.callReachedApp()
        }
        if open.holdsSlots { queue.release(open.slots, now: now) }
        stir(open.app)
    }

    /// The attempt failed: try again later, or give up the run.
    private func receive(_ failure: AttemptFailure, for job: Job, of resident: Resident) {
        guard !failure.isFinal, Int(job.attempt) + 1 < maxAttempts(of: resident.run) else {
            fail(resident, failure)
            return
        }
        retry(job, of: resident, at: failure.retryAfter, error: failure.body, cause: failure.cause)
    }

    func retry(_ job: Job, of resident: Resident, at time: Timestamp?, error: RawJSON, cause: String) {
        let retryAt =
            time
            ?? now
            + Backoff.delay(afterAttempt: Int(job.attempt), configuration: configuration, random: &random)
        record(.attemptFailed(job: job.number, retryAt: retryAt, error: error), resident)
        tell(resident, .attemptFailed(attempt: Int(job.attempt), cause: cause, retryAt: retryAt))
    }

    // MARK: - Op lists

    func receive(_ list: AppReply.OpList, of open: OpenCall?, for job: Job, of resident: Resident) {
        let limits = configuration.limits
        guard list.ops.count <= limits.opsPerReply else {
            fail(resident, .overflowedSteps(limit: limits.opsPerReply))
            return
        }
        let hasAttempts = Int(job.attempt) + 1 < maxAttempts(of: resident.run)
        let ops = list.ops.filter { !$0.kind.isLazy }
        var instructions: [Instruction] = []
        instructions.reserveCapacity(ops.count)
        do throws(InstructionError) {
            for op in ops {
                instructions.append(
                    try .understand(op, isFinal: list.isFinal || !hasAttempts, now: now, limits: limits)
                )
            }
        } catch {
            receive(error.failure, for: job, of: resident)
            return
        }

        let version = resident.run.version == -1 ? list.version : nil
        let requests = requests(in: instructions, from: job, of: resident.run)
        var isRetried = false
        var failure: OpenCall.Failure?
        if case .retry(let step, let error, let label, _)? = instructions.first(where: \.isRetry) {
            record(.stepNamed(step, label), resident)
            let cause = ErrorText.summary(of: error)
            if requests.isEmpty {
                if version != nil {
                    record(.answered(job: job.number, version: version), resident)
                    reopen(job, of: resident)
                }
                retry(job, of: resident, at: list.retryAfter, error: error, cause: cause)
                isRetried = true
            } else {
                failure = OpenCall.Failure(retryAt: list.retryAfter, error: error, cause: cause)
            }
        } else if requests.isEmpty {
            record(.answered(job: job.number, version: version), resident)
        }
        take(list.ops.flatMap(Rider.all), attempt: job.attempt, of: resident)
        if !requests.isEmpty { recordGateways(requests, of: job, version: version, resident) }
        beginParallel(ops, of: resident)
        let settled = carryOut(instructions, from: job, of: resident)
        guard !resident.run.isFinished else { return }
        discover(after: settled, isRetried: isRetried && job.step == nil, of: resident)
        fireDueJobs(of: resident)
        // Its time may have been up.
        guard !resident.run.isFinished else { return }
        if !requests.isEmpty {
            return beginGateways(
                requests, of: CallID(run: resident.row, job: job.number, generation: job.generation), open,
                failure: failure
            )
        }
        keepGoing(after: job, isEmpty: ops.allSatisfy { $0.kind == .none }, of: resident)
    }

    /// Several steps in one reply, of which at least one will finish later, are joined by one
    /// discovery once all of them have. Runs of version 1 are not joined; they plan from here on.
    private func beginParallel(_ ops: [Op], of resident: Resident) {
        guard ops.count >= 2 else { return }
        guard resident.run.version >= 2 else {
            if !resident.run.isPlanning { record(.planMode(true), resident) }
            return
        }
        guard ops.contains(where: \.kind.isAsynchronous) else { return }
        var steps: [StepID] = []
        // Nobody waits for a step that opted out of joining: the loser of a race, which may sleep for
        // days, must not hold up the steps that follow the race.
        for op in ops where op.kind.isStep && !op.isRace {
            guard !resident.run.isFinished(op.id), !steps.contains(op.id) else { continue }
            steps.append(op.id)
        }
        guard !steps.isEmpty else { return }
        record(.parallel(steps: steps, joint: JointKey.of(steps)), resident)
    }

    /// What a reply settled, for the discovery that follows it.
    private struct Settled {
        var steps: [StepID] = []
        /// Steps whose results the call had reported before it ended.
        var known: [StepID] = []
        var races: [StepID] = []
        var isFailure = false
        var joint: UInt64?
        var callsAgain = false
    }

    private func carryOut(_ instructions: [Instruction], from job: Job, of resident: Resident) -> Settled {
        var settled = Settled(joint: resident.run.joint)
        let position = job.stackPosition
        for instruction in instructions {
            // A run may have invoked the one that takes its place.
            guard !resident.run.isFinished else { return settled }
            switch instruction {
            case .finish(let step, let outcome, let memo, let label, let isRace):
                guard !resident.run.isFinished(step) else {
                    // The same call may have reported it before.
                    if job.hasCheckpoints { settled.known.append(step) }
                    continue
                }
                guard resident.run.memos.byteCount + memo.bytes.count <= mostStateBytes(of: resident) else {
                    fail(resident, .overflowedState(limit: mostStateBytes(of: resident)))
                    return settled
                }
                settle(resident, step, outcome, memo: memo, label: label)
                settled.steps.append(step)
                if isRace || job.isRace { settled.races.append(step) }
                if outcome == .failed { settled.isFailure = true }
            case .plan(let step, let label, let isRace):
                guard !resident.run.isFinished(step) else { continue }
                schedule(
                    .target(step), key: .plan(step), due: now, label: label, position: position, isRace: isRace,
                    of: resident)
            case .sleep(let step, let until, let label, let isRace):
                guard !resident.run.isFinished(step) else { continue }
                schedule(
                    .sleep(step), key: .sleep(step), due: until, label: label, position: position, isRace: isRace,
                    of: resident)
            case .invoke(let invocation):
                guard !resident.run.isFinished(invocation.step) else { continue }
                if !invoke(invocation, from: job, of: resident) {
                    settled.steps.append(invocation.step)
                    if invocation.isRace { settled.races.append(invocation.step) }
                }
            case .waitForEvent(let wait):
                guard !resident.run.isFinished(wait.step) else { continue }
                self.wait(wait, from: job, of: resident)
            case .waitForSignal(let wait):
                guard !resident.run.isFinished(wait.step) else { continue }
                self.wait(wait, from: job, of: resident)
            case .callAgain:
                settled.callsAgain = true
            // Begun when everything else has been carried out.
            case .retry, .nothing, .endRun, .gateway:
                continue
            }
        }
        for case .endRun(let result) in instructions {
            endRun(resident, with: result)
            break
        }
        return settled
    }

    /// Schedules the one discovery that a reply's finished steps lead to. A retry of an untargeted
    /// call is that discovery already.
    private func discover(after settled: Settled, isRetried: Bool, of resident: Resident) {
        if settled.callsAgain, resident.run.emptyReplies < configuration.limits.emptyReplies {
            requestDiscovery(of: resident)
        }
        let known = resident.run.jobs.isEmpty ? settled.known.last : nil
        guard let first = settled.steps.first ?? known, !isRetried else { return }
        if let race = settled.races.first {
            discover(because: .after(race), isRace: true, joint: nil, of: resident)
        } else {
            let cause: JobKey =
                settled.steps.count > 1
                ? .joined(JointKey.of(settled.steps))
                : settled.isFailure ? .afterFailure(first) : .after(first)
            discover(because: cause, isRace: false, joint: settled.joint, of: resident)
        }
    }

    /// A reply must leave its run with something to do. An empty one asks to be called again; one
    /// that repeats only what is known would stall the run and counts as a failed attempt.
    private func keepGoing(after job: Job, isEmpty: Bool, of resident: Resident) {
        guard resident.run.jobs.isEmpty else { return }
        if isEmpty, resident.run.emptyReplies < configuration.limits.emptyReplies {
            requestDiscovery(of: resident)
            return
        }
        reopen(job, of: resident)
        receive(
            .noticed(message: "The app's reply made no progress: it reported no step that is not finished already."),
            for: job,
            of: resident
        )
    }

    /// Takes a job up again that the reply had ended.
    func reopen(_ job: Job, of resident: Resident, at time: Timestamp? = nil) {
        var job = job
        job.phase = .scheduled(time ?? now)
        job.hasCheckpoints = false
        job.gateways = []
        record(.scheduled(job), resident)
    }
}

extension Op.Kind {
    /// Whether the op is about a step, which has a result some day.
    var isStep: Bool {
        switch self {
        case .none, .discoveryRequest, .runComplete, .syncRunComplete, .deferAdd, .deferAbort: false
        case .step, .stepRun, .stepError, .stepFailed, .stepPlanned, .sleep, .waitForEvent, .waitForSignal,
            .invokeFunction, .aiGateway, .gateway:
            true
        }
    }
}

extension Instruction {
    fileprivate var isRetry: Bool {
        if case .retry = self { true } else { false }
    }
}

/// Names the joint discovery of a set of steps, independent of their order.
enum JointKey {
    static func of(_ steps: [StepID]) -> UInt64 {
        var bytes: [UInt8] = []
        for step in steps.sorted() {
            bytes.append(contentsOf: step.description.utf8)
            bytes.append(0)
        }
        return StableHash.of(bytes)
    }
}

/// A step's or function's error in a few words, for logs.
enum ErrorText {
    static func summary(of error: RawJSON) -> String {
        let view = error.view
        let name = view["name"]?.string ?? "Error"
        guard let message = view["message"]?.string else { return name }
        return "\(name): \(message)"
    }
}

extension AttemptFailure {
    static func overflowedSteps(limit: Int) -> AttemptFailure {
        .noticed(
            name: "InngestErrFunctionOverflowed",
            message: "The function run exceeded the step limit of \(limit) steps.",
            isFinal: true
        )
    }

    static func overflowedState(limit: Int) -> AttemptFailure {
        .noticed(
            name: "InngestErrStateOverflowed",
            message: "The function run exceeded the state size limit of \(limit) bytes.",
            isFinal: true
        )
    }
}
