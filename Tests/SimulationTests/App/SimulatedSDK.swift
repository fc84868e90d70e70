import ApusCore

/// Answers one call as an SDK does.
struct SimulatedSDK {
    let world: SimulatedWorld
    let log: CallLog
    let function: SimulatedFunction
    let request: CallRequest
    let record: CallRecord

    private var program: Program { function.program }

    func answer(_ done: @escaping (RawReply) -> Void) {
        let replay = Interpreter.run(program, memos: request.memos, stack: request.stack)
        if let target = request.target {
            answer(target, among: replay.found, done)
            return
        }
        if program.emptyReplies > 0, request.stack.isEmpty, log.countEmptyReply(of: record.run) <= program.emptyReplies
        {
            done(ops(ReplyWriter()))
            return
        }
        if let reporting = program.reporting, !request.isPlanning {
            ReportingCall(self, reporting, done).goOn()
            return
        }
        switch replay.outcome {
        case .threw(let error):
            done(failure(error, isFinal: program.failsWithoutRetry))
        case .returned:
            finish(done)
        case .blocked:
            let found = heard(of: replay)
            if found.count == 1, let only = found.first, case .run(let body) = only.kind, !request.isPlanning {
                run(only, body, done)
            } else {
                report(found, done)
            }
        }
    }

    /// The steps that a discovery reports.
    func heard(of replay: Interpreter.Result) -> [Interpreter.FoundStep] {
        program.reportsLosers ? replay.found : replay.found.filter { !$0.isLoser }
    }

    private func answer(_ target: StepID, among found: [Interpreter.FoundStep], _ done: @escaping (RawReply) -> Void) {
        guard let step = found.first(where: { $0.id == target }), case .run(let body) = step.kind else {
            done(failure(.string("step \(target) not found"), isFinal: false))
            return
        }
        run(step, body, done)
    }

    private func report(_ found: [Interpreter.FoundStep], _ done: (RawReply) -> Void) {
        var writer = ReplyWriter()
        if program.repeatsKnownSteps, let known = request.stack.first { writer.ranBefore(known) }
        for step in found { writer.report(step, now: world.now) }
        done(ops(writer))
    }

    // MARK: - Steps

    private func run(_ step: Interpreter.FoundStep, _ body: Body, _ done: @escaping (RawReply) -> Void) {
        perform(step, body) { data in
            var writer = ReplyWriter()
            guard let data else {
                writeError(of: step, body, &writer)
                return done(ops(writer, retryAfter: body.retryAfter))
            }
            if program.repeatsKnownSteps, let known = request.stack.first { writer.ranBefore(known) }
            writer.ran(step, data: data)
            done(ops(writer))
        }
    }

    /// Executes the step's body.
    /// - Parameter done: gets its result, `nil` when it has failed.
    func perform(_ step: Interpreter.FoundStep, _ body: Body, _ done: @escaping (RawJSON?) -> Void) {
        let (serial, earlier) = log.record(step.id, in: record, at: world.elapsed)
        world.rules.steps.executes(step.id, in: record, earlier: earlier, in: world)
        world.rules.checkpoints.executes(step.id, in: record, world)
        guard let event = body.sends else {
            done(result(of: body, serial: serial, execution: earlier.count + 1))
            return
        }
        world.senders.send(event, tag: "step\(serial)") { isAccepted in
            guard isAccepted else {
                log.markFailed(serial)
                done(nil)
                return
            }
            done(result(of: body, serial: serial, execution: earlier.count + 1))
        }
    }

    private func result(of body: Body, serial: Int, execution: Int) -> RawJSON? {
        let fails =
            switch body.outcome {
            case .succeeds: false
            case .fails(let times): execution <= times
            case .failsForEver, .failsFinally: true
            }
        // Poison is refused by the store, so it counts as failed.
        if fails || body.isPoison { log.markFailed(serial) }
        guard !fails else { return nil }
        return body.isPoison ? .string("poison") : data(serial: serial, padding: body.padding)
    }

    func writeError(of step: Interpreter.FoundStep, _ body: Body, _ writer: inout ReplyWriter) {
        let isFinal =
            if case .failsFinally = body.outcome {
                true
            } else {
                program.reportsLastFailure && request.attempt + 1 >= request.maxAttempts
            }
        writer.failed(step, message: "attempt \(request.attempt)", isFinal: isFinal)
    }

    private func data(serial: Int, padding: Int) -> RawJSON {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("execution")
        writer.value(serial)
        if padding > 0 {
            writer.key("padding")
            writer.value(String(repeating: "x", count: padding))
        }
        writer.endObject()
        return writer.finish()
    }

    // MARK: - The end of the function

    func finish(_ done: (RawReply) -> Void) {
        switch program.ending {
        case .returns:
            done(RawReply(status: 200, headers: headers(), body: outcome.bytes))
        case .returnsNothing:
            done(RawReply(status: 200, headers: headers()))
        case .returnsPoison:
            done(RawReply(status: 200, headers: headers(), body: RawJSON.string("poison").bytes))
        case .completesByOp:
            var writer = ReplyWriter()
            writer.complete(outcome)
            done(ops(writer))
        case .fails(let times, let retryAfter):
            if log.countFunctionError(of: record.run) <= times {
                done(failure(.string("not yet"), isFinal: false, retryAfter: retryAfter))
            } else {
                done(RawReply(status: 200, headers: headers(), body: outcome.bytes))
            }
        case .failsForEver:
            done(failure(.string("never"), isFinal: false))
        case .failsFinally:
            done(failure(.string("no"), isFinal: true))
        }
    }

    var outcome: RawJSON {
        .string("\(record.run) after \(request.stack.count) steps")
    }

    func failure(_ error: RawJSON, isFinal: Bool, retryAfter: Int? = nil) -> RawReply {
        RawReply(
            status: 500,
            headers: headers(isFinal: isFinal, retryAfter: retryAfter),
            body: error.bytes
        )
    }

    func ops(_ writer: ReplyWriter, retryAfter: Int? = nil) -> RawReply {
        var writer = writer
        return RawReply(status: 206, headers: headers(retryAfter: retryAfter), body: writer.finish())
    }

    private func headers(isFinal: Bool = false, retryAfter: Int? = nil) -> [(name: String, value: String)] {
        var headers = [
            (name: "X-Inngest-SDK", value: "simulated:v1"),
            (name: "X-Inngest-Req-Version", value: String(program.version)),
            (name: "X-Inngest-No-Retry", value: isFinal ? "true" : "false"),
        ]
        if let retryAfter { headers.append((name: "Retry-After", value: String(retryAfter))) }
        return headers
    }
}
