/// One escape of a JSON string, from its backslash on.
struct JSONEscape {
    /// The UTF-16 code unit that the escape stands for.
    let unit: UInt16
    /// The bytes that the escape takes: 2 or 6.
    let length: Int
    /// Whether the canonical form writes this unit, standing alone, with exactly these bytes.
    let isCanonical: Bool

    /// Reads the escape whose backslash is at an offset; nil when it is malformed or cut off.
    init?(at offset: Int, in text: RawSpan) {
        guard let byte = text.byteIfPresent(offset + 1) else { return nil }
        if byte == UInt8(ascii: "u") {
            guard offset + 6 <= text.byteCount else { return nil }
            var unit: UInt16 = 0
            var isLowerCase = true
            for index in offset + 2..<offset + 6 {
                let digit = text.byte(index)
                guard let value = Hexadecimal.value(digit) else { return nil }
                isLowerCase = isLowerCase && (digit >= UInt8(ascii: "a") || digit <= UInt8(ascii: "9"))
                unit = unit << 4 | UInt16(value)
            }
            self.unit = unit
            length = 6
            isCanonical = isLowerCase && (JSONEscape.needsHex(unit) || JSONEscape.isSurrogate(unit))
        } else {
            guard let unit = JSONEscape.unit(named: byte) else { return nil }
            self.unit = unit
            length = 2
            isCanonical = byte != UInt8(ascii: "/")
        }
    }

    /// Whether a code unit is half of a surrogate pair.
    @inline(__always)
    static func isSurrogate(_ unit: UInt16) -> Bool {
        unit & 0xF800 == 0xD800
    }

    /// The character of a surrogate pair, or nil when the two units are not one.
    static func scalar(high: UInt16, low: UInt16) -> Unicode.Scalar? {
        guard high & 0xFC00 == 0xD800, low & 0xFC00 == 0xDC00 else { return nil }
        return Unicode.Scalar(0x10000 + (UInt32(high & 0x3FF) << 10 | UInt32(low & 0x3FF)))
    }

    /// Appends the canonical form of an ASCII character that must be escaped.
    static func append(_ byte: UInt8, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: output.append(UInt8(ascii: "b"))
        case 0x09: output.append(UInt8(ascii: "t"))
        case 0x0A: output.append(UInt8(ascii: "n"))
        case 0x0C: output.append(UInt8(ascii: "f"))
        case 0x0D: output.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
        default:
            output.append(UInt8(ascii: "u"))
            Hexadecimal.append(UInt64(byte), digits: 4, to: &output)
        }
    }

    private static func needsHex(_ unit: UInt16) -> Bool {
        switch unit {
        case 0x08, 0x09, 0x0A, 0x0C, 0x0D: false
        default: unit < 0x20
        }
    }

    private static func unit(named byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): UInt16(byte)
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "r"): 0x0D
        default: nil
        }
    }
}
