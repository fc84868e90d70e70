extension Lexer {
    /// Reads a string or bytes literal: `"…"`, `'…'`, either in triple quotes, with the prefixes `r`
    /// (no escapes) and `b` (bytes) in any case and order. Nil when none starts here.
    mutating func stringLiteral() throws(ExpressionError) -> Token.Kind? {
        var isRaw = false
        var isBytes = false
        var length = 0
        while let byte = peek(length) {
            if byte | 0x20 == UInt8(ascii: "r"), !isRaw {
                isRaw = true
            } else if byte | 0x20 == UInt8(ascii: "b"), !isBytes {
                isBytes = true
            } else {
                break
            }
            length += 1
        }
        guard let quote = peek(length), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
        let start = position
        position += length
        let isTriple = peek(1) == quote && peek(2) == quote
        position += isTriple ? 3 : 1
        let contents = try contents(quote: quote, isTriple: isTriple, isRaw: isRaw, isBytes: isBytes, from: start)
        return isBytes ? .bytes(contents) : .string(String(decoding: contents, as: UTF8.self))
    }

    private mutating func contents(
        quote: UInt8,
        isTriple: Bool,
        isRaw: Bool,
        isBytes: Bool,
        from start: Int
    ) throws(ExpressionError) -> [UInt8] {
        var contents: [UInt8] = []
        while let byte = peek() {
            if byte == quote, !isTriple || (peek(1) == quote && peek(2) == quote) {
                position += isTriple ? 3 : 1
                return contents
            }
            if !isTriple, byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                break
            }
            if byte == UInt8(ascii: "\\"), !isRaw {
                try appendEscape(to: &contents, isBytes: isBytes)
            } else {
                contents.append(byte)
                position += 1
            }
        }
        throw error("unterminated string literal", at: start)
    }

    /// Reads one escape. In strings a number names a character, in bytes one byte.
    private mutating func appendEscape(to contents: inout [UInt8], isBytes: Bool) throws(ExpressionError) {
        let start = position
        guard let letter = peek(1) else { throw error("unterminated string literal", at: start) }
        position += 2
        if let byte = Lexer.simpleEscape(letter) {
            contents.append(byte)
            return
        }
        let digits: (count: Int, radix: UInt32)? =
            switch letter {
            case UInt8(ascii: "x"), UInt8(ascii: "X"): (2, 16)
            case UInt8(ascii: "u") where !isBytes: (4, 16)
            case UInt8(ascii: "U") where !isBytes: (8, 16)
            case UInt8(ascii: "0")...UInt8(ascii: "3"): (3, 8)
            default: nil
            }
        guard let digits else { throw error("invalid escape '\\\(character(at: start + 1))'", at: start) }
        if digits.radix == 8 {
            position -= 1
        }
        var value: UInt32 = 0
        for _ in 0..<digits.count {
            guard let digit = peek().flatMap(Lexer.hexadecimalDigit), digit < digits.radix else {
                throw error("invalid escape", at: start)
            }
            // Eight digits of four bits fill the word exactly.
            value = value &* digits.radix &+ UInt32(digit)
            position += 1
        }
        if isBytes {
            contents.append(UInt8(truncatingIfNeeded: value))
        } else if let scalar = Unicode.Scalar(value) {
            contents.append(contentsOf: Array(String(scalar).utf8))
        } else {
            throw error("invalid Unicode code point in an escape", at: start)
        }
    }

    private static func simpleEscape(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "a"): 0x07
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "v"): 0x0B
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "?"): letter
        default: nil
        }
    }
}
