import Apus
import ApusCore

/// What a run failed with.
public struct RunFailure: Error, Sendable, CustomStringConvertible {
    /// The run.
    public let runID: String
    /// The type of what was thrown, `CardDeclined`.
    public let name: String
    /// What was thrown, as a text.
    public let message: String
    /// More about it.
    public let stack: String?
    private let data: RawJSON?

    init(runID: String, _ error: JSONView) {
        self.runID = runID
        name = error["name"]?.string ?? "Error"
        message = error["message"]?.string ?? error.string ?? "Unknown error"
        stack = error["stack"]?.string
        data = error["data"]?.raw
    }

    /// What was thrown, if it was `Codable` and of this type.
    public func decode<Thrown: Error & Decodable>(_ type: Thrown.Type) -> Thrown? {
        guard let data, name == String(describing: type) else { return nil }
        return try? Coding.decode(type, from: data.view)
    }

    /// For example `run 01J… failed: CardDeclined: no funds`.
    public var description: String { "run \(runID) failed: \(name): \(message)" }
}
