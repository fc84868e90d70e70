/// Finds the fields of events in the body of a request; what they hold is decoded later.
///
/// Values are skipped by counting brackets only. That is safe because every value that was skipped is
/// validated before its event is accepted, and a valid value ends exactly where it was cut.
struct EventScanner {
    private let body: [UInt8]
    /// What is read next.
    private(set) var position = 0

    /// Starts at the beginning of a body.
    init(_ body: [UInt8]) {
        self.body = body
    }

    /// How many bytes have not been read.
    var remainingBytes: Int { body.count - position }

    /// The next byte that is not whitespace, at which the scanner then stands; nil at the end.
    mutating func nextByte() -> UInt8? {
        while position < body.count {
            switch body[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return body[position]
            }
        }
        return nil
    }

    /// Steps over the byte that ``nextByte()`` answered.
    mutating func skipByte() {
        position += 1
    }

    /// An error where the scanner stands.
    func failure(_ reason: JSONError.Reason) -> EventFailure {
        .malformed(JSONError(reason, at: position))
    }

    /// What is wrong with an element of the array that is no object.
    func failureOfElement(at index: Int) -> EventFailure {
        // A null decodes into an event without any field.
        body[position...].starts(with: "null".utf8) ? .emptyName : .notAnObject(index: index)
    }

    /// Puts a syntax error at its true place: where counting brackets went wrong may be far behind it.
    ///
    /// - Parameter start: where the event begins.
    func located(_ failure: EventFailure, from start: Int) -> EventFailure {
        guard case .malformed = failure else { return failure }
        let verdict = Result { () throws(JSONError) in try RawJSON(parsing: body[start...]) }
        guard case .failure(let error) = verdict, error.reason != .trailingData else { return failure }
        return .malformed(error, base: start)
    }

    /// Reads the object whose `{` comes next, and stands behind it.
    mutating func readEvent() throws(EventFailure) -> EventFields {
        let start = position
        var fields = EventFields(body: body)
        position += 1
        if nextByte() == UInt8(ascii: "}") {
            position += 1
            fields.range = start..<position
            return fields
        }
        while true {
            let key = try readKey()
            try fields.set(key, to: try readValue())
            switch nextByte() {
            case UInt8(ascii: ","):
                position += 1
            case UInt8(ascii: "}"):
                position += 1
                fields.range = start..<position
                return fields
            case nil:
                throw failure(.unexpectedEnd)
            default:
                throw failure(.unexpectedByte)
            }
        }
    }

    /// Reads a key with its quotes, and the colon.
    private mutating func readKey() throws(EventFailure) -> Range<Int> {
        try expect(UInt8(ascii: "\""))
        let key = position..<JSONText.endOfString(from: position + 1, to: body.count, in: body.span.bytes)
        position = key.upperBound
        try expect(UInt8(ascii: ":"))
        position += 1
        return key
    }

    private mutating func readValue() throws(EventFailure) -> Range<Int> {
        guard nextByte() != nil else { throw failure(.unexpectedEnd) }
        let value = position..<JSONText.endOfValue(from: position, to: body.count, in: body.span.bytes)
        position = value.upperBound
        return value
    }

    private mutating func expect(_ byte: UInt8) throws(EventFailure) {
        guard let next = nextByte() else { throw failure(.unexpectedEnd) }
        guard next == byte else { throw failure(.unexpectedByte) }
    }
}
