/// Walks the UTF-16 code units of the contents of a valid JSON string, escapes resolved.
struct JSONStringUnits {
    private var position = 0
    private var lowSurrogate: UInt16?

    /// The next code unit, or nil at the end.
    mutating func next(in text: RawSpan) -> UInt16? {
        if let low = lowSurrogate {
            lowSurrogate = nil
            return low
        }
        guard position < text.byteCount else { return nil }
        let byte = text.byte(position)
        if byte == UInt8(ascii: "\\") {
            let escape = JSONEscape(at: position, in: text)
            position += escape?.length ?? 1
            return escape?.unit ?? UInt16(byte)
        }
        let (scalar, length) = UTF8Sequence.decode(at: position, in: text)
        position += length
        if scalar >= 0x10000 {
            lowSurrogate = 0xDC00 | UInt16(truncatingIfNeeded: scalar & 0x3FF)
            return 0xD800 | UInt16(truncatingIfNeeded: (scalar - 0x10000) >> 10)
        }
        return UInt16(truncatingIfNeeded: scalar)
    }
}
