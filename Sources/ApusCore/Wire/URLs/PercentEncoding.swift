/// Percent-encoding as in the queries of forms, where `+` is a space.
enum PercentEncoding {
    /// The bytes that a text stands for.
    ///
    /// - Returns: also whether every `%` begins two hexadecimal digits; one that does not stands for itself.
    static func decode(_ text: some Collection<UInt8>) -> (bytes: [UInt8], isWellFormed: Bool) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var isWellFormed = true
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"):
                bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2).compactMap(Hexadecimal.value)
                if digits.count == 2 {
                    bytes.append(digits[0] << 4 | digits[1])
                    rest = rest.dropFirst(2)
                } else {
                    bytes.append(byte)
                    isWellFormed = false
                }
            default:
                bytes.append(byte)
            }
        }
        return (bytes, isWellFormed)
    }

    /// Appends bytes in the form that the protocol's other server writes: letters, digits and `-_.~` as
    /// they are, a space as `+`, everything else as `%XX`.
    static func append(_ bytes: some Collection<UInt8>, to text: inout [UInt8]) {
        for byte in bytes {
            if isPlain(byte) {
                text.append(byte)
            } else if byte == UInt8(ascii: " ") {
                text.append(UInt8(ascii: "+"))
            } else {
                text.append(UInt8(ascii: "%"))
                text.append(digit(byte >> 4))
                text.append(digit(byte & 15))
            }
        }
    }

    /// Whether a byte is written as it is.
    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "~"):
            true
        default:
            false
        }
    }

    /// An upper-case digit, as RFC 3986 recommends.
    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") - 10 + value
    }
}
