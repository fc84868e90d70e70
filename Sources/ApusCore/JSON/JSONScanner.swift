/// Validates a JSON text in one pass and notices whether it is canonical already.
///
/// With a ``tape`` the pass also notes where the members of every object are, in canonical order, and
/// goes on to the end; without one it stops at the first sign that the text is not canonical, because
/// the caller will then start again with a tape. Nesting is kept on a stack of our own, so a deep
/// text cannot overflow the thread's.
struct JSONScanner {
    /// Whether everything read so far is canonical.
    var isCanonical = true
    /// The members of all objects, if wanted.
    private(set) var tape: JSONTape?

    /// By how many bytes the canonical form may at most be longer than the text.
    var growth = 0
    /// Where the next byte to read is.
    var position = 0

    private let depth: Int
    private var frame = Frame.outermost
    private var frames: [Frame] = []

    /// An open object or array.
    private struct Frame {
        enum Kind { case none, object, array }
        var kind: Kind
        /// Where the contents of the last key are; empty before the first.
        var keyStart: Int32 = 0
        var keyEnd: Int32 = 0
        var keyHasEscape = false
        var hasKey = false
        var isSorted = true
        var open = JSONTape.Open()

        static let outermost = Frame(kind: .none)
    }

    /// Prepares a pass.
    init(depth: Int, recording: Bool) {
        self.depth = depth
        tape = recording ? JSONTape() : nil
    }

    /// Reads the whole text.
    ///
    /// - Throws: ``JSONError`` at the first byte that is wrong. A pass without a tape may return before
    ///   it has seen a later error when the text is not canonical.
    mutating func scan(_ text: RawSpan) throws(JSONError) {
        if text.byteCount >= 3, text.byte(0) == 0xEF, text.byte(1) == 0xBB, text.byte(2) == 0xBF {
            throw JSONError(.byteOrderMark, at: 0)
        }
        repeat {
            try readValue(text)
            try readEnds(text)
        } while frame.kind != .none && (isCanonical || tape != nil)
    }

    /// Reads a scalar, an empty object or array, or the start of a container down to its first scalar.
    private mutating func readValue(_ text: RawSpan) throws(JSONError) {
        while true {
            switch try nextByte(text) {
            case UInt8(ascii: "\""):
                position += 1
                _ = try readString(text)
                return
            case UInt8(ascii: "{"):
                try open(.object)
                if try nextByte(text) == UInt8(ascii: "}") {
                    close()
                    return
                }
                try readKey(text)
            case UInt8(ascii: "["):
                try open(.array)
                if try nextByte(text) == UInt8(ascii: "]") {
                    close()
                    return
                }
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                try readNumber(text)
                return
            case UInt8(ascii: "t"):
                try readLiteral("true", text)
                return
            case UInt8(ascii: "f"):
                try readLiteral("false", text)
                return
            case UInt8(ascii: "n"):
                try readLiteral("null", text)
                return
            default:
                throw JSONError(.unexpectedByte, at: position)
            }
        }
    }

    /// After a value: reads the ends of containers up to a comma, and the key behind it.
    private mutating func readEnds(_ text: RawSpan) throws(JSONError) {
        while true {
            if frame.kind == .none {
                skipWhitespace(text)
                guard position == text.byteCount else { throw JSONError(.trailingData, at: position) }
                return
            }
            let byte = try nextByte(text)
            if byte == UInt8(ascii: ",") {
                position += 1
                if frame.kind == .object {
                    try readKey(text)
                }
                return
            }
            guard byte == (frame.kind == .object ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw JSONError(.unexpectedByte, at: position)
            }
            close(text)
        }
    }

    /// The next byte that is not whitespace, at which the position then is.
    @inline(__always)
    private mutating func nextByte(_ text: RawSpan) throws(JSONError) -> UInt8 {
        if position < text.byteCount, text.byte(position) > 0x20 {
            return text.byte(position)
        }
        skipWhitespace(text)
        guard position < text.byteCount else { throw JSONError(.unexpectedEnd, at: position) }
        return text.byte(position)
    }

    private mutating func skipWhitespace(_ text: RawSpan) {
        while position < text.byteCount {
            switch text.byte(position) {
            case 0x20, 0x0A, 0x0D, 0x09:
                isCanonical = false
                position += 1
            default:
                return
            }
        }
    }

    private mutating func readLiteral(_ literal: StaticString, _ text: RawSpan) throws(JSONError) {
        let failure = literal.withUTF8Buffer { letters -> JSONError? in
            for letter in letters {
                guard position < text.byteCount else { return JSONError(.unexpectedEnd, at: position) }
                guard text.byte(position) == letter else { return JSONError(.unexpectedByte, at: position) }
                position += 1
            }
            return nil
        }
        if let failure {
            throw failure
        }
    }
}

// MARK: - Objects and arrays

extension JSONScanner {
    private mutating func open(_ kind: Frame.Kind) throws(JSONError) {
        guard frames.count < depth else { throw JSONError(.depthExceeded, at: position) }
        frames.append(frame)
        frame = Frame(kind: kind)
        if kind == .object {
            frame.open = tape?.open() ?? JSONTape.Open()
        }
        position += 1
    }

    private mutating func close(_ text: RawSpan) {
        position += 1
        if frame.kind == .object {
            tape?.close(frame.open, isSorted: frame.isSorted, end: position, in: text)
        }
        frame = frames.popLast() ?? .outermost
    }

    private mutating func close() {
        position += 1
        if frame.kind == .object {
            tape?.closeEmpty(frame.open, end: position)
        }
        frame = frames.popLast() ?? .outermost
    }

    /// Reads a key and its colon, and compares it with the key before.
    private mutating func readKey(_ text: RawSpan) throws(JSONError) {
        guard try nextByte(text) == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: position) }
        position += 1
        let start = position
        let hasEscape = try readString(text)
        let end = position - 1
        guard try nextByte(text) == UInt8(ascii: ":") else { throw JSONError(.unexpectedByte, at: position) }
        position += 1

        if frame.hasKey {
            let last = text.extracting(Int(frame.keyStart)..<Int(frame.keyEnd))
            let key = text.extracting(start..<end)
            let order =
                frame.keyHasEscape || hasEscape
                ? UTF16Order.compareEscaped(last, key) : UTF16Order.compare(last, key)
            if order >= 0 {
                frame.isSorted = false
                isCanonical = false
            }
        }
        frame.hasKey = true
        frame.keyStart = Int32(truncatingIfNeeded: start)
        frame.keyEnd = Int32(truncatingIfNeeded: end)
        frame.keyHasEscape = hasEscape
        tape?.add(keyStart: start, keyEnd: end, hasEscape: hasEscape, valueStart: position)
    }
}
