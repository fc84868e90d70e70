/// Base64 (RFC 4648): standard with padding, and for URLs without it.
public enum Base64Text {
    /// The text of some bytes, with padding.
    public static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let group = bytes[index..<min(index + 3, bytes.count)]
            let word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for digit in 0..<4 {
                let value = Int(word >> UInt32(18 - 6 * digit) & 63)
                text.append(digit <= group.count ? alphabet[value] : UInt8(ascii: "="))
            }
            index += 3
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text up to the first group of four that is not valid. Line ends are skipped.
    public static func decodePrefix(_ text: String) -> [UInt8] {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 4 * 3)
        var index = 0
        while index + 4 <= digits.count {
            let group = digits[index..<index + 4]
            let padding = group.reversed().prefix { $0 == UInt8(ascii: "=") }.count
            // Padding ends the text; there is at most two of it.
            guard padding <= 2, padding == 0 || index + 4 == digits.count else { break }
            var word: UInt32 = 0
            for digit in group.dropLast(padding) {
                guard let value = value(digit) else { return bytes }
                word = word << 6 | value
            }
            word <<= UInt32(6 * padding)
            for byte in 0..<3 - padding {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(16 - 8 * byte)))
            }
            index += 4
        }
        return bytes
    }

    /// The bytes of a whole text with padding; nil when any of it is not valid.
    public static func decode(_ text: String) -> [UInt8]? {
        guard text.utf8.count.isMultiple(of: 4) else { return nil }
        let bytes = decodePrefix(text)
        let padding = text.utf8.reversed().prefix(3).prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2, bytes.count == text.utf8.count / 4 * 3 - padding else { return nil }
        // The bits behind the last byte are 0, so that no two texts mean the same.
        let last = padding == 0 ? [] : Array(bytes.suffix(3 - padding))
        return text.utf8.suffix(last.isEmpty ? 0 : 4).elementsEqual(encode(last).utf8) ? bytes : nil
    }

    /// The text of some bytes in the alphabet of URLs (section 5), without padding.
    public static func encodeForURL(_ bytes: [UInt8]) -> String {
        let text = encode(bytes).utf8.filter { $0 != UInt8(ascii: "=") }.map { byte in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            default: byte
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text in the alphabet of URLs; nil when any of it is not valid.
    public static func decodeForURL(_ text: some StringProtocol) -> [UInt8]? {
        var standard: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"): standard.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): standard.append(UInt8(ascii: "/"))
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
            default: standard.append(byte)
            }
        }
        while !standard.count.isMultiple(of: 4) { standard.append(UInt8(ascii: "=")) }
        return decode(String(decoding: standard, as: UTF8.self))
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func value(_ digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
