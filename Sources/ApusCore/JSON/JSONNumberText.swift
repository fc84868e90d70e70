/// Printing numbers as ECMAScript does, which RFC 8785 demands.
extension JSONNumber {
    /// Appends the decimal digits of an integer.
    static func append(_ value: Int64, to output: inout [UInt8]) {
        if value < 0 {
            output.append(UInt8(ascii: "-"))
        }
        append(value.magnitude, to: &output)
    }

    /// Appends the decimal digits of an integer.
    static func append(_ value: UInt64, to output: inout [UInt8]) {
        append(value, count: digitCount(value), pointAfter: .max, to: &output)
    }

    /// Appends a finite double in the form of ECMAScript's `Number::toString`.
    ///
    /// The digits are the fewest that read back as the same double; plain notation is used from 1e-6
    /// up to below 1e21, else `1.5e+21` or `1e-7`. Negative zero is `0`.
    static func append(_ value: Double, to output: inout [UInt8]) {
        if value == 0 {
            output.append(UInt8(ascii: "0"))
            return
        }
        if value < 0 {
            output.append(UInt8(ascii: "-"))
        }
        let (digits, exponent) = shortestDigits(value.magnitude)
        let count = digitCount(digits)
        if exponent > 21 || exponent < -5 {
            append(digits, count: count, pointAfter: 1, to: &output)
            output.append(UInt8(ascii: "e"))
            output.append(exponent > 0 ? UInt8(ascii: "+") : UInt8(ascii: "-"))
            append(UInt64((exponent - 1).magnitude), to: &output)
        } else if exponent <= 0 {
            output.append(UInt8(ascii: "0"))
            output.append(UInt8(ascii: "."))
            appendZeros(-exponent, to: &output)
            append(digits, count: count, pointAfter: .max, to: &output)
        } else {
            append(digits, count: count, pointAfter: exponent, to: &output)
            appendZeros(exponent - count, to: &output)
        }
    }

    /// Appends the `count` digits of a number, with a point behind some of them if any follow.
    private static func append(_ value: UInt64, count: Int, pointAfter: Int, to output: inout [UInt8]) {
        let point = pointAfter < count ? output.count + pointAfter : .max
        let start = output.count
        output.append(contentsOf: repeatElement(UInt8(ascii: "."), count: pointAfter < count ? count + 1 : count))
        var rest = value
        for index in (start..<output.count).reversed() where index != point {
            output[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    private static func appendZeros(_ count: Int, to output: inout [UInt8]) {
        for _ in 0..<max(count, 0) {
            output.append(UInt8(ascii: "0"))
        }
    }

    private static func digitCount(_ value: UInt64) -> Int {
        var count = 1
        var rest = value / 10
        while rest > 0 {
            count += 1
            rest /= 10
        }
        return count
    }

    /// The fewest digits `d` and the exponent `n` with `value = 0.d × 10^n`; d has no trailing zero.
    ///
    /// The standard library's description has exactly these digits, in another layout. With its
    /// trailing `.0` there are at most 18 of them, so that they fit a word.
    private static func shortestDigits(_ value: Double) -> (digits: UInt64, exponent: Int) {
        var text = value.description
        return text.withUTF8 { text in
            var digits: UInt64 = 0
            var exponent = 0
            var isFraction = false
            var offset = 0
            while offset < text.count, text[offset] != UInt8(ascii: "e") {
                if let digit = decimalDigit(text[offset]) {
                    digits = digits &* 10 &+ UInt64(digit)
                    exponent -= isFraction ? 1 : 0
                } else {
                    isFraction = true
                }
                offset += 1
            }
            while digits != 0, digits % 10 == 0 {
                digits /= 10
                exponent += 1
            }
            return (digits, exponent + writtenExponent(text[min(offset + 1, text.count)...]) + digitCount(digits))
        }
    }

    /// The number behind the `e` of a description: a sign and at most three digits, or nothing.
    private static func writtenExponent(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        let magnitude = text.reduce(0) { $0 * 10 + Int(decimalDigit($1) ?? 0) }
        return text.first == UInt8(ascii: "-") ? -magnitude : magnitude
    }
}
