import Apus
import ApusCore

/// What became of a step in a test.
public struct TestStep: Sendable, CustomStringConvertible {
    /// What the step does.
    public enum Kind: String, Sendable {
        /// Runs code.
        case run
        /// Sleeps.
        case sleep
        /// Waits for an event.
        case waitForEvent
        /// Waits for a signal.
        case waitForSignal
        /// Runs another function.
        case invoke
        /// Lets the server make a request.
        case fetch
        /// Lets the server ask a model.
        case infer
        /// Sends events.
        case send
        /// Sends a signal.
        case sendSignal
    }

    /// How it ended.
    public enum Outcome: String, Sendable {
        /// It has a result.
        case succeeded
        /// It failed for good.
        case failed
        /// What it waited for did not come.
        case timedOut
        /// The run ended first.
        case unfinished
        /// The function never reached it.
        case notReached
    }

    /// What the function calls it.
    public let name: String
    /// How many steps of the same name came before it.
    public let index: Int
    /// What it does.
    public internal(set) var kind = Kind.run
    /// How it ended.
    public internal(set) var outcome = Outcome.notReached
    /// How often it was tried.
    public internal(set) var attempts = 0
    /// Where it is called, `App/Onboard.swift:12`.
    public internal(set) var line = ""
    /// When the function reached it, after the run's start on the test's clock.
    public internal(set) var start = Duration.zero
    /// When it had its result, on the same clock.
    public internal(set) var end: Duration?
    /// The steps of the function that it invoked, if that was not mocked.
    public internal(set) var invoked: [TestStep] = []
    var memo: RawJSON?

    init(name: String, index: Int) {
        self.name = name
        self.index = index
    }

    /// Its result as a type.
    /// - Throws: ``TestFailure`` when it has none, `DecodingError` when it has another form.
    public func result<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        guard outcome == .succeeded, let memo else { throw TestFailure("step \(name) has no result: \(outcome)") }
        // Of events it is the event itself.
        return try Coding.decode(type, from: memo.view["data"] ?? memo.view)
    }

    /// What it failed with.
    public var error: TestError? {
        guard outcome == .failed, let error = memo?.view["error"]?.raw else { return nil }
        return TestError(json: error)
    }

    /// For example `send-welcome: run, succeeded after 3 attempts`.
    public var description: String {
        "\(name): \(kind), \(outcome)\(attempts > 1 ? " after \(attempts) attempts" : "")"
    }
}

/// What a step or a run failed with.
public struct TestError: Error, Sendable, CustomStringConvertible {
    let json: RawJSON

    /// The type of what was thrown.
    public var name: String { json.view["name"]?.string ?? "Error" }
    /// What was thrown, as a text.
    public var message: String { json.view["message"]?.string ?? json.view.string ?? "" }
    /// For example `MailError: down`.
    public var description: String { "\(name): \(message)" }

    /// What was thrown, if it was `Codable` and of this type.
    public func decode<Thrown: Error & Decodable>(_ type: Thrown.Type) -> Thrown? {
        guard let data = json.view["data"], name == String(describing: type) else { return nil }
        return try? Coding.decode(type, from: data)
    }
}
