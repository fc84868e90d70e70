/// A word of the language.
struct Token: Hashable, Sendable {
    /// What the word is.
    enum Kind: Hashable, Sendable {
        case identifier(String)
        /// The magnitude; a minus before it belongs to the parser.
        case int(UInt64)
        case uint(UInt64)
        case double(Double)
        case string(String)
        case bytes([UInt8])
        /// An operator, a bracket or the keyword `in`.
        case symbol(Symbol)
        case end
    }

    /// What the word is.
    var kind: Kind
    /// Its first byte.
    var offset: Int
    /// The byte behind it.
    var end: Int
}

/// Operators, brackets and the keyword `in`; the raw value is how they are written.
enum Symbol: String, Hashable, Sendable {
    case openParenthesis = "("
    case closeParenthesis = ")"
    case openBracket = "["
    case closeBracket = "]"
    case openBrace = "{"
    case closeBrace = "}"
    case comma = ","
    case colon = ":"
    case question = "?"
    case dot = "."
    case not = "!"
    case plus = "+"
    case minus = "-"
    case star = "*"
    case slash = "/"
    case percent = "%"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case and = "&&"
    case or = "||"
    case `in`
}
