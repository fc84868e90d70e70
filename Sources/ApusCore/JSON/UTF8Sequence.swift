/// One character of UTF-8.
enum UTF8Sequence {
    /// The length of the well-formed sequence of 2 to 4 bytes that starts here, or nil.
    ///
    /// Overlong forms, surrogates and values above U+10FFFF are not well-formed (Unicode, table 3-7).
    @inline(__always)
    static func validLength(at offset: Int, in text: RawSpan) -> Int? {
        let lead = text.byte(offset)
        let available = text.byteCount - offset
        guard available >= 2 else { return nil }
        let second = text.byte(offset + 1)
        switch lead {
        case 0xC2...0xDF:
            return isContinuation(second) ? 2 : nil
        case 0xE0...0xEF:
            guard available >= 3, isContinuation(text.byte(offset + 2)) else { return nil }
            let lowest: UInt8 = lead == 0xE0 ? 0xA0 : 0x80
            let highest: UInt8 = lead == 0xED ? 0x9F : 0xBF
            return second >= lowest && second <= highest ? 3 : nil
        case 0xF0...0xF4:
            guard available >= 4, isContinuation(text.byte(offset + 2)), isContinuation(text.byte(offset + 3)) else {
                return nil
            }
            let lowest: UInt8 = lead == 0xF0 ? 0x90 : 0x80
            let highest: UInt8 = lead == 0xF4 ? 0x8F : 0xBF
            return second >= lowest && second <= highest ? 4 : nil
        default:
            return nil
        }
    }

    /// Whether a whole text is well-formed.
    static func isValid(_ text: RawSpan) -> Bool {
        var offset = 0
        while offset < text.byteCount {
            if text.byte(offset) < 0x80 {
                offset += 1
            } else if let length = validLength(at: offset, in: text) {
                offset += length
            } else {
                return false
            }
        }
        return true
    }

    /// The character that starts here, and its length; a stray byte stands for itself.
    static func decode(at offset: Int, in text: RawSpan) -> (scalar: UInt32, length: Int) {
        let lead = text.byte(offset)
        guard lead >= 0x80, let length = validLength(at: offset, in: text) else { return (UInt32(lead), 1) }
        var scalar = UInt32(lead) & (length == 2 ? 0x1F : length == 3 ? 0x0F : 0x07)
        for index in 1..<length {
            scalar = scalar << 6 | UInt32(text.byte(offset + index) & 0x3F)
        }
        return (scalar, length)
    }

    @inline(__always)
    private static func isContinuation(_ byte: UInt8) -> Bool {
        byte & 0xC0 == 0x80
    }
}
