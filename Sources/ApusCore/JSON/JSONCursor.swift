/// Walks over the values of one object or array of canonical text.
struct JSONCursor {
    /// Behind what was read last.
    private(set) var position: Int
    /// Behind the container.
    private let end: Int

    /// Starts behind the opening bracket of a container that ends at `end`.
    init(position: Int, end: Int) {
        self.position = position
        self.end = end
    }

    /// The contents of the next key of an object, without quotes; nil when there is none.
    mutating func nextKey(in text: RawSpan) -> Range<Int>? {
        skipComma(in: text)
        guard position < end, text.byte(position) == UInt8(ascii: "\"") else { return nil }
        let close = JSONText.endOfString(from: position + 1, to: end, in: text)
        let key = position + 1..<max(position + 1, close - 1)
        position = close + 1
        return key
    }

    /// The next value; nil when there is none.
    mutating func nextValue(in text: RawSpan) -> Range<Int>? {
        skipComma(in: text)
        guard position < end else { return nil }
        switch text.byte(position) {
        case UInt8(ascii: "]"), UInt8(ascii: "}"): return nil
        default: break
        }
        let start = position
        position = JSONText.endOfValue(from: start, to: end, in: text)
        return start..<position
    }

    @inline(__always)
    private mutating func skipComma(in text: RawSpan) {
        if position < end, text.byte(position) == UInt8(ascii: ",") {
            position += 1
        }
    }
}

/// The values of an array, as windows onto its bytes.
public struct JSONElements: Sequence, IteratorProtocol, Sendable {
    private let bytes: [UInt8]
    private var cursor: JSONCursor

    init(_ view: JSONView) {
        bytes = view.bytes
        let start = view.kind == .array ? view.range.lowerBound + 1 : view.range.upperBound
        cursor = JSONCursor(position: start, end: view.range.upperBound)
    }

    /// The next value.
    public mutating func next() -> JSONView? {
        let bytes = bytes
        guard let value = cursor.nextValue(in: bytes.span.bytes) else { return nil }
        return JSONView(bytes: bytes, range: value)
    }
}

/// The members of an object in canonical order, as windows onto its bytes.
public struct JSONMembers: Sequence, IteratorProtocol, Sendable {
    private let bytes: [UInt8]
    private var cursor: JSONCursor

    init(_ view: JSONView) {
        bytes = view.bytes
        let start = view.kind == .object ? view.range.lowerBound + 1 : view.range.upperBound
        cursor = JSONCursor(position: start, end: view.range.upperBound)
    }

    /// The next key, a string, and its value.
    public mutating func next() -> (key: JSONView, value: JSONView)? {
        let bytes = bytes
        let text = bytes.span.bytes
        guard let key = cursor.nextKey(in: text), let value = cursor.nextValue(in: text) else { return nil }
        return (
            JSONView(bytes: bytes, range: key.lowerBound - 1..<key.upperBound + 1),
            JSONView(bytes: bytes, range: value)
        )
    }
}
