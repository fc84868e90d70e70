import ApusCore

/// Steps finishing, and the jobs that they lead to.
extension ShardCore {
    func settle(
        _ resident: Resident,
        _ step: StepID,
        _ outcome: StepResult.Outcome,
        memo: RawJSON,
        label: StepLabel
    ) {
        record(.stepFinished(StepResult(step: step, outcome: outcome, memo: payload(memo), label: label)), resident)
        tell(resident, .stepFinished(name: label.name, outcome))
    }

    /// - Returns: whether the job is new; a cause that was met before makes no second job.
    @discardableResult
    func schedule(
        _ kind: Job.Kind,
        key: JobKey,
        due: Timestamp,
        label: StepLabel,
        position: UInt32,
        isRace: Bool,
        of resident: Resident
    ) -> Job? {
        guard !resident.run.hasSpent(key) else { return nil }
        if let step = Job(number: 0, key: key, kind: kind, due: due, stackPosition: 0).step {
            record(.stepNamed(step, label), resident)
        }
        return schedule(kind, key: key, due: due, position: position, isRace: isRace, of: resident)
    }

    @discardableResult
    private func schedule(
        _ kind: Job.Kind,
        key: JobKey,
        due: Timestamp,
        position: UInt32,
        isRace: Bool,
        of resident: Resident
    ) -> Job {
        let job = Job(
            number: resident.run.nextJob, key: key, kind: kind, due: due,
            stackPosition: position, isRace: isRace
        )
        record(.scheduled(job), resident)
        switch kind {
        case .discovery, .target:
            if due <= now { enqueue(job, of: resident) }
        case .sleep, .deadline:
            // Those of the past end when the whole reply that made them has been carried out.
            break
        }
        return job
    }

    /// Schedules a discovery after a step, unless its siblings have to finish first.
    /// - Parameter joint: the parallel batch that the step belonged to.
    func discover(because cause: JobKey, isRace: Bool, joint: UInt64?, of resident: Resident) {
        if !isRace, resident.run.version >= 2, resident.run.awaitsSiblings { return }
        let isJoined = !isRace && resident.run.version >= 2 && resident.run.pending.isEmpty
        let key = isJoined ? joint.map(JobKey.joined) ?? cause : cause
        guard !resident.run.hasSpent(key), !hasUnsentDiscovery(resident.run) else { return }
        schedule(
            .discovery, key: key, due: now, position: UInt32(resident.run.stack.count), isRace: false, of: resident)
    }

    /// A discovery that has not been sent yet will carry every result until then; a second one
    /// beside it would only ask the app the same question twice.
    private func hasUnsentDiscovery(_ run: Run) -> Bool {
        run.jobs.contains { job in
            guard case .scheduled(let due) = job.phase else { return false }
            return job.kind == .discovery && job.attempt == 0 && due <= now
        }
    }

    func requestDiscovery(of resident: Resident) {
        let key = JobKey.requested(resident.run.nextJob)
        schedule(
            .discovery, key: key, due: now, position: UInt32(resident.run.stack.count), isRace: false, of: resident)
    }

    /// A sleep is over. Its job goes on as the discovery that follows, unless siblings are pending.
    func wake(_ resident: Resident, from step: StepID, job: Job) {
        settle(resident, step, .completed, memo: .null, label: label(of: step, .sleep, in: resident.run))
        if !job.isRace, resident.run.version >= 2, resident.run.awaitsSiblings { return }
        guard !hasUnsentDiscovery(resident.run) else { return }
        var discovery = Job(
            number: job.number, key: job.key, kind: .discovery, due: now,
            stackPosition: UInt32(resident.run.stack.count)
        )
        discovery.generation = job.generation
        record(.scheduled(discovery), resident)
        enqueue(discovery, of: resident)
    }

    // MARK: - Invoke

    /// - Returns: `false` when the step was settled at once because its target is unknown.
    func invoke(_ invocation: Invocation, from job: Job, of resident: Resident) -> Bool {
        let step = invocation.step
        guard !resident.run.hasSpent(.deadline(step)) else { return true }
        guard let target = registry.function(named: invocation.function) else {
            settle(
                resident, step, .failed,
                memo: InvokeMemo.unknown(invocation.function), label: invocation.label
            )
            return false
        }
        let invoker = Invoker(shard: shard, run: resident.row, runID: resident.run.id, step: step)
        let eventID = random.nextULID(now: now)
        let deadline = scheduleDeadline(
            of: step, at: invocation.deadline, label: invocation.label, isRace: invocation.isRace, from: job,
            of: resident
        )
        guard let deadline else { return true }
        record(
            .invoked(
                InvokeWait(
                    step: step, deadlineJob: deadline.number, event: eventID,
                    functionSlug: target.configuration.slug, isRace: invocation.isRace
                )
            ),
            resident
        )
        let event = invocation.event(
            correlation: invoker.correlation,
            source: registry.functions[resident.run.start.function],
            trace: TraceContext(
                trace: TraceContext.trace(of: resident.run.id, startedBy: resident.events.first),
                span: CallNames.spanID(run: resident.run.id, job: job.number, generation: job.generation)
            )
        )
        let home = Self.home(of: eventID, shardCount: shardCount)
        if home == shard {
            accept(event, id: eventID, receivedAt: now, invoking: target, invoker: invoker)
        } else {
            send(.invoke(function: target.id, event: event, id: eventID, receivedAt: now, invoker: invoker), to: home)
        }
        return true
    }

    /// How long a deadline waits before it asks again whether an event that came in time has arrived.
    private static let patienceWithLooks = TimeSpan.milliseconds(50)

    /// Whether an event that was stored before the listener's deadline has not reached all its listeners
    /// yet: after a crash, or while the store does not answer, its look may take longer than the deadline.
    private func isOnItsWay(to listener: Listener) -> Bool {
        guard case .event = listener.purpose, listener.isReachable else { return false }
        return looks.concern(listener)
    }

    /// What a step waits for has come: the end of the invoked run, an event, a signal. The first result
    /// wins: a deadline that passed before, or a repeat, leaves nothing to do.
    func resume(_ resident: Resident, step: StepID, outcome: StepResult.Outcome, memo: RawJSON) {
        endWait(of: resident, for: step, outcome, memo: memo, because: .resumed(step))
    }

    func giveUpWait(of resident: Resident, for step: StepID) {
        if let listener = resident.run.listener(of: step), isOnItsWay(to: listener) {
            resident.heldUntil = now + Self.patienceWithLooks
            return
        }
        resident.heldUntil = nil
        let memo = resident.run.waits[step] == nil ? RawJSON.null : InvokeMemo.timedOut
        endWait(of: resident, for: step, .timedOut, memo: memo, because: .timedOut(step))
    }

    private func endWait(
        of resident: Resident,
        for step: StepID,
        _ outcome: StepResult.Outcome,
        memo: RawJSON,
        because cause: JobKey
    ) {
        guard !resident.run.isFinished, !resident.run.isFinished(step),
            let isRace = resident.run.waits[step]?.isRace ?? resident.run.listener(of: step)?.isRace
        else { return }
        guard resident.run.memos.byteCount + memo.bytes.count <= mostStateBytes(of: resident) else {
            fail(resident, .overflowedState(limit: mostStateBytes(of: resident)))
            return
        }
        let joint = resident.run.joint
        settle(resident, step, outcome, memo: memo, label: label(of: step, .invoke, in: resident.run))
        discover(because: cause, isRace: isRace, joint: joint, of: resident)
    }

    private func label(of step: StepID, _ kind: StepKind, in run: Run) -> StepLabel {
        run.labels[step] ?? StepLabel(name: step.description, kind: kind)
    }
}
