import ApusCore

/// Runs ending, and who hears of it.
extension ShardCore {
    func fail(_ resident: Resident, _ failure: AttemptFailure) {
        finish(
            resident,
            RunEnd(status: .failed, output: payload(failure.body), cause: failure.cause)
        )
    }

    /// - Parameter isMoved: another run goes on in its place, so nobody is told of an end.
    func finish(_ resident: Resident, _ end: RunEnd, isMoved: Bool = false) {
        guard !resident.run.isFinished else { return }
        leaveFlow(resident)
        abandonGateways(of: resident)
        schedules.runEnded(resident.row)
        record(.finished(end), resident)
        resident.queued.removeAll()
        let run = resident.run
        tell(resident, .finished(RunOutcome(end: end, startedAt: run.startedAt, endedAt: run.endedAt)))
        if isMoved { return }
        let error: RawJSON? =
            end.status == .failed
            ? FailureEnvelope.make(body: end.output?.json ?? .null, cause: end.cause) : nil
        for invoker in resident.run.invokers { answerInvoker(invoker, end: end, error: error) }
        publishLifecycle(of: resident, end: end, error: error)
        startDeferrals(of: resident)
    }

    private func answerInvoker(_ invoker: Invoker, end: RunEnd, error: RawJSON?) {
        switch end.status {
        case .completed:
            answer(invoker, outcome: .completed, memo: Memo.data(end.output?.json))
        case .failed:
            answer(invoker, outcome: .failed, memo: Memo.error(error ?? .emptyObject))
        case .cancelled, .running:
            answer(invoker, outcome: .failed, memo: InvokeMemo.cancelled)
        }
    }

    /// Runs that were started by the end of another run announce nothing, so that a failure handler
    /// that fails does not call itself.
    private func publishLifecycle(of resident: Resident, end: RunEnd, error: RawJSON?) {
        guard let event = resident.events.first else { return }
        let trigger = event.view["name"]?.string ?? ""
        guard trigger != LifecycleEvent.finishedName, trigger != LifecycleEvent.failedName else { return }
        var names = [LifecycleEvent.finishedName]
        if end.status == .failed { names.append(LifecycleEvent.failedName) }
        if end.status == .cancelled { names.append(LifecycleEvent.cancelledName) }
        guard names.contains(where: { registry.hasTrigger(for: $0) || isListenedTo($0) }) else { return }
        let data = LifecycleEvent.data(
            functionSlug: resident.run.start.functionSlug,
            runID: resident.run.id,
            events: resident.events,
            status: LifecycleEvent.Status(rawValue: end.status.name) ?? .cancelled,
            result: end.status == .cancelled ? nil : end.output?.json,
            error: error,
            correlation: resident.run.start.invoker?.correlation
        )
        for name in names {
            publish(
                name: name,
                data: data,
                senderID: name == LifecycleEvent.finishedName ? nil : resident.run.id.description,
                meta: LifecycleEvent.meta(of: event)
            )
        }
    }
}
