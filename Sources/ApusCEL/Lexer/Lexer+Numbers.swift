extension Lexer {
    /// Reads `5`, `0x1F`, `5u`, `1.5`, `.5` or `1e-3`.
    mutating func number() throws(ExpressionError) -> Token.Kind {
        let start = position
        if peek() == UInt8(ascii: "0"), peek(1).map({ $0 | 0x20 }) == UInt8(ascii: "x"),
            peek(2).flatMap(Lexer.hexadecimalDigit) != nil
        {
            position += 2
            return try integer(radix: 16, from: start)
        }
        var lookahead = self
        lookahead.skipDigits()
        let isFraction =
            lookahead.peek() == UInt8(ascii: ".") && lookahead.peek(1).map(Lexer.isDigit) == true
        if isFraction {
            lookahead.position += 1
            lookahead.skipDigits()
        }
        let isExponent = lookahead.skipExponent()
        guard isFraction || isExponent else { return try integer(radix: 10, from: start) }
        position = lookahead.position
        let text = String(decoding: source[start..<position], as: UTF8.self)
        guard let value = Double(text), value.isFinite else { throw error("invalid double literal", at: start) }
        return .double(value)
    }

    private mutating func skipDigits() {
        while peek().map(Lexer.isDigit) == true {
            position += 1
        }
    }

    private mutating func skipExponent() -> Bool {
        guard peek().map({ $0 | 0x20 }) == UInt8(ascii: "e") else { return false }
        let isSigned = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
        guard peek(isSigned ? 2 : 1).map(Lexer.isDigit) == true else { return false }
        position += isSigned ? 2 : 1
        skipDigits()
        return true
    }

    private mutating func integer(radix: UInt64, from start: Int) throws(ExpressionError) -> Token.Kind {
        var value: UInt64 = 0
        var fits = true
        while let byte = peek(), let digit = Lexer.hexadecimalDigit(byte), digit < UInt8(radix) {
            let (product, high) = value.multipliedReportingOverflow(by: radix)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            fits = fits && !high && !carry
            value = sum
            position += 1
        }
        if peek().map({ $0 | 0x20 }) == UInt8(ascii: "u") {
            position += 1
            guard fits else { throw error("invalid uint literal", at: start) }
            return .uint(value)
        }
        guard fits, value <= UInt64(1) << 63 else { throw error("invalid int literal", at: start) }
        return .int(value)
    }
}
