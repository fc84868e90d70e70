/// Takes a GraphQL text apart.
struct GraphQLLexer: Sendable {
    enum Token: Hashable, Sendable {
        /// One of `! $ & ( ) : = @ [ ] { | }`.
        case mark(Character)
        case spread
        case name(String)
        case int(Int64)
        case double(Double)
        case string(String)
        case end

        /// As an error names it.
        var text: String {
            switch self {
            case .mark(let mark): "\"\(mark)\""
            case .spread: "\"...\""
            case .name(let name): "\"\(name.excerptForGraphQL)\""
            case .int(let number): "\(number)"
            case .double(let number): "\(number)"
            case .string: "a string"
            case .end: "the end"
            }
        }
    }

    private let text: [UInt8]
    private var offset = 0
    private var line = 1
    private var lineStart = 0

    init(_ text: String) {
        self.text = Array(text.utf8)
    }

    private var position: GraphQLPosition { GraphQLPosition(line: line, column: offset - lineStart + 1) }

    mutating func next() throws(GraphQLProblem) -> (token: Token, position: GraphQLPosition) {
        skipBlanks()
        let start = position
        guard offset < text.count else { return (.end, start) }
        let byte = text[offset]
        switch byte {
        case UInt8(ascii: "."):
            guard text[offset...].starts(with: "...".utf8) else { throw unexpected(byte) }
            offset += 3
            return (.spread, start)
        case UInt8(ascii: "\""): return (.string(try string()), start)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return (try number(), start)
        case _ where Self.beginsName(byte):
            let first = offset
            while offset < text.count, Self.beginsName(text[offset]) || Self.isDigit(text[offset]) { offset += 1 }
            return (.name(String(decoding: text[first..<offset], as: UTF8.self)), start)
        default:
            guard "!$&():=@[]{|}".utf8.contains(byte) else { throw unexpected(byte) }
            offset += 1
            return (.mark(Character(UnicodeScalar(byte))), start)
        }
    }

    private mutating func skipBlanks() {
        while offset < text.count {
            switch text[offset] {
            case UInt8(ascii: "\n"):
                offset += 1
                line += 1
                lineStart = offset
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: ","): offset += 1
            case UInt8(ascii: "#"): while offset < text.count, text[offset] != UInt8(ascii: "\n") { offset += 1 }
            case 0xEF where text[offset...].starts(with: [0xEF, 0xBB, 0xBF]): offset += 3
            default: return
            }
        }
    }

    // MARK: - Scalars

    private mutating func number() throws(GraphQLProblem) -> Token {
        let start = (offset: offset, position: position)
        func problem() -> GraphQLProblem {
            GraphQLProblem("this is no number", at: start.position, code: .syntax)
        }
        if text[offset] == UInt8(ascii: "-") { offset += 1 }
        let digits = offset
        while offset < text.count, Self.isDigit(text[offset]) { offset += 1 }
        guard offset > digits, offset == digits + 1 || text[digits] != UInt8(ascii: "0") else { throw problem() }
        let whole = offset
        while offset < text.count, Self.isDigit(text[offset]) || ".eE+-".utf8.contains(text[offset]) { offset += 1 }
        guard offset == text.count || !Self.beginsName(text[offset]) else { throw problem() }
        let written = String(decoding: text[start.offset..<offset], as: UTF8.self)
        if offset == whole {
            guard let number = Int64(written) else { throw problem() }
            return .int(number)
        }
        guard let number = Double(written), number.isFinite, written.last.map({ $0 != "." }) ?? false else {
            throw problem()
        }
        return .double(number)
    }

    private mutating func string() throws(GraphQLProblem) -> String {
        let start = position
        guard !text[offset...].starts(with: "\"\"\"".utf8) else {
            throw GraphQLProblem("strings in three quotes are not supported", at: start, code: .syntax)
        }
        offset += 1
        var contents: [UInt8] = []
        while offset < text.count {
            let byte = text[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: contents, as: UTF8.self) else {
                    throw GraphQLProblem("the string is not UTF-8", at: start, code: .syntax)
                }
                return string
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                throw GraphQLProblem("the string does not end on its line", at: start, code: .syntax)
            case UInt8(ascii: "\\"): try appendEscape(to: &contents, of: start)
            default: contents.append(byte)
            }
        }
        throw GraphQLProblem("the string does not end", at: start, code: .syntax)
    }

    private mutating func appendEscape(to contents: inout [UInt8], of start: GraphQLPosition) throws(GraphQLProblem) {
        let problem = GraphQLProblem("the string has an escape that is none", at: start, code: .syntax)
        guard offset < text.count else { throw problem }
        let byte = text[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): contents.append(byte)
        case UInt8(ascii: "b"): contents.append(0x08)
        case UInt8(ascii: "f"): contents.append(0x0C)
        case UInt8(ascii: "n"): contents.append(0x0A)
        case UInt8(ascii: "r"): contents.append(0x0D)
        case UInt8(ascii: "t"): contents.append(0x09)
        case UInt8(ascii: "u"):
            var unit = try hexUnit(problem)
            if unit & 0xFC00 == 0xD800, text[offset...].starts(with: "\\u".utf8) {
                offset += 2
                let low = try hexUnit(problem)
                guard low & 0xFC00 == 0xDC00 else { throw problem }
                unit = 0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF
            }
            guard let scalar = UnicodeScalar(unit) else { throw problem }
            contents.append(contentsOf: String(scalar).utf8)
        default: throw problem
        }
    }

    private mutating func hexUnit(_ problem: GraphQLProblem) throws(GraphQLProblem) -> UInt32 {
        guard offset + 4 <= text.count,
            let unit = UInt32(String(decoding: text[offset..<offset + 4], as: UTF8.self), radix: 16)
        else { throw problem }
        offset += 4
        return unit
    }

    private func unexpected(_ byte: UInt8) -> GraphQLProblem {
        let shown = (0x21..<0x7F).contains(byte) ? "\"\(UnicodeScalar(byte))\"" : "a character"
        return GraphQLProblem("\(shown) has no meaning here", at: position, code: .syntax)
    }

    private static func beginsName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"): true
        default: false
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

extension String {
    /// Short enough for a message.
    var excerptForGraphQL: String { count > 60 ? "\(prefix(60))…" : self }
}
