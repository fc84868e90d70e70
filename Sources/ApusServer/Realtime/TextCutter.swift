/// Cuts bytes of a text as they come between characters, never within one.
struct TextCutter {
    /// The beginning of a character: 3 bytes at most.
    private var rest: [UInt8] = []

    /// - Returns: what is complete.
    mutating func pass(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var text = rest
        text.append(contentsOf: bytes)
        let torn = Self.torn(in: text)
        rest = Array(text.suffix(torn))
        text.removeLast(torn)
        return text
    }

    /// - Returns: what never became a character.
    mutating func finish() -> [UInt8] {
        defer { rest = [] }
        return rest
    }

    /// Bytes at the end of a text that begin a character and do not end it.
    private static func torn(in text: [UInt8]) -> Int {
        for (index, byte) in text.suffix(3).reversed().enumerated() where byte & 0xC0 != 0x80 {
            return length(of: byte) > index + 1 ? index + 1 : 0
        }
        return 0
    }

    /// The length of the character that a byte begins.
    private static func length(of lead: UInt8) -> Int {
        switch lead {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
    }
}
