/// Why and where a source is no acceptable expression.
package struct ExpressionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of rule was broken; the raw value is a stable code.
    package enum Code: String, Hashable, Sendable {
        /// The source breaks the grammar.
        case syntax
        /// An unknown name or operands of the wrong types.
        case type
        /// A part that the place of the expression does not allow.
        case policy
        /// A limit of ``ExpressionLimits``.
        case limit
        /// The expression cannot be bound to an event.
        case binding
    }

    /// What kind of rule was broken.
    package var code: Code
    /// The line, counted from 1.
    package var line: Int
    /// The character in the line, counted from 1.
    package var column: Int
    /// A short sentence, for example `Syntax error: unexpected ')'`.
    package var message: String
    /// The text of the line.
    package var sourceLine: String

    /// An error at a byte of a source.
    init(_ code: Code, _ message: String, at offset: Int, in source: [UInt8]) {
        self.code = code
        self.message = message
        let end = min(max(offset, 0), source.count)
        let start = source[..<end].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let lineEnd = source[end...].firstIndex(of: UInt8(ascii: "\n")) ?? source.count
        line = source[..<start].count { $0 == UInt8(ascii: "\n") } + 1
        // Bytes that continue a character do not count.
        column = source[start..<end].count { $0 & 0xC0 != 0x80 } + 1
        sourceLine = String(decoding: source[start..<lineEnd], as: UTF8.self)
    }

    /// The longest source line that a description repeats, in characters.
    package static let sourceLineLimit = 500

    /// `ERROR: <input>:1:16: Syntax error: …`, the source line and a caret under the place.
    ///
    /// The rules of a place have no position and are described by their sentence alone.
    package var description: String {
        if code == .policy {
            return message
        }
        let head = "ERROR: <input>:\(line):\(column): \(message)"
        guard sourceLine.unicodeScalars.count <= ExpressionError.sourceLineLimit else { return head }
        let dots = String(repeating: ".", count: max(column - 1, 0))
        return "\(head)\n | \(sourceLine)\n | \(dots)^"
    }
}
