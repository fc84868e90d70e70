import ApusCore

/// An error as it goes over the wire.
package struct ErrorObject: Sendable {
    package var name: String
    package var message: String
    package var stack: String?
    /// The error itself, if it can be encoded: what ``StepError/decode(_:)`` reads.
    var data: RawJSON?

    init(name: String, message: String) {
        self.name = name
        self.message = message
    }

    /// As an app or the server wrote it down; what is no such object is a message.
    package init(_ json: JSONView) {
        name = json["name"]?.string ?? "Error"
        message = json["message"]?.string ?? json.string ?? "Unknown error"
        stack = json["stack"]?.string
        data = json["data"]?.raw
    }

    package init(_ error: any Error) {
        switch error {
        case let error as StepError: self = error.object
        case let error as CompensatedError:
            name = error.reason.name
            message = error.reason.message
        case let error as NonRetriableError:
            name = error.cause.map { ErrorObject.name(of: type(of: $0)) } ?? "NonRetriableError"
            message = error.message
            if let cause = error.cause { stack = String(reflecting: cause) }
        default:
            name = ErrorObject.name(of: type(of: error))
            message = "\(error)"
            if let error = error as? any Error & Encodable { data = try? Coding.encode(error) }
        }
    }

    static func name(of type: any Any.Type) -> String { String(describing: type) }

    /// What was thrown, if it was `Codable` and of this type.
    package func decode<Thrown: Error & Decodable>(_ type: Thrown.Type) -> Thrown? {
        guard let data, name == ErrorObject.name(of: type) else { return nil }
        return try? Coding.decode(type, from: data.view)
    }

    package var json: RawJSON {
        var writer = JSONWriter()
        writer.object { writer in
            if let data { writer.member("data", data) }
            writer.member("message", message)
            writer.member("name", name)
            if let stack { writer.member("stack", stack) }
        }
        return writer.finish()
    }
}

/// What an error says of trying again.
enum Retry {
    case usual
    case never
    case after(Duration)

    init(_ error: any Error) {
        switch error {
        case is NonRetriableError, is StepError, is MisplacedStepError, is ConfigurationError, is EncodingError,
            is CompensatedError:
            self = .never
        case let error as RetryAfterError: self = .after(error.delay)
        default: self = .usual
        }
    }
}
