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

    /// Whether what a handler has registered must be undone after it has ended so.
    static func isDue(_ result: Result<RawJSON, any Error>, in pass: Pass) -> Bool {
        switch result {
        case .success: return pass.hasResult(of: marker)
        case .failure(let error):
            guard !(error is RunUnwound), !pass.compensations.newestFirst.isEmpty else { return false }
            return pass.hasResult(of: marker) || isFinal(error, pass.context)
        }
    }

    private static func isFinal(_ error: any Error, _ context: RunContext) -> Bool {
        if case .never = Retry(error) { return true }
        return context.isLastAttempt
    }

    /// Undoes it.
    /// - Returns: how the handler has ended now.
    @inline(never)
    static func run(after result: Result<RawJSON, any Error>, in pass: Pass) async -> Result<RawJSON, any Error> {
        let undos = pass.compensations.newestFirst
        let error: any Error =
            if case .failure(let error) = result { error } else { NonRetriableError("the run has been undone") }
        guard !undos.isEmpty else { return .failure(error) }
        let step = Step(pass: pass)
        do {
            let reason = try await step.run(marker) { Reason(ErrorObject(error)) }
            for undo in undos {
                do {
                    try await step.run(undo.name, undo.body)
                } catch let error as StepError {
                    step.context.logger.error("what was done cannot be undone", metadata: ["error": "\(error)"])
                }
            }
            return .failure(CompensatedError(reason: reason))
        } catch {
            return .failure(error)
        }
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
