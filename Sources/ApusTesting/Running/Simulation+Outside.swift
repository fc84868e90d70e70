import Apus
import ApusCore

// What comes from outside: time, events, signals, other functions, answers of other servers.
extension Simulation {
    /// Arranges what becomes of a step that the server does.
    mutating func arrange(_ op: Op) async throws {
        let index = steps.index(of: op.id)
        let stub = plan.stubs.stub(of: op.displayName, index)
        let place = recorder.line(of: op.id)
        switch op.kind {
        case .sleep:
            do {
                result(of: op, .null, .succeeded, at: try SleepUntil.parse(op.name, now: now))
            } catch {
                throw TestFailure("step \(op.displayName)\(place): \(error)")
            }
        case .waitForEvent: try waitForEvent(op, stub)
        case .waitForSignal: try waitForSignal(op, stub)
        case .invokeFunction: try await invoke(op, stub)
        case .gateway, .aiGateway: try await request(op, stub)
        default: throw TestFailure("step \(op.displayName)\(place) is \(op.kind.rawValue), which no test knows")
        }
    }

    private mutating func result(of op: Op, _ memo: RawJSON, _ outcome: TestStep.Outcome, at time: Timestamp) {
        agenda.add(Job(kind: .result(op.id, memo, outcome), due: time))
    }

    private func limit(of op: Op) -> Timestamp {
        let text = op.options?.view["timeout"]?.string ?? ""
        guard let span = try? TimeSpan(parsing: text) else { return now + .days(365) }
        return now + span
    }

    // MARK: - Events

    private mutating func waitForEvent(_ op: Op, _ stub: Stub?) throws(TestFailure) {
        let limit = limit(of: op)
        let condition = op.options?.view["if"]?.string
        switch stub?.effect {
        case .event(let event, let delay):
            let time = now + TimeSpan(delay)
            let json = try self.json(of: event, at: time)
            let name = json.view["name"]?.string ?? ""
            guard name == op.name else {
                throw TestFailure(
                    "step \(op.displayName)\(recorder.line(of: op.id)) waits for \(op.name), and not for \(name)")
            }
            if let problem = Condition.problem(condition, event: events[0], later: json, now: now) {
                throw TestFailure(
                    """
                    the event that is to come for step \(op.displayName)\(recorder.line(of: op.id)) is not the one that \
                    it waits for: \(problem)
                    """)
            }
            if time > limit { return result(of: op, .null, .timedOut, at: limit) }
            result(of: op, json, .succeeded, at: time)
        case .nothing:
            result(of: op, .null, .timedOut, at: limit)
        case nil:
            try waitForArrival(op, condition, limit)
        case .body, .signal:
            throw misfit(op, stub, "an event: use test.event(…) or test.timesOut(…)")
        }
    }

    private mutating func waitForArrival(_ op: Op, _ condition: String?, _ limit: Timestamp) throws(TestFailure) {
        var isExpected = false
        for (event, delay) in plan.stubs.arrivals.sorted(by: { $0.delay < $1.delay }) {
            let time = start + TimeSpan(delay)
            let json = try self.json(of: event, at: time)
            guard json.view["name"]?.string == op.name else { continue }
            isExpected = true
            guard time >= now, time <= limit,
                Condition.problem(condition, event: events[0], later: json, now: now) == nil
            else { continue }
            return result(of: op, json, .succeeded, at: time)
        }
        guard isExpected else {
            throw TestFailure(
                """
                step \(op.displayName)\(recorder.line(of: op.id)) waits for event \(op.name), and nothing says what \
                comes: add test.event("\(op.displayName)", …), or test.timesOut("\(op.displayName)")
                """)
        }
        result(of: op, .null, .timedOut, at: limit)
    }

    private func json(of event: OutgoingEvent, at time: Timestamp) throws(TestFailure) -> RawJSON {
        do {
            let json = try event.json()
            return RunPlan.event(
                json.view["name"]?.string ?? "", json.view["data"]?.raw ?? .emptyObject, id: "arrival", at: time)
        } catch {
            throw TestFailure("an event of the test is no JSON: \(error)")
        }
    }

    private func misfit(_ op: Op, _ stub: Stub?, _ what: String) -> TestFailure {
        let said = stub.map { " (said by \($0.line))" } ?? ""
        return TestFailure("step \(op.displayName)\(recorder.line(of: op.id)) waits for \(what)\(said)")
    }

    /// Whether and when the function's options end the run.
    mutating func planCancellation() {
        let fields = plan.definition.fields
        if let finish = fields.options["timeouts"]?.view["finish"]?.string, let span = try? TimeSpan(parsing: finish) {
            agenda.add(Job(kind: .cancellation, due: start + span))
        }
        for cancellation in fields.cancellations.map(\.view) {
            let span = cancellation["timeout"]?.string.flatMap { try? TimeSpan(parsing: $0) } ?? .max
            for (event, delay) in plan.stubs.arrivals where TimeSpan(delay) <= span {
                let time = start + TimeSpan(delay)
                guard let json = try? self.json(of: event, at: time),
                    json.view["name"]?.string == cancellation["event"]?.string,
                    Condition.problem(cancellation["if"]?.string, event: events[0], later: json, now: time) == nil
                else { continue }
                agenda.add(Job(kind: .cancellation, due: time))
            }
        }
    }

    // MARK: - Signals

    private mutating func waitForSignal(_ op: Op, _ stub: Stub?) throws(TestFailure) {
        let limit = limit(of: op)
        switch stub?.effect {
        case .signal(let payload, let delay):
            let data: RawJSON
            do {
                data = try payload()
            } catch {
                throw TestFailure("the signal for step \(op.displayName) is no JSON: \(error)")
            }
            let time = now + TimeSpan(delay)
            if time > limit { return result(of: op, .null, .timedOut, at: limit) }
            let signal = RawJSON.object(["data": data, "signal": .string(op.name)])
            result(of: op, .object(["data": signal]), .succeeded, at: time)
        case .nothing:
            result(of: op, .null, .timedOut, at: limit)
        case nil:
            throw TestFailure(
                """
                step \(op.displayName)\(recorder.line(of: op.id)) waits for signal \(op.name), and nothing says what \
                comes: add test.signal("\(op.displayName)", …), or test.timesOut("\(op.displayName)")
                """)
        case .body, .event:
            throw misfit(op, stub, "a signal: use test.signal(…) or test.timesOut(…)")
        }
    }

    // MARK: - Other functions

    private mutating func invoke(_ op: Op, _ stub: Stub?) async throws {
        let slug = op.options?.view["function_id"]?.string ?? ""
        let limit = limit(of: op)
        if let error = plan.stubs.fault(of: op.displayName, attempt: 0) {
            return result(of: op, .object(["error": ErrorObject(error).json]), .failed, at: now)
        }
        switch stub?.effect {
        case .body(let body):
            return try await mocked(op, body, throughMiddleware: true)
        case .nothing:
            return result(of: op, Simulation.tooSlow, .timedOut, at: limit)
        case .event, .signal:
            throw misfit(op, stub, "function \(slug): use test.mock(step:) or test.timesOut(…)")
        case nil:
            guard let child = plan.stubs.functions[slug] else {
                throw TestFailure(
                    """
                    step \(op.displayName)\(recorder.line(of: op.id)) invokes \(slug), which the test does not have: add \
                    test.include(…) with the function, or test.mock(step: "\(op.displayName)", returns: …)
                    """)
            }
            let data = op.options?.view["payload"]?["data"]?.raw ?? .emptyObject
            let event = RunPlan.event("inngest/function.invoked", data, id: "invoked", at: now)
            let record = try await child.run([event], now, isKept: isKept)
            steps.include(record, of: op.id)
            let end = now + record.duration
            if end > limit { return result(of: op, Simulation.tooSlow, .timedOut, at: limit) }
            switch record.end {
            case .completed(let output): result(of: op, .object(["data": output]), .succeeded, at: end)
            case .failed(let error): result(of: op, .object(["error": error]), .failed, at: end)
            case .cancelled:
                let error = RawJSON.object(["message": .string("Function cancelled"), "name": .string("Error")])
                result(of: op, .object(["error": error]), .failed, at: end)
            }
        }
    }

    private static var tooSlow: RawJSON {
        let name = "InngestInvokeTimeoutError"
        let message = "Timed out waiting for invoked function to complete"
        return .object([
            "error": .object([
                "error": .string("\(name): \(message)"), "message": .string(message), "name": .string(name),
            ])
        ])
    }

    // MARK: - Other servers

    private mutating func request(_ op: Op, _ stub: Stub?) async throws {
        guard case .body(let body)? = stub?.effect else {
            if let error = plan.stubs.fault(of: op.displayName, attempt: maxAttempts - 1) {
                steps.setAttempts(maxAttempts, of: op.id)
                return result(of: op, .object(["error": ErrorObject(error).json]), .failed, at: now)
            }
            throw TestFailure(
                """
                step \(op.displayName)\(recorder.line(of: op.id)) lets the server make a request, and nothing says what \
                comes: add test.mock(step: "\(op.displayName)", returns: …)
                """)
        }
        // The server repeats what fails, with pauses.
        var time = now
        for attempt in 0..<maxAttempts {
            steps.setAttempts(attempt + 1, of: op.id)
            guard let error = plan.stubs.fault(of: op.displayName, attempt: attempt) else {
                return try await mocked(op, body, attempt: attempt, at: time)
            }
            if attempt + 1 == maxAttempts {
                return result(of: op, .object(["error": ErrorObject(error).json]), .failed, at: time)
            }
            time = time + Backoff.pause(after: attempt)
        }
    }

    private mutating func mocked(
        _ op: Op, _ body: @Sendable (StepAttempt) async throws -> RawJSON, attempt: Int = 0,
        throughMiddleware: Bool = false, at time: Timestamp? = nil
    ) async throws {
        do {
            var value = try await body(StepAttempt(attempt: attempt, index: steps.index(of: op.id)))
            // What another function returned has passed through it.
            if throughMiddleware { value = try client.settings.middleware.outgoing(value) }
            result(of: op, .object(["data": value]), .succeeded, at: time ?? now)
        } catch {
            result(of: op, .object(["error": ErrorObject(error).json]), .failed, at: time ?? now)
        }
    }
}
