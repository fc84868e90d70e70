import ApusCore

/// Requests that the server makes for steps.
///
/// They are part of the attempt whose answer asked for them: the job of the call stays under way, with its slots,
/// until the last of them has ended. So a crash in between leaves a call without an answer, which is repeated as the
/// same attempt; and one that fails makes the next attempt of the call. Results are kept as they come.
extension ShardCore {
    /// The requests that a reply asks for and that nobody has made or is making.
    func requests(in instructions: [Instruction], from job: Job, of run: Run) -> [GatewayRequest] {
        // What ends the run waits for nothing.
        if instructions.contains(where: { if case .endRun = $0 { true } else { false } }) { return [] }
        var requests: [GatewayRequest] = []
        for case .gateway(let request) in instructions {
            let step = request.step
            guard !run.isFinished(step), !requests.contains(where: { $0.step == step }) else { continue }
            let isOpen = run.jobs.contains { other in
                other.number != job.number && other.isCalling && other.gateways.contains { $0.step == step }
            }
            if !isOpen { requests.append(request) }
        }
        return requests
    }

    /// Says in the journal what will be asked for.
    func recordGateways(_ requests: [GatewayRequest], of job: Job, version: Int?, _ resident: Resident) {
        let call = GatewayCall(
            job: job.number, version: version,
            requests: requests.map { request in
                GatewayCall.Request(
                    step: request.step, label: request.label, isRace: request.isRace, host: request.url.host,
                    input: payload(request.shown)
                )
            }
        )
        record(.gateway(call), resident)
    }

    /// Lets the requests go, after everything else that the reply said.
    /// - Parameter failure: of a step of the same reply, for which the call is to be repeated afterwards.
    func beginGateways(
        _ requests: [GatewayRequest], of call: CallID, _ answered: OpenCall?, failure: OpenCall.Failure?
    ) {
        guard let resident = residents[call.run] else { return }
        let app = answered?.app ?? registry.functions[resident.run.start.function]?.app ?? UUID16(high: 0, low: 0)
        let slots = answered?.slots ?? CallSlots(of: resident.run)
        queue.hold(slots)
        openCalls[call] = OpenCall(app: app, bytes: 0, slots: slots, gateway: OpenCall.Gateway(failure: failure))
        decision.effects.append(
            .gateway(
                OutgoingGateway(id: call, run: resident.run.start.id, app: app, requests: requests, slots: slots)))
    }

    /// The run has ended: nobody waits for its requests.
    func abandonGateways(of resident: Resident) {
        for job in resident.run.jobs where job.isCalling && !job.gateways.isEmpty {
            let call = CallID(run: resident.row, job: job.number, generation: job.generation)
            if openCalls[call]?.gateway != nil { decision.effects.append(.endGateway(call)) }
        }
    }

    /// - Parameter runWasRead: the run is in memory if it still lives.
    func receive(_ report: GatewayReport, runWasRead: Bool = false) {
        let call = report.call
        if residents[call.run] == nil, openCalls[call]?.isInherited == true, !runWasRead {
            load(call.run, for: .gateway(report))
            decision.postponedUntilLoaded = call.run
            return
        }
        guard var open = openCalls[call] else { return }
        answering = call
        defer { answering = nil }
        if report.isLast { endGateways(of: call, open) }
        guard let resident = residents[call.run], let job = resident.run.job(call.job), job.isCalling,
            job.generation == call.generation,
            let gateway = job.gateways.first(where: { $0.step == report.step })
        else { return }
        let joint = resident.run.joint
        let outcome = settle(report, open: &open, job: job, of: resident)
        if !report.isLast { openCalls[call] = open }
        guard !resident.run.isFinished else { return }
        let isRepeated = report.isLast && conclude(job, open, of: resident)
        // The repeat of a call without a target is the discovery.
        if let outcome, !(isRepeated && job.step == nil) {
            discover(
                because: outcome == .failed ? .afterFailure(report.step) : .after(report.step),
                isRace: gateway.isRace || job.isRace, joint: joint, of: resident
            )
        }
        fireDueJobs(of: resident)
        if !resident.run.isFinished, resident.run.jobs.isEmpty { requestDiscovery(of: resident) }
    }

    private func endGateways(of call: CallID, _ open: OpenCall) {
        openCalls[call] = nil
        if open.holdsSlots { queue.release(open.slots, now: now) }
        stir(open.app)
    }

    /// - Returns: what the step's result is; `nil` when it has none.
    private func settle(
        _ report: GatewayReport, open: inout OpenCall, job: Job, of resident: Resident
    ) -> StepResult.Outcome? {
        guard !resident.run.isFinished(report.step) else { return nil }
        let (outcome, memo): (StepResult.Outcome, RawJSON)
        switch report.result {
        case .completed(let result): (outcome, memo) = (.completed, result)
        case .notMade(let delay):
            let known = open.gateway?.repeatsIn ?? .zero
            open.gateway?.repeatsIn = max(known, delay)
            return nil
        case .failed(let failure):
            let hasAttempts =
                Int(job.attempt) + 1 < maxAttempts(of: resident.run)
            guard failure.isFinal || !hasAttempts else {
                let retryAt = [open.gateway?.failure?.retryAt, failure.retryAfter].compactMap(\.self).max()
                var kept =
                    open.gateway?.failure
                    ?? OpenCall.Failure(retryAt: nil, error: failure.shortError, cause: failure.cause)
                kept.retryAt = retryAt
                open.gateway?.failure = kept
                return nil
            }
            (outcome, memo) = (.failed, Memo.error(failure.error))
        }
        let limit = configuration.limits.runStateBytes
        guard resident.run.memos.byteCount + memo.bytes.count <= limit else {
            fail(resident, .overflowedState(limit: limit))
            return nil
        }
        let label = resident.run.labels[report.step] ?? StepLabel(name: report.step.description, kind: .gateway)
        settle(resident, report.step, outcome, memo: memo, label: label)
        return outcome
    }

    /// All requests of the job have ended.
    /// - Returns: whether its call is repeated.
    private func conclude(_ job: Job, _ open: OpenCall, of resident: Resident) -> Bool {
        if let failure = open.gateway?.failure {
            retry(job, of: resident, at: failure.retryAt, error: failure.error, cause: failure.cause)
            return true
        }
        if job.gateways.allSatisfy({ resident.run.isFinished($0.step) }) {
            record(.answered(job: job.number, version: nil), resident)
            return false
        }
        // What was not made, or is not remembered, is asked for again by the same attempt.
        reopen(job, of: resident, at: now + (open.gateway?.repeatsIn ?? .zero))
        return true
    }
}

/// Requests for the steps of one call's answer, complete but for the connection. They are made side by side.
package struct OutgoingGateway: Sendable {
    package var id: CallID
    package var run: ULID
    package var app: UUID16
    package var requests: [GatewayRequest]
    /// What the call counts for until the last of them has ended.
    package var slots: CallSlots
}
