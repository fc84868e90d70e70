import ApusCore

/// Calls to apps: waiting for their turn, going out.
extension ShardCore {
    func enqueue(_ job: Job, of resident: Resident) {
        guard resident.queued.insert(job.number).inserted else { return }
        let app = registry.functions[resident.run.start.function]?.app ?? resident.run.start.function
        gates[app, default: AppGate()].enqueue(
            ReadyJob(runCreatedAt: resident.run.createdAt, run: resident.row, job: job.number)
        )
        stir(app)
        touch(resident)
    }

    /// Lets as many waiting jobs go as their apps' limits allow.
    func sendDueCalls() {
        var next = 0
        while next < stirredApps.count {
            sendDueCalls(to: stirredApps[next])
            next += 1
        }
        stirredApps.removeAll(keepingCapacity: true)
    }

    func stir(_ app: UUID16) {
        if stirredApps.last != app { stirredApps.append(app) }
    }

    private func sendDueCalls(to app: UUID16) {
        while let ready = gates[app]?.next(limits: configuration.limits) {
            // A run with a job in the queue stays in memory until it ends.
            guard let resident = residents[ready.run] else { continue }
            let function = resident.run.start.function
            if registry.functions[function]?.pausedAt != nil {
                // It stays queued, and its run in memory, until the function goes on.
                held[function, default: []].append(ready)
                continue
            }
            resident.queued.remove(ready.job)
            touch(resident)
            guard let job = resident.run.job(ready.job), isDue(job, of: resident) else { continue }
            send(job, of: resident, to: app)
        }
    }

    private func isDue(_ job: Job, of resident: Resident) -> Bool {
        switch job.phase {
        case .scheduled(let due): due <= now
        case .calling: isOrphaned(job, of: resident)
        }
    }

    private func send(_ job: Job, of resident: Resident, to app: UUID16) {
        let limits = configuration.limits
        guard resident.run.stack.count < limits.stepsPerRun else {
            fail(resident, .overflowedSteps(limit: limits.stepsPerRun))
            return
        }
        guard let function = registry.functions[resident.run.start.function] else {
            fail(resident, .noticed(message: "The function is not registered any more.", isFinal: true))
            return
        }
        if expire(resident) { return }
        beginFinishTimeout(of: resident, function)
        record(.called(job: job.number, generation: job.generation + 1), resident)
        guard let called = resident.run.job(job.number) else { return }
        let id = CallID(run: resident.row, job: called.number, generation: called.generation)
        let jobID = CallNames.jobID(run: resident.run.id, job: called.number)
        let requestID = CallNames.requestID(
            run: resident.run.id, job: called.number, generation: called.generation, at: now)
        let body = CallBody.encode(
            run: resident.run,
            job: called,
            events: resident.events,
            requestID: requestID,
            jobID: jobID,
            maxAttempts: maxAttempts(of: function),
            isPlanning: mustPlan(resident.run, besides: called),
            limits: limits
        )
        openCalls[id] = OpenCall(app: app, bytes: body.count)
        gates[app]?.callBegan(bytes: body.count)
        let target: StepID? = if case .target(let step) = called.kind { step } else { nil }
        let stepID = target?.description ?? "step"
        decision.effects.append(
            .call(
                OutgoingCall(
                    id: id,
                    app: app,
                    url: stepURL(of: function, stepID: stepID),
                    runID: resident.run.id,
                    stepID: stepID,
                    requestID: requestID,
                    jobID: jobID,
                    version: resident.run.version,
                    body: body
                )
            )
        )
    }

    /// An app may run a new step at once only when nothing else of the run is under way; otherwise
    /// two calls could meet the same step and both run it. Runs of version 1 say so themselves.
    private func mustPlan(_ run: Run, besides job: Job) -> Bool {
        run.isPlanning || run.jobs.contains { $0.number != job.number }
    }

    func maxAttempts(of function: FunctionRecord?) -> Int {
        min(max(function?.configuration.retries ?? configuration.defaultRetries, 0), 20) + 1
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
