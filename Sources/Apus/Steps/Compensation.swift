import ApusCore
import Logging
import Synchronization

extension Step {
    /// Says how something is undone should the run fail later.
    ///
    /// When the function fails for good, what was registered so far runs as steps, the last first; then the run fails
    /// with the error that it had. A run that is cancelled is not called any more and undoes nothing.
    ///
    /// ```swift
    /// let payment = try await step.run("charge") { try await bank.charge(order) }
    /// step.compensate("refund") { try await bank.refund(payment) }
    /// try await step.run("ship") { try await warehouse.ship(order) }
    /// ```
    public func compensate(_ name: String, _ undo: @escaping @Sendable () async throws -> Void) {
        pass.compensations.add(name, undo)
    }
}

/// What a handler has registered to undo.
final class Compensations: Sendable {
    typealias Undo = (name: String, body: @Sendable () async throws -> Void)

    private let undos = Mutex<[Undo]>([])

    func add(_ name: String, _ body: @escaping @Sendable () async throws -> Void) {
        undos.withLock { $0.append((name, body)) }
    }

    /// All of them, the last first.
    var newestFirst: [Undo] { undos.withLock { $0.reversed() } }
}

enum Compensation {
    /// The step whose result says that the run has begun to undo, and why. From then on nothing else can become of the
    /// run: a handler that would not fail when it is called again must not stop half-way.
    private static let marker = "compensation"

    /// Runs a handler, and what it has registered should it fail for good.
    static func guarding(_ step: Step, _ handler: () async throws -> RawJSON) async throws -> RawJSON {
        do {
            let result = try await handler()
            guard step.pass.hasResult(of: marker) else { return result }
            throw NonRetriableError("the run has been undone")
        } catch let error where !(error is RunUnwound) {
            let undos = step.pass.compensations.newestFirst
            guard !undos.isEmpty, step.pass.hasResult(of: marker) || isFinal(error, step.context) else { throw error }
            try await undo(undos, step, because: error)
        }
    }

    private static func isFinal(_ error: any Error, _ context: RunContext) -> Bool {
        if case .never = Retry(error) { return true }
        return context.isLastAttempt
    }

    private static func undo(_ undos: [Compensations.Undo], _ step: Step, because error: any Error) async throws
        -> Never
    {
        let reason = try await step.run(marker) { Reason(ErrorObject(error)) }
        for undo in undos {
            do {
                try await step.run(undo.name, undo.body)
            } catch let error as StepError {
                step.context.logger.error("what was done cannot be undone", metadata: ["error": "\(error)"])
            }
        }
        throw CompensatedError(reason: reason)
    }

    struct Reason: Codable, Sendable {
        let name: String
        let message: String

        init(_ error: ErrorObject) {
            name = error.name
            message = error.message
        }
    }
}

/// What a run fails with after it has been undone: the error that it had, which nothing can follow.
struct CompensatedError: Error {
    let reason: Compensation.Reason
}
