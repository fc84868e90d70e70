import ApusCore

/// Calls to apps: waiting for their turn, going out.
extension ShardCore {
    /// The job's run gets a place in the queue of its function.
    func enqueue(_ job: Job, of resident: Resident) {
        guard resident.queued.insert(job.number).inserted else { return }
        let isOrphan = job.isCalling
        queueUp(resident, isOrphan ? .repeats : resident.run.startedAt == nil ? .starts : .started)
        touch(resident)
    }

    private func queueUp(_ resident: Resident, _ kind: Lane.Kind, since: Timestamp? = nil) {
        let isKnown = queue.add(
            resident.row, of: resident.run.start.function, kind, flow: resident.run.flow,
            createdAt: resident.run.createdAt, since: since ?? now
        )
        if !isKnown { fail(resident, .noticed(message: "The function is not registered any more.", isFinal: true)) }
    }

    /// Lets as many waiting runs call as their limits allow.
    func sendDueCalls() {
        while true {
            let apps = queue.takeStirred()
            if apps.isEmpty { return }
            for app in apps {
                while gates[app, default: AppGate()].hasRoom(configuration.limits),
                    var admission = queue.next(of: app, now: now)
                {
                    if let resident = residents[admission.run] {
                        takeTurn(resident, admission, app: app)
                    } else {
                        queue.reserve(&admission)
                        gates[app, default: AppGate()].callsBeingRead += 1
                        load(admission.run, for: .turn(admission, app: app))
                    }
                }
            }
        }
    }

    /// The app has room again.
    func stir(_ app: UUID16) {
        queue.stir(app)
    }

    /// It is a run's turn: one of its calls goes out, and the run goes back to the queue if it has more.
    func takeTurn(_ resident: Resident, _ admission: RunQueue.Admission, app: UUID16) {
        touch(resident)
        // One that was read for its turn has found its jobs due, and gone back to the queue for them.
        queue.remove(resident.row, now: now)
        var isUsed = admission.lacksKeys
        if admission.lacksKeys {
            findKeys(of: resident)
        } else if let job = nextJob(of: resident, isRepeat: admission.isRepeat) {
            isUsed = send(job, of: resident, to: app, admission)
        }
        if !isUsed { giveBack(admission) }
        guard !resident.run.isFinished, !queue.contains(resident.row),
            let next = resident.queued.compactMap(resident.run.job).max(by: { !$0.isCalling && $1.isCalling })
        else { return }
        let since = admission.lacksKeys ? resident.run.waitsSince(at: now) : nil
        queueUp(
            resident, next.isCalling ? .repeats : resident.run.startedAt == nil ? .starts : .started, since: since
        )
    }

    /// Room that was taken for a call that is not made after all.
    func giveBack(_ admission: RunQueue.Admission) {
        guard !admission.lacksKeys, !admission.isRepeat else { return }
        queue.giveBack(admission, now: now)
    }

    /// The queued job that was made first and that still is to be sent.
    private func nextJob(of resident: Resident, isRepeat: Bool) -> Job? {
        for number in resident.queued.sorted() {
            guard let job = resident.run.job(number), isDue(job, of: resident) else {
                resident.queued.remove(number)
                continue
            }
            guard job.isCalling == isRepeat else { continue }
            resident.queued.remove(number)
            return job
        }
        return nil
    }

    private func isDue(_ job: Job, of resident: Resident) -> Bool {
        switch job.phase {
        case .scheduled(let due): due <= now
        case .calling: isOrphaned(job, of: resident)
        }
    }

    /// - Returns: whether the call goes out.
    private func send(_ job: Job, of resident: Resident, to app: UUID16, _ admission: RunQueue.Admission) -> Bool {
        let limits = configuration.limits
        guard resident.run.stack.count < mostSteps(of: resident) else {
            fail(resident, .overflowedSteps(limit: mostSteps(of: resident)))
            return false
        }
        guard let function = registry.functions[resident.run.start.function] else {
            fail(resident, .noticed(message: "The function is not registered any more.", isFinal: true))
            return false
        }
        if expire(resident) { return false }
        var request: EndpointRequest?
        if resident.run.endpoint != nil {
            guard let found = self.request(of: resident) else { return false }
            request = found
        }
        beginFinishTimeout(of: resident, function)
        if let waited = admission.waited { record(.waited(waited.obstacle, since: waited.since), resident) }
        if let arrival = queue.charge(admission, now: now) { decision.writes.append(.arrival(arrival)) }
        record(.called(job: job.number, generation: job.generation + 1), resident)
        guard let called = resident.run.job(job.number) else { return false }
        let id = CallID(run: resident.row, job: called.number, generation: called.generation)
        let jobID = CallNames.jobID(run: resident.run.id, job: called.number)
        let requestID = CallNames.requestID(
            run: resident.run.id, job: called.number, generation: called.generation, at: now)
        let slots = admission.isRepeat ? CallSlots(of: resident.run) : admission.slots
        let target: StepID? = if case .target(let step) = called.kind { step } else { nil }
        let stepID = target?.description ?? "step"
        let isPlanning = mustPlan(resident.run, besides: called)
        let body: [UInt8]
        let url: String
        var reentry: Reentry?
        if let request {
            body = request.body
            url = request.url
            reentry = Reentry(
                method: request.method, contentType: request.contentType, signature: request.signature,
                isPlanning: isPlanning
            )
        } else {
            body = CallBody.encode(
                run: resident.run,
                job: called,
                events: resident.events,
                requestID: requestID,
                jobID: jobID,
                maxAttempts: maxAttempts(of: resident.run),
                isPlanning: isPlanning,
                limits: limits
            )
            url = stepURL(of: function, stepID: stepID)
        }
        openCalls[id] = OpenCall(app: app, bytes: body.count, slots: slots)
        gates[app, default: AppGate()].callBegan(bytes: body.count)
        decision.effects.append(
            .call(
                OutgoingCall(
                    id: id,
                    app: app,
                    url: url,
                    runID: resident.run.id,
                    function: function.id,
                    trace: TraceContext(
                        trace: TraceContext.trace(of: resident.run.id, startedBy: resident.events.first),
                        span: CallNames.spanID(
                            run: resident.run.id, job: called.number, generation: called.generation)
                    ),
                    stepID: stepID,
                    requestID: requestID,
                    jobID: jobID,
                    version: resident.run.version,
                    body: body,
                    slots: slots,
                    reentry: reentry
                )
            )
        )
        return true
    }

    /// An app may run a new step at once only when nothing else of the run is under way; otherwise
    /// two calls could meet the same step and both run it. Runs of version 1 say so themselves.
    private func mustPlan(_ run: Run, besides job: Job) -> Bool {
        run.isPlanning || run.jobs.contains { $0.number != job.number }
    }

    func maxAttempts(of run: Run) -> Int {
        let registered = registry.functions[run.start.function]?.configuration.retries
        return min(max(run.endpoint?.retries ?? registered ?? configuration.defaultRetries, 0), 20) + 1
    }

    private func stepURL(of function: FunctionRecord, stepID: String) -> String {
        if let template = stepURLs[function.id] { return template.url(stepID: stepID) }
        let template = StepURLTemplate(function.configuration.stepURL)
        stepURLs[function.id] = template
        return template.url(stepID: stepID)
    }
}

/// The opaque names by which the protocol refers to a job and to one call of it. They follow from
/// the run, so that a repeat after a crash has the same job id without storing it.
package enum CallNames {
    private static let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)

    /// 13 base-36 characters, the same for every attempt.
    package static func jobID(run: ULID, job: JobNumber) -> String {
        var value = hash(run: run, job: job, generation: 0)
        var text: [UInt8] = []
        text.reserveCapacity(13)
        for _ in 0..<13 {
            text.append(digits[Int(value % 36)])
            value /= 36
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The span of the call, whose children are the spans that the app makes.
    package static func spanID(run: ULID, job: JobNumber, generation: UInt32) -> UInt64 {
        hash(run: run, job: job, generation: generation)
    }

    package static func requestID(run: ULID, job: JobNumber, generation: UInt32, at now: Timestamp) -> ULID {
        let low = hash(run: run, job: job, generation: generation)
        let milliseconds = UInt64(max(now.milliseconds, 0)) & 0xffff_ffff_ffff
        return ULID(high: milliseconds << 16 | run.low & 0xffff, low: low)
    }

    private static func hash(run: ULID, job: JobNumber, generation: UInt32) -> UInt64 {
        var bytes = run.bytes
        withUnsafeBytes(of: job.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: generation.littleEndian) { bytes.append(contentsOf: $0) }
        return StableHash.of(bytes)
    }
}
