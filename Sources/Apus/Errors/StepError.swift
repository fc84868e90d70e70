import ApusCore

/// A step that failed for good: it threw on its last attempt, threw a ``NonRetriableError``, or what it asked the
/// server for went wrong.
///
/// `catch` it where the function can go on without the step; uncaught it fails the run.
///
/// ```swift
/// do {
///     try await step.run("charge") { try await bank.charge(order) }
/// } catch let error as StepError {
///     if let declined = error.decode(CardDeclined.self) { … }
/// }
/// ```
public struct StepError: Error, Sendable, CustomStringConvertible {
    /// What the function calls the step.
    public let step: String
    /// The type of what was thrown, `CardDeclined`.
    public var name: String { object.name }
    /// What was thrown, as a text.
    public var message: String { object.message }
    /// More about it, as the app or the server wrote it down.
    public var stack: String? { object.stack }
    let object: ErrorObject

    init(step: String, _ error: JSONView) {
        self.step = step
        object = ErrorObject(error)
    }

    /// What was thrown, if it was `Codable` and of this type.
    public func decode<Thrown: Error & Decodable>(_ type: Thrown.Type) -> Thrown? { object.decode(type) }

    /// Whether the function that ``Step/invoke(_:_:_:within:file:line:)`` called has not ended in time.
    public var isTimeout: Bool { name == "InngestInvokeTimeoutError" }

    /// For example `step charge failed: CardDeclined: no funds`.
    public var description: String { "step \(step) failed: \(name): \(message)" }
}
