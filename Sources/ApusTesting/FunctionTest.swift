import Apus
import ApusCore
import Synchronization

/// Runs a function without a server and without waiting.
///
/// The function goes through the same code as in production; the test plays the server. Sleeps end at once, in their
/// order on a clock of the test's own; steps run unless they are mocked; what would come from outside, such as events,
/// is said beforehand.
///
/// ```swift
/// let test = FunctionTest(onboard)
/// test.mock(step: "create-workspace", returns: Workspace(id: "w1"))
/// test.fail(step: "send-welcome", with: MailError.down, times: 2)
/// test.timesOut("first-order")
/// let run = try await test.run(UserSignedUp(userID: "u1", email: "a@b.c"))
/// #expect(run.output == "w1")
/// #expect(run["send-welcome"].attempts == 3)
/// #expect(run.slept == .days(3))
/// ```
///
/// Several mocks of one name are for the first, second and further steps of that name; the last is for all that follow.
public final class FunctionTest<Input: Encodable & Sendable, Output: Sendable>: Sendable {
    /// What is tested.
    public let function: Function<Input, Output>
    /// How.
    public let settings: TestSettings
    let stubs = Mutex(Stubs())

    /// Prepares a test.
    public init(_ function: Function<Input, Output>, _ settings: TestSettings = TestSettings()) {
        self.function = function
        self.settings = settings
    }
}

// MARK: - Running

extension FunctionTest {
    /// Runs the function with an input.
    /// - Throws: ``TestFailure`` when the function cannot be tested like this, or does what it must not. A function that
    ///   fails is no failure of the test: see ``TestRun/error``.
    public func run(_ input: Input) async throws -> TestRun<Output> {
        try await run(named: inputName) { [try Coding.encode(input)] }
    }

    /// Runs the function with a batch of events.
    public func run(batch inputs: [Input]) async throws -> TestRun<Output> {
        guard !inputs.isEmpty else { throw TestFailure("a batch has at least one event") }
        return try await run(named: inputName) { try inputs.map { try Coding.encode($0) } }
    }

    /// Runs the function with an event by its name, for functions with several triggers or wildcards.
    public func run(event name: String, data: some Encodable & Sendable) async throws -> TestRun<Output> {
        try await run(named: name) { [try Coding.encode(data)] }
    }

    /// Runs the function at a tick of its schedule.
    public func runScheduled() async throws -> TestRun<Output> {
        guard let schedule = function.definition.triggers.lazy.compactMap({ $0.view["cron"]?.string }).first else {
            throw TestFailure("function \(function.slug) has no schedule")
        }
        return try await run(named: "inngest/scheduled.timer") { [.object(["cron": .string(schedule)])] }
    }

    private var inputName: String {
        get throws {
            let triggers = function.definition.triggers
            if triggers.isEmpty { return "inngest/function.invoked" }
            let names = triggers.compactMap { $0.view["event"]?.string }
            guard let name = names.first(where: { !$0.hasSuffix("*") }) else {
                throw TestFailure(
                    names.isEmpty
                        ? "no event starts function \(function.slug): use runScheduled()"
                        : "only a pattern says what starts function \(function.slug): use run(event:data:)")
            }
            return name
        }
    }

    private func run(
        named name: @autoclosure () throws -> String, _ data: () throws -> [RawJSON]
    ) async throws -> TestRun<Output> {
        let name = try name()
        let payloads: [RawJSON]
        do {
            payloads = try data()
        } catch {
            throw TestFailure("the input is no JSON: \(error)")
        }
        for payload in payloads where payload.view.kind != .object {
            throw TestFailure("the input is no JSON object but \(payload)")
        }
        let plan = RunPlan(function.definition, stubs.withLock { $0 }, settings)
        let record = try await plan.run(name: name, data: payloads)
        return TestRun(record, decode: function.decodeOutput)
    }
}

// MARK: - Steps

extension FunctionTest {
    /// Lets a step return a value without running: a `run`, or what the server does for a `fetch`, `infer` or `invoke`.
    public func mock(
        step name: String, returns value: some Encodable & Sendable, file: String = #fileID, line: Int = #line
    ) {
        add(name, .body({ _ in try Coding.encode(value) }), file, line)
    }

    /// Lets a step that returns nothing not run.
    public func mock(step name: String, file: String = #fileID, line: Int = #line) {
        add(name, .body({ _ in .null }), file, line)
    }

    /// Runs other code instead of a step's.
    public func mock<Value: Encodable & Sendable>(
        step name: String, file: String = #fileID, line: Int = #line,
        _ body: @escaping @Sendable (StepAttempt) async throws -> Value
    ) {
        add(name, .body({ attempt in try Coding.encode(try await body(attempt)) }), file, line)
    }

    /// Lets a step throw.
    /// - Parameters:
    ///   - error: what the body throws; a `fetch`, `infer` or `invoke` fails with it.
    ///   - times: how many attempts; all of them if not said. Afterwards the step does what it does otherwise.
    public func fail(step name: String, with error: any Error, times: Int? = nil) {
        stubs.withLock { $0.faults[name] = Fault(error: error, times: times ?? .max) }
    }

    /// Lets an event come for a step that waits for one. It has to be the event that the step waits for.
    /// - Parameter delay: how long after the step began to wait.
    public func event(
        _ step: String, _ event: some Event, after delay: Duration = .zero, file: String = #fileID, line: Int = #line
    ) {
        add(step, .event(OutgoingEvent(event), delay), file, line)
    }

    /// Lets a signal come for a step that waits for one.
    /// - Parameter delay: how long after the step began to wait.
    public func signal(
        _ step: String, _ payload: some Encodable & Sendable, after delay: Duration = .zero,
        file: String = #fileID, line: Int = #line
    ) {
        add(step, .signal({ try Coding.encode(payload) }, delay), file, line)
    }

    /// Lets nothing come for a step that waits for an event or a signal, or lets an invoked function be too slow.
    public func timesOut(_ step: String, file: String = #fileID, line: Int = #line) {
        add(step, .nothing, file, line)
    }

    /// Sends an event during the run. It reaches every step that waits for such an event at that time and whose
    /// condition holds, and cancels the run if its options say so; else it means nothing.
    /// - Parameter delay: how long after the run began.
    public func arrives(_ event: some Event, after delay: Duration) {
        stubs.withLock { $0.arrivals.append((OutgoingEvent(event), delay)) }
    }

    /// Gives a function that steps invoke, with mocks of its own.
    public func include<OtherInput, OtherOutput>(_ test: FunctionTest<OtherInput, OtherOutput>) {
        let plan = RunPlan(test.function.definition, test.stubs.withLock { $0 }, test.settings)
        stubs.withLock { $0.functions[test.function.slug] = plan }
    }

    /// Gives a function that steps invoke; what it does is not mocked.
    public func include(_ function: some Servable) {
        let plan = RunPlan(function.definition, Stubs(), settings)
        stubs.withLock { $0.functions[function.definition.slug] = plan }
    }

    private func add(_ step: String, _ effect: Stub.Effect, _ file: String, _ line: Int) {
        stubs.withLock {
            $0.steps[step, default: []].append(Stub(effect: effect, line: SourceLine(file: file, line: line)))
        }
    }
}
