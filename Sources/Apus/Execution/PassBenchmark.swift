import ApusCore

/// Passes over handlers without a server, for measurements.
package final class PassBenchmark {
    private static let client = Client(appID: "bench", settings: .development())
    private var passes: [Pass] = []

    package init() {}

    /// What a call brings of so many steps.
    package struct Results: Sendable {
        fileprivate let steps: RawJSON
        fileprivate let stack: RawJSON
        fileprivate var history: History { History(steps: steps.view, stack: stack.view) }
        fileprivate let count: Int

        package init(of count: Int) {
            let ids = (0..<count).map { StepID.hashing("step-\($0)").description }
            steps = .object(ids.map { ($0, .object(["data": .string("the result of a step")])) })
            stack = .array(ids.map(RawJSON.string))
            self.count = count
        }
    }

    /// Reads the results of a call so many times.
    package static func read(_ results: Results, times: Int) -> Int {
        (0..<times).reduce(0) { sum, _ in sum + results.history.entries.count }
    }

    /// Runs new handlers that get a result from each step and return, one after the other.
    package static func run(_ results: Results, times: Int) async {
        let history = results.history
        let context = context
        let function = client.function("bench", triggers: [.event("bench/event")]) { _, step in
            var length = 0
            for name in names.prefix(results.count) { length += try await step.run(name) { "" }.utf8.count }
            return length
        }
        for _ in 0..<times {
            let pass = Pass(context, handler: function.definition.handler)
            pass.take(history, context: context, target: nil)
            guard case .finished(.success) = await pass.settle() else { preconditionFailure("a step has no result") }
        }
    }

    /// Suspends so many handlers, each at its second step.
    package func suspend(_ count: Int) async {
        let memo = RawJSON.object([StepID.hashing("step-0").description: .object(["data": .string("a")])])
        let function = PassBenchmark.client.function("bench", triggers: [.event("bench/event")]) { _, step in
            let first = try await step.run("step-0") { "" }
            return try await step.run("step-1") { first }
        }
        for _ in 0..<count {
            let context = PassBenchmark.context
            let pass = Pass(context, handler: function.definition.handler)
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
            events: [event], client: client, stalls: Stalls()
        )
    }
}
