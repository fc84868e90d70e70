extension EventRequest {
    /// Decodes the body of `POST /invoke/{slug}`, one event object, into the event that starts the function.
    ///
    /// The event's own name and the `_inngest` of its data give way to the server's.
    ///
    /// - Parameters:
    ///   - function: the slug from the path, decoded; see ``decodeSlug(_:)``.
    ///   - limits: what the request may hold.
    /// - Throws: ``InvocationError``.
    public static func decodeInvocation(
        _ body: [UInt8],
        function: String,
        limits: EventLimits = .default
    ) throws(InvocationError) -> IncomingEvent {
        do throws(EventFailure) {
            var scanner = EventScanner(body)
            guard scanner.nextByte() == UInt8(ascii: "{") else { throw .notEvents }
            try limits.check(size: scanner.remainingBytes)
            let fields = try scanner.readEvent()
            guard scanner.nextByte() == nil else { throw scanner.failure(.trailingData) }
            var event = try IncomingEvent(fields, named: InvokedEvent.name)
            event.data = InvokedEvent.data(payload: event.data, routing: .init(function: function))
            return event
        } catch {
            switch error {
            case .notEvents, .malformed, .wrongType: throw .unreadable
            default: throw .invalidEvent
            }
        }
    }

    /// The function's slug in the path of `POST /invoke/{slug}`: percent-encoded, with `+` for a space.
    ///
    /// - Throws: ``InvocationError/undecodableSlug``.
    public static func decodeSlug(_ segment: some StringProtocol) throws(InvocationError) -> String {
        let (bytes, isWellFormed) = PercentEncoding.decode(segment.utf8)
        guard isWellFormed, let slug = String(validating: bytes, as: UTF8.self) else { throw .undecodableSlug }
        return slug
    }
}

/// Why a direct invocation was refused; the HTTP status is 400.
public enum InvocationError: String, Error, Hashable, Sendable, CustomStringConvertible {
    /// The body is not an event object.
    case unreadable = "Unable to read post data request"
    /// The event breaks a rule.
    case invalidEvent = "Invalid invocation event"
    /// The path has a `%` without two hexadecimal digits, or bytes that are not UTF-8.
    case undecodableSlug = "Unable to decode function slug"

    /// One sentence for the caller.
    public var message: String { rawValue }

    /// The same as ``message``.
    public var description: String { rawValue }
}
