extension Literal {
    /// The literal as it is written in a source.
    var source: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .uint(let value): "\(value)u"
        case .double(let value): Literal.source(of: value)
        case .string(let value): Literal.source(of: value)
        case .bytes(let value): Literal.source(of: value)
        }
    }

    private static func source(of value: Double) -> String {
        let text = DoubleText.text(of: value)
        return text.utf8.allSatisfy { Lexer.isDigit($0) || $0 == UInt8(ascii: "-") } ? text + ".0" : text
    }

    private static func source(of value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                text += "\\"
                text.unicodeScalars.append(scalar)
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\0"..<" ", "\u{7F}"..<"\u{A0}": text += "\\u00" + hexadecimal(UInt8(truncatingIfNeeded: scalar.value))
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }

    private static func source(of value: [UInt8]) -> String {
        var text = "b\""
        for byte in value {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0..<0x20, 0x7F...: text += "\\x" + hexadecimal(byte)
            default: text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return text + "\""
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
