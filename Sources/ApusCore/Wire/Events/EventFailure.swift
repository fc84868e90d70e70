/// Why an event was refused. The sender gets the ``message`` with HTTP status 400.
public enum EventFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The request's body is neither an object nor an array.
    case notEvents
    /// The text is not JSON; the offset counts from the start of the request's body.
    case malformed(JSONError)
    /// An element of the array is no object.
    case notAnObject(index: Int)
    /// A field's value has the wrong type.
    case wrongType(field: String, expected: String)
    /// The name begins with `inngest/`, which only the server uses.
    case reservedName(String)
    /// There is no name.
    case emptyName
    /// The time is before 1980.
    case tooEarly
    /// The time is after 2100-01-01.
    case tooLate
    /// The sessions in `meta` break a rule; the payload is the message.
    case session(String)
    /// The event has more bytes than it may.
    case tooLarge(limit: Int, size: Int)
    /// The array has more events than it may.
    case tooManyEvents(limit: Int)

    /// One sentence for the sender; the texts are those of the protocol's other server.
    public var message: String {
        switch self {
        case .notEvents: "Request body must contain an event object or an array of event objects"
        case .malformed(let error): error.description
        case .notAnObject(let index): "event \(index) is not a JSON object"
        case .wrongType(let field, let expected): "event field \"\(field)\" must be \(expected)"
        case .reservedName(let name): "event name is reserved for internal use: \(name.excerpt())"
        case .emptyName: "event name is empty"
        case .tooEarly: "timestamp is before Jan 1, 1980"
        case .tooLate: "timestamp is after Jan 1, 2100"
        case .session(let message): message
        case .tooLarge(let limit, let size): "Event is over the max size: Max \(limit) bytes / Size \(size) bytes"
        case .tooManyEvents(let limit): "Cannot have more than \(limit) events in a batch"
        }
    }

    /// The same as ``message``.
    public var description: String { message }
}

extension EventFailure {
    /// An error in a part of the body that starts at `base`.
    static func malformed(_ error: JSONError, base: Int) -> EventFailure {
        .malformed(JSONError(error.reason, at: base + error.offset))
    }
}
