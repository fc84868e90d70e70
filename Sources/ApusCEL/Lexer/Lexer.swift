/// Splits a source into words, following the lexis of the CEL language definition.
///
/// Blanks and `//` comments separate words. The words are made once, before parsing, so that a source
/// with a bad character is refused whatever stands before it.
struct Lexer {
    let source: [UInt8]
    var position = 0

    private init(_ source: [UInt8]) {
        self.source = source
    }

    /// All words of a source; the last one is ``Token/Kind/end``.
    ///
    /// - Throws: ``ExpressionError`` for characters that start no word and for malformed literals.
    static func tokens(of source: [UInt8]) throws(ExpressionError) -> [Token] {
        var lexer = Lexer(source)
        var tokens: [Token] = []
        tokens.reserveCapacity(source.count / 4 + 1)
        while true {
            lexer.skipBlanks()
            let start = lexer.position
            let kind = try lexer.next()
            tokens.append(Token(kind: kind, offset: start, end: lexer.position))
            if kind == .end {
                return tokens
            }
        }
    }

    /// The byte that comes next, or one of the following.
    func peek(_ distance: Int = 0) -> UInt8? {
        position + distance < source.count ? source[position + distance] : nil
    }

    /// A syntax error at a byte.
    func error(_ message: String, at offset: Int) -> ExpressionError {
        ExpressionError(.syntax, "Syntax error: \(message)", at: offset, in: source)
    }

    private mutating func skipBlanks() {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), 0x0C:
                position += 1
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
                position = source[position...].firstIndex(of: UInt8(ascii: "\n")) ?? source.count
            default:
                return
            }
        }
    }

    private mutating func next() throws(ExpressionError) -> Token.Kind {
        guard let byte = peek() else { return .end }
        if Lexer.isDigit(byte) || (byte == UInt8(ascii: ".") && peek(1).map(Lexer.isDigit) == true) {
            return try number()
        }
        if let literal = try stringLiteral() {
            return literal
        }
        if Lexer.isLetter(byte) {
            let start = position
            while let byte = peek(), Lexer.isLetter(byte) || Lexer.isDigit(byte) {
                position += 1
            }
            let name = String(decoding: source[start..<position], as: UTF8.self)
            return name == Symbol.in.rawValue ? .symbol(.in) : .identifier(name)
        }
        return .symbol(try symbol())
    }

    private mutating func symbol() throws(ExpressionError) -> Symbol {
        // Only ASCII can follow, so that a piece of two bytes is a text of its own.
        for length in [2, 1] where position + length <= source.count {
            let text = String(decoding: source[position..<position + length], as: UTF8.self)
            if let symbol = Symbol(rawValue: text) {
                position += length
                return symbol
            }
        }
        throw error("token recognition error at: '\(character(at: position))'", at: position)
    }

    /// The character that starts at a byte, for messages.
    func character(at offset: Int) -> String {
        var end = offset + 1
        while end < source.count, source[end] & 0xC0 == 0x80 {
            end += 1
        }
        return String(decoding: source[offset..<end], as: UTF8.self)
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }

    static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
