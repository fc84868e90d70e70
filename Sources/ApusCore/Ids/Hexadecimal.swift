/// Lower-case hexadecimal digits.
enum Hexadecimal {
    /// The digit of a value below 16.
    @inline(__always)
    static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
    }

    /// The value of a digit in either case.
    @inline(__always)
    static func value(_ byte: UInt8) -> UInt8? {
        decimalDigit(byte) ?? letterValue(byte | 0x20)
    }

    /// The value of a digit in `0-9 a-f`.
    @inline(__always)
    static func lowerCaseValue(_ byte: UInt8) -> UInt8? {
        decimalDigit(byte) ?? letterValue(byte)
    }

    @inline(__always)
    private static func letterValue(_ byte: UInt8) -> UInt8? {
        let letter = byte &- UInt8(ascii: "a")
        return letter < 6 ? letter + 10 : nil
    }

    /// Appends the low `digits` digits of a number.
    static func append(_ number: UInt64, digits: Int, to text: inout [UInt8]) {
        for index in (0..<digits).reversed() {
            text.append(digit(UInt8(truncatingIfNeeded: number >> UInt64(4 * index)) & 15))
        }
    }

    /// The bytes that pairs of digits stand for, in either case; `nil` when the text is something else.
    static func bytes(of digits: [UInt8]) -> [UInt8]? {
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
