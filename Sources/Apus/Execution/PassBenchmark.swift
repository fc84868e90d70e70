import ApusCore

/// Passes over handlers without a server, for measurements.
package final class PassBenchmark {
    private static let client = Client(appID: "bench", settings: .development())
    private var passes: [Pass] = []

    package init() {}

    /// The results of so many steps.
    package static func results(of count: Int) -> (steps: RawJSON, stack: RawJSON) {
        let ids = (0..<count).map { StepID.hashing("step-\($0)").description }
        return (
            .object(ids.map { ($0, .object(["data": .string("the result of a step")])) }),
            .array(ids.map(RawJSON.string))
        )
    }

    /// A new handler that gets a result from each of so many steps and returns.
    package static func run(_ count: Int, _ results: (steps: RawJSON, stack: RawJSON)) async {
        let pass = Pass(context) { pass in
            let step = Step(pass: pass)
            var length = 0
            for name in names.prefix(count) { length += try await step.run(name) { "" }.utf8.count }
            return .int(Int64(length))
        }
        pass.take(History(steps: results.steps.view, stack: results.stack.view), context: context, target: nil)
        guard case .finished(.success) = await pass.settle() else { preconditionFailure("a step has no result") }
    }

    /// Suspends so many handlers, each at its second step.
    package func suspend(_ count: Int) async {
        let memo = RawJSON.object([StepID.hashing("step-0").description: .object(["data": .string("a")])])
        for _ in 0..<count {
            let context = PassBenchmark.context
            let pass = Pass(context) { pass in
                let step = Step(pass: pass)
                let first = try await step.run("step-0") { "" }
                return .string(try await step.run("step-1") { first })
            }
            pass.take(History(steps: memo.view, stack: nil), context: context, target: nil)
            _ = await pass.settle()
            pass.park()
            passes.append(pass)
        }
    }

    /// Unwinds those that are suspended.
    package func end() {
        for pass in passes { pass.unwind() }
        passes = []
    }

    private static let names = (0..<1_000).map { "step-\($0)" }

    private static var context: RunContext {
        let event = ReceivedEvent(
            RawJSON.object(["data": .object(["user": .string("u1")]), "name": .string("bench/event")]).view)
        return RunContext(
            runID: "01HF7YAT00000G40R40M30E20A", functionID: "bench-function", attempt: 0, maxAttempts: 5,
            event: event, events: [event], logger: client.settings.logger, client: client, stalls: Stalls()
        )
    }
}
