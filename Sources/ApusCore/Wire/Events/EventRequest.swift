/// The body of `POST /e/{key}`: one event or an array of them.
///
/// There is no all or nothing: the events before the first bad one are accepted. So the body is taken
/// apart element by element, and a syntax error late in an array does not undo what came before.
public struct EventRequest: Sendable {
    /// The accepted events in their order, each with the internal id that follows from the request's
    /// seed, or nil without a seed.
    public private(set) var events: [(event: IncomingEvent, internalID: ULID?)] = []
    /// Why the event after the accepted ones was refused; nil when all were accepted.
    public private(set) var failure: EventFailure?

    /// Decodes a body. An empty body and `[]` hold no events and are no failure.
    ///
    /// - Parameters:
    ///   - body: the HTTP layer bounds its size.
    ///   - seed: the request's `x-inngest-event-id-seed`.
    ///   - limits: what the request may hold.
    public static func decode(
        _ body: [UInt8],
        seed: EventIDSeed? = nil,
        limits: EventLimits = .default
    ) -> EventRequest {
        var request = EventRequest()
        var scanner = EventScanner(body)
        do {
            switch scanner.nextByte() {
            case nil: break
            case UInt8(ascii: "{"): try request.decodeObject(&scanner, seed: seed, limits: limits)
            case UInt8(ascii: "["): try request.decodeArray(&scanner, seed: seed, limits: limits)
            default: request.failure = .notEvents
            }
        } catch {
            request.failure = error
        }
        return request
    }

    /// A single event; its size is that of everything from its first byte on, and nothing may follow it.
    private mutating func decodeObject(
        _ scanner: inout EventScanner,
        seed: EventIDSeed?,
        limits: EventLimits
    ) throws(EventFailure) {
        try limits.check(size: scanner.remainingBytes)
        let event = try EventRequest.readEvent(&scanner, limits: limits)
        guard scanner.nextByte() == nil else { throw scanner.failure(.trailingData) }
        append(event, seed: seed)
    }

    /// An array of events; whatever follows it is ignored.
    private mutating func decodeArray(
        _ scanner: inout EventScanner,
        seed: EventIDSeed?,
        limits: EventLimits
    ) throws(EventFailure) {
        scanner.skipByte()
        if scanner.nextByte() == UInt8(ascii: "]") { return }
        while true {
            guard let first = scanner.nextByte() else { throw scanner.failure(.unexpectedEnd) }
            guard events.count < limits.eventsPerRequest else {
                throw .tooManyEvents(limit: limits.eventsPerRequest)
            }
            guard first == UInt8(ascii: "{") else { throw scanner.failureOfElement(at: events.count) }
            append(try EventRequest.readEvent(&scanner, limits: limits), seed: seed)

            switch scanner.nextByte() {
            case UInt8(ascii: ","): scanner.skipByte()
            case UInt8(ascii: "]"): return
            case nil: throw scanner.failure(.unexpectedEnd)
            default: throw scanner.failure(.unexpectedByte)
            }
        }
    }

    private static func readEvent(
        _ scanner: inout EventScanner,
        limits: EventLimits
    ) throws(EventFailure) -> IncomingEvent {
        let start = scanner.position
        do throws(EventFailure) {
            let fields = try scanner.readEvent()
            try limits.check(size: fields.range.count)
            return try IncomingEvent(fields)
        } catch {
            throw scanner.located(error, from: start)
        }
    }

    private mutating func append(_ event: IncomingEvent, seed: EventIDSeed?) {
        // The protocol counts positions from 1.
        let position = UInt32(truncatingIfNeeded: events.count + 1)
        events.append((event: event, internalID: seed?.id(offset: position)))
    }
}

/// What a request may hold. The size of the whole body is the HTTP layer's business.
public struct EventLimits: Hashable, Sendable {
    /// Bytes of one event as it was sent.
    public var eventBytes: Int
    /// Events in one array.
    public var eventsPerRequest: Int

    /// Makes limits; the defaults are those of the protocol.
    public init(eventBytes: Int = 3 << 20, eventsPerRequest: Int = 5_000) {
        self.eventBytes = eventBytes
        self.eventsPerRequest = eventsPerRequest
    }

    /// 3 MiB an event, 5000 events.
    public static let `default` = EventLimits()

    func check(size: Int) throws(EventFailure) {
        guard size <= eventBytes else { throw .tooLarge(limit: eventBytes, size: size) }
    }
}
