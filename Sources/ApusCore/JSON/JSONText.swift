/// Finding one's way in canonical text without looking at all of it.
enum JSONText {
    /// The offset behind the value that starts at `start`, at most `end`.
    static func endOfValue(from start: Int, to end: Int, in text: RawSpan) -> Int {
        switch text.byte(start) {
        case UInt8(ascii: "\""): endOfString(from: start + 1, to: end, in: text)
        case UInt8(ascii: "{"), UInt8(ascii: "["): endOfContainer(from: start + 1, to: end, in: text)
        default: endOfBareWord(from: start, to: end, in: text)
        }
    }

    /// The offset behind the closing quote of a string whose contents start at `start`, at most `end`.
    static func endOfString(from start: Int, to end: Int, in text: RawSpan) -> Int {
        var offset = start
        while true {
            while offset + 8 <= end {
                let word = text.word(offset)
                let mask = ByteMask.equal(word, UInt8(ascii: "\"")) | ByteMask.equal(word, UInt8(ascii: "\\"))
                if mask != 0 {
                    offset += ByteMask.firstIndex(mask)
                    break
                }
                offset += 8
            }
            guard offset < end else { return end }
            switch text.byte(offset) {
            case UInt8(ascii: "\""): return offset + 1
            case UInt8(ascii: "\\"): offset += 2
            default: offset += 1
            }
        }
    }

    private static func endOfContainer(from start: Int, to end: Int, in text: RawSpan) -> Int {
        var offset = start
        var depth = 1
        while offset < end {
            let byte = text.byte(offset)
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                offset = endOfString(from: offset, to: end, in: text)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 {
                    return offset
                }
            default:
                break
            }
        }
        return end
    }

    private static func endOfBareWord(from start: Int, to end: Int, in text: RawSpan) -> Int {
        var offset = start
        while offset < end {
            switch text.byte(offset) {
            case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"): return offset
            default: offset += 1
            }
        }
        return end
    }

    /// The offset of the next byte that a string must escape, or the end.
    static func nextSpecial(from start: Int, in text: RawSpan) -> Int {
        var offset = start
        while offset + 8 <= text.byteCount {
            let mask = ByteMask.special(text.word(offset))
            if mask != 0 {
                return offset + ByteMask.firstIndex(mask)
            }
            offset += 8
        }
        while offset < text.byteCount {
            let byte = text.byte(offset)
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                return offset
            }
            offset += 1
        }
        return offset
    }

    /// Whether the contents of a canonical string stand for a text.
    static func equals(_ contents: RawSpan, _ text: StaticString) -> Bool {
        guard text.hasPointerRepresentation else { return equals(contents, text.description) }
        return text.withUTF8Buffer { equals(contents, $0) }
    }

    /// Whether the contents of a canonical string stand for a text.
    static func equals(_ contents: RawSpan, _ text: String) -> Bool {
        var text = text
        return text.withUTF8 { equals(contents, $0) }
    }

    private static func equals(_ contents: RawSpan, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        // Escapes only make the contents longer than the text.
        guard contents.byteCount >= text.count else { return false }
        if contents.byteCount == text.count {
            for offset in 0..<text.count where contents.byte(offset) != text[offset] {
                return false
            }
            // The same bytes stand for the same text unless the contents have an escape.
            return !contents.contains(UInt8(ascii: "\\"))
        }
        guard contents.contains(UInt8(ascii: "\\")) else { return false }
        var contentUnits = JSONStringUnits()
        var textUnits = String(decoding: text, as: UTF8.self).utf16.makeIterator()
        while let unit = contentUnits.next(in: contents) {
            guard unit == textUnits.next() else { return false }
        }
        return textUnits.next() == nil
    }

    /// Whether two bytes are equal but for the case of ASCII letters.
    static func sameLetter(_ left: UInt8, _ right: UInt8) -> Bool {
        if left == right {
            return true
        }
        let lower = left | 0x20
        return lower == right | 0x20 && (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower)
    }
}
