import Apus
import ApusCore

/// What a run failed with.
public struct RunFailure: Error, Sendable, CustomStringConvertible {
    /// The run.
    public let runID: String
    /// The type of what was thrown, `CardDeclined`.
    public var name: String { object.name }
    /// What was thrown, as a text.
    public var message: String { object.message }
    /// More about it.
    public var stack: String? { object.stack }
    private let object: ErrorObject

    init(runID: String, _ error: JSONView) {
        self.runID = runID
        object = ErrorObject(error)
    }

    /// What was thrown, if it was `Codable` and of this type.
    public func decode<Thrown: Error & Decodable>(_ type: Thrown.Type) -> Thrown? { object.decode(type) }

    /// For example `run 01J… failed: CardDeclined: no funds`.
    public var description: String { "run \(runID) failed: \(name): \(message)" }
}
