import ApusCEL
import ApusCore
import ApusCron

extension Registration {
    /// Decodes the body of `POST /fn/register` and checks what is in it.
    ///
    /// - Throws: ``RegistrationError`` with everything that is wrong.
    package static func accept(_ body: [UInt8]) throws(RegistrationError) -> Registration {
        let registration = try decode(body)
        try registration.checkExpressions()
        return registration
    }

    /// The same for a body with which an app answered a sync request.
    package static func acceptInBand(_ body: [UInt8]) throws(RegistrationError) -> Registration {
        let registration = try decodeInBand(body)
        try registration.checkExpressions()
        return registration
    }

    /// Checks the expressions and schedules of all functions, so that a mistake is told when the app registers and not
    /// when an event comes.
    ///
    /// - Throws: ``RegistrationError`` that names function, field, position and reason of each.
    func checkExpressions() throws(RegistrationError) {
        var problems: [String] = []
        for function in functions { problems += function.expressionProblems }
        guard !problems.isEmpty else { return }
        let more = problems.count - RegistrationError.limit
        throw RegistrationError(
            .invalidFunctions,
            details: Array(problems.prefix(RegistrationError.limit)) + (more > 0 ? ["and \(more) more"] : [])
        )
    }
}

extension FunctionConfiguration {
    /// What is wrong with the function's expressions, a sentence each.
    fileprivate var expressionProblems: [String] {
        var problems: [String] = []
        func check(_ text: String, _ role: Expression.Role, _ complaint: String) {
            do {
                _ = try Expression(text, role: role)
            } catch {
                problems.append("function \(slug): \(complaint): error compiling expression: \(error)")
            }
        }
        for (index, trigger) in triggers.enumerated() {
            switch trigger {
            case .event(let name, .expression(let text)):
                check(text, .condition, "trigger \(index + 1): invalid trigger expression on '\(name)'")
            case .cron(let schedule, let jitter):
                problems += scheduleProblems(schedule, jitter).map { "function \(slug): trigger \(index + 1): \($0)" }
            case .event: break
            }
        }
        for (index, cancellation) in cancellations.enumerated() {
            guard let text = cancellation.condition else { continue }
            check(text, .cancellation, "cancel \(index + 1): Cancellation expression is invalid")
        }
        for (text, role, complaint) in flowControl.checkedExpressions {
            check(text, role, complaint)
        }
        return problems
    }

    private func scheduleProblems(_ schedule: String, _ jitter: String?) -> [String] {
        var problems: [String] = []
        do {
            _ = try CronSchedule(schedule)
        } catch {
            problems.append("\(error.protocolMessage): \(error)")
        }
        do {
            _ = try jitter.map { try Jitter($0) }
        } catch {
            problems.append("\(error)")
        }
        return problems
    }
}

extension FlowControl {
    /// The expressions that are checked, and what is said of one that cannot be used. The keys of a throttle and a
    /// singleton are not: one that cannot be used is a key without a result.
    fileprivate var checkedExpressions: [(text: String, role: Expression.Role, complaint: String)] {
        var found: [(String, Expression.Role, String)] = []
        func add(_ text: String?, _ role: Expression.Role, _ complaint: String) {
            guard let text else { return }
            found.append((text, role, complaint))
        }
        for key in concurrency.compactMap(\.key) {
            add(key, .keyUnchecked, "concurrency: Invalid concurrency key '\(key.excerpt())'")
        }
        if let key = runConcurrency?.key {
            add(key, .keyUnchecked, "concurrency: invalid function concurrency key '\(key.excerpt())'")
        }
        if let rateLimit {
            add(rateLimit.key, .key, "\(rateLimit.isIdempotency ? "idempotency" : "rateLimit"): key is invalid")
        }
        add(debounce?.key, .key, "debounce: Debounce expression is invalid")
        add(batch?.key, .key, "batchEvents: batch key expression is invalid")
        add(batch?.condition, .condition, "batchEvents: conditional batch expression is invalid")
        add(priority, .integer, "priority: Priority.Run expression is invalid")
        return found
    }
}
