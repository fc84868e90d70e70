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
        let memo = try await perform(name, SourceLine(file: file, line: line)) {
            .body
        } body: {
            try Coding.encode(try await body())
        }
        return try result(of: name, memo) { try Coding.decode(from: $0) }
    }

    /// Runs code once; see the other `run`.
    @_disfavoredOverload  // Code that is one expression could be taken for code whose value is thrown away.
    public func run(
        _ name: String, file: String = #fileID, line: Int = #line, _ body: @Sendable () async throws -> Void
    ) async throws {
        let memo = try await perform(name, SourceLine(file: file, line: line)) {
            .body
        } body: {
            try await body()
            return .null
        }
        try result(of: name, memo) { _ in }
    }

    /// A step that the server does.
    /// - Returns: its result as the server has it.
    func request(_ name: String, _ line: SourceLine, _ order: () throws -> StepOrder) async throws -> JSONView {
        try await perform(name, line, order) { throw CancellationError() }
    }

    /// A step.
    /// - Parameter body: what it does when it is one that runs here.
    /// - Returns: its result as the server has it.
    @inline(__always)
    func perform(
        _ name: String, _ line: SourceLine, _ order: () throws -> StepOrder,
        body: @Sendable () async throws -> RawJSON
    ) async throws -> JSONView {
        let entrance = try pass.enter(name, line, order)
        if case .memo(let memo) = entrance { return memo }
        return try await perform(name, entrance, body)
    }

    @inline(never)
    private func perform(
        _ name: String, _ entrance: Pass.Entrance, _ body: @Sendable () async throws -> RawJSON
    ) async throws -> JSONView {
        let call: StepCall
        switch entrance {
        case .memo(let memo): return memo
        case .wait(let found): call = found
        case .refused: try await pass.refuse()
        case .misplaced: throw MisplacedStepError(step: name)
        }
        var signal = await pass.wait(for: call)
        while true {
            switch signal {
            case .memo(let memo): return memo
            case .unwind: throw RunUnwound()
            case .cancel: throw CancellationError()
            case .run(let executor): signal = await pass.report(await outcome(of: call, on: executor, body), of: call)
            }
        }
    }

    @inline(never)
    private func outcome(
        of call: StepCall, on executor: BodyExecutor, _ body: @Sendable () async throws -> RawJSON
    ) async -> BodyOutcome {
        await withTaskExecutorPreference(executor) {
            do {
                return .returned(try await pass.middleware.around(info(of: call), body))
            } catch {
                return .threw(error)
            }
        }
    }

    /// What is inside `{"data":…}` and `{"error":…}`.
    @inline(never)
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
