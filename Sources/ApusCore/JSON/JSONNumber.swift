/// Reading numbers exactly.
enum JSONNumber {
    /// The double nearest to a valid JSON number; infinite when it is out of range.
    static func double(_ text: RawSpan) -> Double {
        if let value = smallDecimal(text) {
            return value
        }
        let string = text.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        return Double(string) ?? .infinity
    }

    /// The value of digits with an optional fraction, when one division of exact doubles gives it.
    ///
    /// The digits are below 10^15 and the divisor is a power of ten up to 10^16, so both are exact
    /// and the division rounds only once.
    private static func smallDecimal(_ text: RawSpan) -> Double? {
        guard text.byteCount <= 17 else { return nil }
        var digits: UInt64 = 0
        var divisor = 1.0
        var isFraction = false
        var isNegative = false
        for offset in 0..<text.byteCount {
            let byte = text.byte(offset)
            if let digit = decimalDigit(byte) {
                digits = digits * 10 + UInt64(digit)
                if isFraction {
                    divisor *= 10
                }
            } else if byte == UInt8(ascii: ".") {
                isFraction = true
            } else if byte == UInt8(ascii: "-"), offset == 0 {
                isNegative = true
            } else {
                return nil
            }
        }
        guard digits < 1_000_000_000_000_000 else { return nil }
        let value = Double(digits) / divisor
        return isNegative ? -value : value
    }

    /// Whether a valid number with a fraction is canonical at first sight; false means unknown.
    ///
    /// Up to 15 significant digits survive the way through a double and no other text that short
    /// gives the same double. `0.0…` may need an exponent and is not decided here.
    static func isPlainFraction(_ text: RawSpan) -> Bool {
        let start = text.byteIfPresent(0) == UInt8(ascii: "-") ? 1 : 0
        guard text.byteCount - start <= 16, text.byte(text.byteCount - 1) != UInt8(ascii: "0") else { return false }
        if text.byte(start) == UInt8(ascii: "0"), text.byteIfPresent(start + 2) == UInt8(ascii: "0") {
            return false
        }
        for offset in start..<text.byteCount where text.byte(offset) | 0x20 == UInt8(ascii: "e") {
            return false
        }
        return true
    }
}
