import ApusCore

/// An op, understood: everything that could be wrong with it has been checked, so that a reply is
/// either carried out as a whole or counts as a failed attempt as a whole.
enum Instruction {
    /// A step has its result.
    case finish(StepID, StepResult.Outcome, memo: RawJSON, StepLabel, isRace: Bool)
    /// A step failed and may be tried again.
    case retry(StepID, error: RawJSON, StepLabel, isRace: Bool)
    case plan(StepID, StepLabel, isRace: Bool)
    case sleep(StepID, until: Timestamp, StepLabel, isRace: Bool)
    case invoke(Invocation)
    case waitForEvent(EventWait)
    case waitForSignal(SignalWait)
    /// The server makes a request.
    case gateway(GatewayRequest)
    case endRun(result: RawJSON?)
    /// Call again, although no step was reported.
    case callAgain
    case nothing

    /// Understands one op.
    /// - Parameter isFinal: the reply said that its errors are not to be tried again.
    static func understand(
        _ op: Op,
        isFinal: Bool,
        now: Timestamp,
        limits: Limits
    ) throws(InstructionError) -> Instruction {
        switch op.kind {
        case .none:
            return .nothing
        case .stepRun:
            let label = StepLabel(name: op.displayName, kind: .run)
            return .finish(op.id, .completed, memo: Memo.data(op.data), label, isRace: op.isRace)
        case .step:
            let label = StepLabel(name: op.displayName, kind: .legacy)
            return .finish(op.id, .completed, memo: op.data ?? .null, label, isRace: op.isRace)
        case .stepError:
            let label = StepLabel(name: op.displayName, kind: .run)
            let error = op.error ?? .emptyObject
            return isFinal
                ? .finish(op.id, .failed, memo: Memo.error(error), label, isRace: op.isRace)
                : .retry(op.id, error: error, label, isRace: op.isRace)
        case .stepFailed:
            let label = StepLabel(name: op.displayName, kind: .run)
            return .finish(op.id, .failed, memo: Memo.error(op.error ?? .emptyObject), label, isRace: op.isRace)
        case .stepPlanned:
            return .plan(op.id, StepLabel(name: op.displayName, kind: .run), isRace: op.isRace)
        case .sleep:
            return try sleep(op, now: now)
        case .invokeFunction:
            return .invoke(try Invocation(op, now: now))
        case .runComplete:
            return .endRun(result: op.data)
        case .syncRunComplete:
            return .endRun(result: op.result)
        case .discoveryRequest:
            return .callAgain
        case .waitForEvent:
            return .waitForEvent(try EventWait(op, now: now))
        case .waitForSignal:
            return .waitForSignal(try SignalWait(op, now: now))
        case .aiGateway, .gateway:
            return .gateway(try GatewayRequest(op))
        case .deferAdd, .deferAbort:
            // What rides along is no instruction.
            return .nothing
        }
    }

    private static func sleep(_ op: Op, now: Timestamp) throws(InstructionError) -> Instruction {
        let text = op.options?.view["duration"]?.string ?? op.name
        do {
            let until = try SleepUntil.parse(text, now: now)
            return .sleep(op.id, until: until, StepLabel(name: op.displayName, kind: .sleep), isRace: op.isRace)
        } catch {
            throw InstructionError(error)
        }
    }
}

/// Why an op cannot be carried out.
struct InstructionError: Error, Hashable {
    var failure: AttemptFailure

    init(_ failure: AttemptFailure) {
        self.failure = failure
    }

    /// A sleep that cannot be read is tried again, because a later deploy may mend it; one that is
    /// too long never gets shorter.
    init(_ error: SleepError) {
        let isTooLong = if case .tooLong = error { true } else { false }
        failure = .noticed(
            name: isTooLong ? "InngestErrTimeoutTooLong" : "Error",
            message: error.description,
            isFinal: isTooLong
        )
    }
}

/// The shapes in which results are handed back to apps.
enum Memo {
    static func data(_ data: RawJSON?) -> RawJSON { wrap("data", data ?? .null) }
    static func error(_ error: RawJSON) -> RawJSON { wrap("error", error) }

    private static func wrap(_ key: StaticString, _ value: RawJSON) -> RawJSON {
        var writer = JSONWriter(reserving: value.bytes.count + 12)
        writer.beginObject()
        writer.key(key)
        writer.raw(value)
        writer.endObject()
        return RawJSON(canonical: writer.bytes)
    }
}
