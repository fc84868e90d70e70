import ApusCore
import Logging

/// A run's history, given to a handler result by result and without any body: what shows whether code still does what
/// other code has done.
package final class HistoryReplay: Sendable {
    /// Where the handler stands.
    package enum Standing: Sendable {
        /// It returned.
        case returned(RawJSON)
        /// It threw.
        case threw(ErrorObject)
        /// It waits for these steps.
        case waiting([StepCall])
    }

    private let pass: Pass

    /// Starts a handler.
    /// - Parameters:
    ///   - events: those that started the run.
    ///   - isUndone: whether the run has undone what it did; then what the handler throws is final.
    package init?(
        _ definition: FunctionDefinition, client: Client, run: String, events: [RawJSON], isUndone: Bool
    ) {
        guard !events.isEmpty else { return nil }
        let attempts = definition.maxAttempts
        let context = RunContext(
            runID: run, functionID: definition.slug, attempt: isUndone ? attempts - 1 : 0, maxAttempts: attempts,
            events: events.map { ReceivedEvent($0.view) }, client: client, stalls: definition.stalls
        )
        pass = Pass(context, handler: definition.handler)
        pass.take(History(), context: context, target: nil)
    }

    /// Runs the handler until it has ended or waits for steps only.
    package func settle() async -> Standing {
        switch await pass.settle() {
        case .finished(.success(let result)): .returned(result)
        case .finished(.failure(let error)): .threw(ErrorObject(error))
        case .target(let step): .waiting([step])
        case .waiting(let steps): .waiting(steps)
        }
    }

    /// Gives a step that the handler waits for its result.
    package func give(_ memo: RawJSON, to step: StepCall) {
        pass.append(memo, of: step)
    }

    /// Whether the handler has cancelled a step, so that its result is not asked for.
    package func hasAbandoned(_ step: StepID) -> Bool { pass.hasAbandoned(step) }

    /// The step whose result the handler has got last, with its line.
    package var lastStep: String { pass.lastPlace }

    /// Ends the handler.
    package func end() { pass.unwind() }
}
