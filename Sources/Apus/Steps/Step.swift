import ApusCore

/// The steps of a function: what it does durably.
///
/// A handler is called again and again during a run; a step that has a result returns it at once, and only new steps do
/// something. Steps run side by side when they are called so, with `async let` or in a task group.
///
/// A step's name is its identity: two steps of one name are told apart by their order, so give steps in parallel
/// branches names of their own.
public struct Step: Sendable {
    let pass: Pass

    /// What is known of the run and of the call that it is in.
    public var context: RunContext { pass.context }
}

// MARK: - Run

extension Step {
    /// Runs code once and keeps its result.
    ///
    /// Code that throws is run again as often as the function's retries allow, then the error is kept and thrown as a
    /// ``StepError``. Between its end and the moment at which the server has its result the process may die: then it
    /// runs again, so what it does should bear that.
    ///
    /// - Throws: ``StepError`` when it has failed for good.
    public func run<Output: Codable & Sendable>(
        _ name: String, file: String = #fileID, line: Int = #line, _ body: @Sendable () async throws -> Output
    ) async throws -> Output {
        try await execute(name, .body, SourceLine(file: file, line: line)) {
            try Coding.encode(try await body())
        } decode: { memo in
            try Coding.decode(from: memo)
        }
    }

    /// Runs code once; see the other `run`.
    public func run(
        _ name: String, file: String = #fileID, line: Int = #line, _ body: @Sendable () async throws -> Void
    ) async throws {
        try await execute(name, .body, SourceLine(file: file, line: line)) {
            try await body()
            return .null
        } decode: { _ in
        }
    }

    /// A step with a body.
    func execute<Output>(
        _ name: String, _ order: StepOrder, _ line: SourceLine,
        _ body: @Sendable () async throws -> RawJSON,
        decode: (JSONView) throws -> Output
    ) async throws -> Output {
        let call: StepCall
        switch pass.enter(name, line) {
        case .memo(let memo): return try result(of: name, memo, decode)
        case .wait(let id, let index):
            call = StepCall(id: id, name: name, index: index, line: line, order: order.racing)
        case .refused: try await pass.refuse()
        case .misplaced: throw MisplacedStepError(step: name)
        }
        var signal = await pass.wait(for: call)
        while true {
            switch signal {
            case .memo(let memo): return try result(of: name, memo, decode)
            case .unwind: throw RunUnwound()
            case .cancel: throw CancellationError()
            case .run:
                let outcome = await withTaskExecutorPreference(globalConcurrentExecutor) {
                    do {
                        return BodyOutcome.returned(try await pass.middleware.around(info(of: call), body))
                    } catch {
                        return BodyOutcome.threw(error)
                    }
                }
                signal = await pass.report(outcome, of: call)
            }
        }
    }

    /// A step that the server does.
    /// - Returns: its result as the server has it.
    func request(_ name: String, _ line: SourceLine, _ order: () throws -> StepOrder) async throws -> JSONView {
        switch pass.enter(name, line) {
        case .memo(let memo): return memo
        case .wait(let id, let index):
            let order = try order().racing
            switch await pass.wait(for: StepCall(id: id, name: name, index: index, line: line, order: order)) {
            case .memo(let memo): return memo
            case .unwind: throw RunUnwound()
            case .cancel, .run: throw CancellationError()
            }
        case .refused: try await pass.refuse()
        case .misplaced: throw MisplacedStepError(step: name)
        }
    }

    /// What is inside `{"data":…}` and `{"error":…}`.
    func result<Output>(of name: String, _ memo: JSONView, _ decode: (JSONView) throws -> Output) throws -> Output {
        var data = memo
        if memo.kind == .object {
            if let found = memo["data"] {
                data = found
            } else if let error = memo["error"] {
                throw StepError(step: name, error)
            }
        }
        do {
            return try decode(try pass.middleware.incoming(data))
        } catch {
            throw StepResultError(step: name, reason: "\(error)")
        }
    }

    private func info(of call: StepCall) -> StepInfo {
        let context = context
        return StepInfo(
            name: call.name, functionID: context.functionID, runID: context.runID, attempt: context.attempt
        )
    }
}
