/// Why and where a text is not acceptable JSON.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong; the raw value is a stable code.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// The text ends inside a value.
        case unexpectedEnd
        /// A byte that cannot stand here.
        case unexpectedByte
        /// The text starts with a byte order mark, which RFC 8259 forbids.
        case byteOrderMark
        /// Something follows the value.
        case trailingData
        /// More nested objects and arrays than ``JSONLimits/depth``.
        case depthExceeded
        /// The text or its canonical form is larger than ``JSONLimits/size``.
        case tooLarge
        /// A number that breaks the grammar, such as `01`, `1.` or `-`.
        case invalidNumber
        /// A number beyond the range of a double.
        case numberOutOfRange
        /// A string without its closing quote.
        case unterminatedString
        /// A backslash followed by something that is no escape.
        case invalidEscape
        /// Bytes of a string that are not UTF-8.
        case invalidUTF8
        /// A byte below 0x20 inside a string.
        case controlCharacter
    }

    /// The byte at which the problem was found, 0 to the size of the text.
    public var offset: Int
    /// What is wrong.
    public var reason: Reason

    /// Makes an error at a byte of the text.
    public init(_ reason: Reason, at offset: Int) {
        self.offset = offset
        self.reason = reason
    }

    /// For example `invalid JSON at byte 17: unterminated string`.
    public var description: String {
        "invalid JSON at byte \(offset): \(reason.phrase)"
    }
}

extension JSONError.Reason {
    fileprivate var phrase: String {
        switch self {
        case .unexpectedEnd: "unexpected end of the text"
        case .unexpectedByte: "unexpected character"
        case .byteOrderMark: "a byte order mark is not allowed"
        case .trailingData: "unexpected data after the value"
        case .depthExceeded: "nested too deeply"
        case .tooLarge: "too large"
        case .invalidNumber: "malformed number"
        case .numberOutOfRange: "number out of the range of a double"
        case .unterminatedString: "unterminated string"
        case .invalidEscape: "invalid escape in a string"
        case .invalidUTF8: "invalid UTF-8 in a string"
        case .controlCharacter: "unescaped control character in a string"
        }
    }
}
