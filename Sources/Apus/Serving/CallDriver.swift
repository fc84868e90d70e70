import ApusCore
import Logging

/// Drives a handler through one call: decides which steps run now, and says what came of it.
struct CallDriver: Sendable {
    let client: Client
    let definition: FunctionDefinition
    let call: Call

    private let clock = ContinuousClock()

    init(client: Client, definition: FunctionDefinition, call: Call) {
        self.client = client
        self.definition = definition
        self.call = call
    }

    /// Answers the call. A handler that is not at its end is kept for the next call of its run, unless the answer is wanted
    /// no more: then the task is cancelled, and with it what the handler does.
    func reply() async -> CallReply {
        let history = History(steps: call.steps, stack: call.stack)
        let pass = pass(for: history)
        let reply = await withTaskCancellationHandler {
            await drive(pass)
        } onCancel: {
            pass.cancel()
        }
        switch reply {
        case .steps where Task.isCancelled: pass.unwind()
        case .steps:
            pass.park()
            client.kept.keep(pass, of: call.run)
        case .stale, .targetMissing: pass.unwind()
        case .returned, .completed, .threw: break
        }
        return reply
    }

    private func pass(for history: History) -> Pass {
        let context = context
        if let kept = client.kept.take(call.run) {
            if kept.continues(history) {
                kept.take(history, context: context, target: call.target)
                return kept
            }
            kept.unwind()
        }
        let pass = Pass(context, handler: definition.handler)
        pass.take(history, context: context, target: call.target)
        return pass
    }

    private var context: RunContext {
        RunContext(
            runID: call.run, functionID: definition.slug, attempt: call.attempt, maxAttempts: call.maxAttempts,
            events: call.events.map { ReceivedEvent($0) }, client: client, stalls: definition.stalls
        )
    }

    // MARK: - The loop

    private func drive(_ pass: Pass) async -> CallReply {
        let deadline = clock.now + client.settings.checkpoints.longestCall
        while true {
            switch await pass.settle() {
            case .finished(.success(let result)):
                warnOfChanges(pass, [])
                return .returned(result)
            case .finished(.failure(let error)):
                return failure(error)
            case .target(let step):
                client.witness?.reached([step])
                return await run(step, pass).reply
            case .waiting(let steps):
                client.witness?.reached(steps)
                warnOfChanges(pass, steps)
                if let target = call.target {
                    client.witness?.changed(StepChange(pass, missing: target, instead: steps))
                    return .targetMissing(target, found: steps)
                }
                guard steps.count == 1, let step = steps.first, step.order.runsHere, !call.planOnly,
                    !call.canCheckpoint || client.settings.checkpoints.longestCall == .zero || clock.now < deadline
                else { return .steps(steps.map { StepReport(asking: $0) }, retry: nil) }
                switch await checkpointed(await run(step, pass), step, pass) {
                case .next: continue
                case .answer(let reply): return reply
                }
            }
        }
    }

    private func failure(_ error: any Error) -> CallReply {
        definition.log(error, client.settings.logger, run: call.run)
        return .threw(ErrorObject(error), Retry(error))
    }

    // MARK: - A step

    private struct Ran {
        let reply: CallReply
        /// The report that says that it succeeded.
        var success: StepReport?
    }

    private func run(_ step: StepCall, _ pass: Pass) async -> Ran {
        guard step.order.runsHere else { return Ran(reply: .steps([StepReport(asking: step)], retry: nil)) }
        let start = Timestamp.now.milliseconds
        var outcome: BodyOutcome?
        let length = await clock.measure {
            if let instead = await client.witness?.outcome(of: step, in: pass.context) {
                outcome = pass.middleware.outgoing(instead)
            } else {
                outcome = await pass.runBody(of: step)
            }
        }
        let timing = (start: start * 1_000_000, length: TimeSpan(length).nanoseconds)
        switch outcome.map(CallDriver.limited) {
        case .returned(let data):
            var report = StepReport(step, .stepRun, data: data)
            report.timing = timing
            return Ran(reply: .steps([report], retry: nil), success: report)
        case .threw(let error):
            if !Task.isCancelled { warn(of: error, in: step) }
            var retry = Retry(error)
            let isLast = call.maxAttempts.map { call.attempt + 1 >= $0 } ?? false
            if isLast { retry = .never }
            var kind = Op.Kind.stepError
            if case .never = retry { kind = .stepFailed }
            var report = StepReport(step, kind, error: ErrorObject(error).json)
            report.timing = timing
            return Ran(reply: .steps([report], retry: retry))
        case nil:
            return Ran(reply: .targetMissing(step.id, found: []))
        }
    }

    /// A result that the server would not take is the step's failure, rather than one of the call that says nothing.
    private static func limited(_ outcome: BodyOutcome) -> BodyOutcome {
        let limit = ReplyLimits.default.stepOutputBytes
        guard case .returned(let data) = outcome, data.bytes.count > limit else { return outcome }
        return .threw(NonRetriableError("the step's result has \(data.bytes.count) bytes; \(limit) are allowed"))
    }

    private func warn(of error: any Error, in step: StepCall) {
        client.settings.logger.warning(
            "a step threw",
            metadata: [
                "run": "\(call.run)", "function": "\(definition.slug)", "step": "\(step.name)",
                "attempt": "\(call.attempt)", "error": "\(error)",
            ]
        )
    }

    private enum After {
        case next
        case answer(CallReply)
    }

    /// Reports a step that ran, and goes on with the next one when the server has its result.
    private func checkpointed(_ ran: Ran, _ step: StepCall, _ pass: Pass) async -> After {
        // A repeated call ends with its step, so that what follows begins with attempt 0.
        guard let report = ran.success, call.canCheckpoint, call.attempt == 0,
            client.settings.checkpoints.longestCall > .zero
        else { return .answer(ran.reply) }
        pass.append(RawJSON.emptyObject.adding("data", report.data ?? .null), of: step)
        // The last step's result is made durable by the answer that ends the run.
        if let result = pass.resultAtOnce, result.bytes.count + (report.data?.bytes.count ?? 0) < Self.ridingBytes {
            warnOfChanges(pass, [])
            return .answer(.completed(report, result))
        }
        switch await Checkpoint(client: client, call: call).send(report) {
        case .taken: return .next
        case .stale: return .answer(.stale)
        case .failed: return .answer(ran.reply)
        }
    }

    /// Bytes of a step's result and of the function's up to which they share an answer.
    private static let ridingBytes = 1 << 20

    // MARK: - Changed functions

    private func warnOfChanges(_ pass: Pass, _ waiting: [StepCall]) {
        guard call.target == nil, !pass.unused.isEmpty else { return }
        let change = StepChange(pass, instead: waiting)
        client.witness?.changed(change)
        client.settings.logger.warning(
            """
            the function's steps have changed since this run began: results are there for steps that it does not \
            reach any more
            """,
            metadata: [
                "run": "\(call.run)", "function": "\(definition.slug)",
                "unused": "\(change.unused.map(\.description).joined(separator: ", "))",
                "after": "\(change.after)",
                "instead": "\(waiting.map { "\($0.name), \($0.line)" }.joined(separator: "; "))",
            ]
        )
    }
}

extension FunctionDefinition {
    fileprivate func log(_ error: any Error, _ logger: Logger, run: String) {
        logger.error("the function threw", metadata: ["run": "\(run)", "function": "\(slug)", "error": "\(error)"])
    }
}
