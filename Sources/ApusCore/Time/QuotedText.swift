/// Texts from outside, quoted for an error message.
package enum QuotedText {
    /// The most bytes of a text that a message repeats.
    static let limit = 256

    /// `text` in double quotes, with quotes and backslashes escaped and every byte that is not
    /// printable ASCII as `\xhh`; what lies beyond ``limit`` is replaced by three dots.
    package static func quote(_ text: String) -> String {
        var quoted = "\""
        for byte in text.utf8.prefix(limit) {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                quoted += "\\"
                quoted.unicodeScalars.append(Unicode.Scalar(byte))
            case 0x20..<0x7F:
                quoted.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                quoted += "\\x"
                quoted.unicodeScalars.append(Unicode.Scalar(Hexadecimal.digit(byte >> 4)))
                quoted.unicodeScalars.append(Unicode.Scalar(Hexadecimal.digit(byte & 15)))
            }
        }
        return quoted + (text.utf8.count > limit ? "...\"" : "\"")
    }
}
