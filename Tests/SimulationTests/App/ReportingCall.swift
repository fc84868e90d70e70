import ApusCore

/// Answers a call as an SDK does that checkpoints: runs one step after the other, and tells the server of each
/// while it goes on.
final class ReportingCall {
    private let sdk: SimulatedSDK
    private let reporting: Reporting
    private let done: (RawReply) -> Void
    private var memos: [StepID: RawJSON]
    private var stack: [StepID]
    /// What the server has said it has.
    private var reported: [ReportedStep] = []
    private var unreported: [ReportedStep] = []
    /// Steps that go into the next report.
    private var room = 1

    private var world: SimulatedWorld { sdk.world }

    init(_ sdk: SimulatedSDK, _ reporting: Reporting, _ done: @escaping (RawReply) -> Void) {
        self.sdk = sdk
        self.reporting = reporting
        self.done = done
        memos = sdk.request.memos
        stack = sdk.request.stack
        makeRoom()
    }

    func goOn() {
        let replay = Interpreter.run(sdk.function.program, memos: memos, stack: stack)
        switch replay.outcome {
        case .threw(let error):
            report { [self] in done(sdk.failure(error, isFinal: sdk.function.program.failsWithoutRetry)) }
        case .returned:
            finish()
        case .blocked:
            let found = sdk.heard(of: replay)
            if found.count == 1, let only = found.first, case .run(let body) = only.kind {
                run(only, body)
            } else {
                answer { [self] writer in
                    for step in found { writer.report(step, now: world.now) }
                }
            }
        }
    }

    private func run(_ step: Interpreter.FoundStep, _ body: Body) {
        // What the store refuses would take its neighbours along.
        if body.isPoison, !unreported.isEmpty { return report { [self] in run(step, body) } }
        let isSlow = world.strikes(world.scenario.faults.slowApp)
        world.after(isSlow ? world.random.anyDelay(upTo: 60_000) : world.random.between(0, 20)) { [self] in
            sdk.perform(step, body) { [self] result in
                guard let data = result else { return fail(step, body) }
                let finished = ReportedStep(step: step, data: data)
                memos[step.id] = finished.memo
                stack.append(step.id)
                unreported.append(finished)
                if unreported.count >= room || body.isPoison { report { [self] in goOn() } } else { goOn() }
            }
        }
    }

    private func fail(_ step: Interpreter.FoundStep, _ body: Body) {
        answer(retryAfter: body.retryAfter) { [self] writer in sdk.writeError(of: step, body, &writer) }
    }

    private func finish() {
        switch sdk.function.program.ending {
        case .returns, .completesByOp:
            guard reporting.endsWithSteps else { break }
            return answer { [self] writer in writer.complete(sdk.outcome) }
        default: break
        }
        report { [self] in sdk.finish(done) }
    }

    // MARK: - The end of the call

    /// Ends the call with what cannot be reported beside it.
    private func answer(retryAfter: Int? = nil, _ write: @escaping (inout ReplyWriter) -> Void) {
        guard reporting.endsWithSteps else {
            return report { [self] in end(retryAfter: retryAfter, write) }
        }
        end(retryAfter: retryAfter, write)
    }

    private func end(retryAfter: Int? = nil, _ write: (inout ReplyWriter) -> Void) {
        var writer = ReplyWriter()
        if sdk.function.program.repeatsKnownSteps, let known = sdk.request.stack.first { writer.ranBefore(known) }
        let repeated = reporting.repeatsReported ? reported : []
        if !repeated.isEmpty { world.coverage.count(.reportedStepRepeated) }
        for step in repeated + unreported { writer.ran(step.step, data: step.data) }
        write(&writer)
        done(sdk.ops(writer, retryAfter: retryAfter))
    }

    // MARK: - Reports

    private func makeRoom() {
        room = Int(world.random.between(1, Int64(reporting.stepsPerReport)))
    }

    /// Reports what there is to report, and goes on unless the call has to end.
    private func report(_ next: @escaping () -> Void) {
        guard !unreported.isEmpty else { return next() }
        let report = SimulatedReport(unreported, of: sdk.request, record: sdk.record, in: world)
        ReportExchange(report, reporting, in: world) { [self] outcome in
            switch outcome {
            case .stored:
                reported += unreported
                unreported = []
                makeRoom()
                next()
            case .stale:
                done(sdk.failure(.string(SimulatedReport.replaced), isFinal: true))
            case .unanswered:
                world.coverage.count(.reportGivenUp)
                end { _ in }
            }
        }.send()
    }
}
