/// Why a registration was refused. Nothing of it is kept; what was registered before stays.
public struct RegistrationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of refusal it is; the raw value is a stable code.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// The body is not JSON, or a field has the wrong type.
        case invalidRequest = "invalid_request"
        /// The app has no name.
        case appIDRequired = "app_id_required"
        /// Some functions break a rule.
        case invalidFunctions = "invalid_function"
    }

    /// What kind of refusal it is.
    public let code: Code
    /// Everything that is wrong, a sentence each. After ``limit`` of them only their number follows.
    public let details: [String]

    /// The most problems that are listed.
    public static let limit = 50

    /// Makes an error.
    public init(_ code: Code, details: [String] = []) {
        self.code = code
        self.details = details
    }

    /// The HTTP status of the answer: 400.
    public var status: Int { 400 }

    /// The text that SDKs print, for example `App ID required` or `At least one function is invalid: …`.
    public var message: String {
        let text =
            switch code {
            case .invalidRequest: "Invalid request"
            case .appIDRequired: "App ID required"
            case .invalidFunctions: "At least one function is invalid"
            }
        return details.isEmpty ? text : "\(text): \(details.joined(separator: "; "))"
    }

    /// The body of the answer: `{"data":null,"error":…,"status":400}`.
    public var body: RawJSON {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("data")
        writer.null()
        writer.key("error")
        writer.value(message)
        writer.key("status")
        writer.value(status)
        writer.endObject()
        return writer.finish()
    }

    /// The same as ``message``.
    public var description: String { message }
}
