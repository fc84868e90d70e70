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
        let halves = (
            eight(UInt32(truncatingIfNeeded: number >> 32)).bigEndian,
            eight(UInt32(truncatingIfNeeded: number)).bigEndian
        )
        withUnsafeBytes(of: halves) { text.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0.suffix(digits))) }
    }

    /// The eight digits of a number, the first one in the highest byte: all are made at once, each in its byte.
    private static func eight(_ number: UInt32) -> UInt64 {
        var values = UInt64(number)
        values = (values << 16 | values) & 0x0000_FFFF_0000_FFFF
        values = (values << 8 | values) & 0x00FF_00FF_00FF_00FF
        values = (values << 4 | values) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = (values &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return values &+ 0x3030_3030_3030_3030 &+ letters &* UInt64(UInt8(ascii: "a") - 10 - UInt8(ascii: "0"))
    }

    /// The number that the eight digits in `0-9 a-f` from an offset on write, which lies within bounds with all of them.
    static func lowerCaseNumber(_ text: RawSpan, at offset: Int) -> UInt32? {
        let digits = UInt64(bigEndian: text.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
        let letters = digits >> 6 & 0x0101_0101_0101_0101
        var values = digits & 0x0F0F_0F0F_0F0F_0F0F &+ letters &* 9
        values = (values >> 4 | values) & 0x00FF_00FF_00FF_00FF
        values = (values >> 8 | values) & 0x0000_FFFF_0000_FFFF
        let number = UInt32(truncatingIfNeeded: values >> 16 | values)
        return eight(number) == digits ? number : nil
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
