extension Parser {
    /// A literal, a name, a call, or something in brackets.
    mutating func primary() throws(ExpressionError) -> Node {
        let start = offset
        switch next.kind {
        case .int(let magnitude):
            guard let value = Int64(exactly: magnitude) else { throw syntaxError("invalid int literal", at: start) }
            return literal(.int(value))
        case .uint(let value): return literal(.uint(value))
        case .double(let value): return literal(.double(value))
        case .string(let value): return literal(.string(value))
        case .bytes(let value): return literal(.bytes(value))
        case .symbol(.openParenthesis):
            advance()
            let inner = try expression()
            try expect(.closeParenthesis)
            return inner
        case .symbol(.openBracket): return try list()
        case .symbol(.openBrace): return try map()
        case .symbol(.dot):
            // A leading dot means the outermost scope, which is the only one here.
            guard case .identifier = peek(1).kind else { throw unexpected() }
            advance()
            return try name(isQualified: true)
        case .identifier: return try name(isQualified: false)
        case .symbol, .end: throw unexpected()
        }
    }

    private mutating func literal(_ value: Literal) -> Node {
        let start = offset
        advance()
        return Node(term: .literal(value, start))
    }

    private mutating func name(isQualified: Bool) throws(ExpressionError) -> Node {
        guard case .identifier(let name) = next.kind else { throw unexpected() }
        let start = offset
        if !isQualified {
            switch name {
            case "true": return literal(.bool(true))
            case "false": return literal(.bool(false))
            case "null": return literal(.null)
            default: break
            }
        }
        guard !Parser.isKeyword(name), !Parser.reserved.contains(name) else {
            throw syntaxError("reserved identifier: \(name)", at: start)
        }
        advance()
        if next.kind == .symbol(.openParenthesis) {
            return try name == "has" ? has(start) : call(name, receiver: nil, at: start)
        }
        if !isQualified, let slot = variables.lastIndex(of: name) {
            return Node(term: .variable(name, slot: slot, start))
        }
        if let variable = Path.Variable(rawValue: name) {
            return Node(term: .path(Path(variable, []), start))
        }
        return Node(term: .name(name, start))
    }

    private mutating func has(_ start: SourceOffset) throws(ExpressionError) -> Node {
        try expect(.openParenthesis)
        let argument = try expression()
        try expect(.closeParenthesis)
        switch argument.term {
        case .path(let path, _) where !path.fields.isEmpty:
            return Node(term: .hasPath(path, start))
        case .select(let operand, let field):
            return try node(.has(operand, field: field, start), above: argument.depth)
        default:
            throw syntaxError("invalid argument to has() macro", at: start)
        }
    }

    private mutating func list() throws(ExpressionError) -> Node {
        let start = offset
        advance()
        let (elements, depth) = try terms(until: .closeBracket)
        return try node(.list(elements, start), above: depth)
    }

    private mutating func map() throws(ExpressionError) -> Node {
        let start = offset
        advance()
        var entries: [Term.Entry] = []
        var depth = 1
        while !skip(.closeBrace) {
            let key = try expression()
            try expect(.colon)
            let value = try expression()
            entries.append(Term.Entry(key: key.term, value: value.term))
            depth = max(depth, key.depth, value.depth)
            if !skip(.comma), next.kind != .symbol(.closeBrace) {
                throw unexpected(expecting: .closeBrace)
            }
        }
        return try node(.map(entries, start), above: depth)
    }

    /// Terms with commas between them, up to a closing bracket. A list may end with a comma.
    private mutating func terms(until end: Symbol) throws(ExpressionError) -> (terms: [Term], depth: Int) {
        var terms: [Term] = []
        var depth = 1
        while !skip(end) {
            let element = try expression()
            terms.append(element.term)
            depth = max(depth, element.depth)
            guard skip(.comma) else {
                try expect(end)
                break
            }
            if end == .closeParenthesis, next.kind == .symbol(end) {
                throw unexpected()
            }
        }
        return (terms, depth)
    }

    // MARK: - Behind a primary

    /// Fields, indexes and methods behind a term.
    mutating func member(of first: Node) throws(ExpressionError) -> Node {
        var node = first
        while true {
            if skip(.openBracket) {
                let index = try expression()
                try expect(.closeBracket)
                node = try self.node(.index(node.term, index.term), above: max(node.depth, index.depth))
            } else if skip(.dot) {
                node = try field(of: node)
            } else {
                return node
            }
        }
    }

    private mutating func field(of operand: Node) throws(ExpressionError) -> Node {
        let start = offset
        if next.kind == .symbol(.question) {
            throw syntaxError("unsupported syntax '.?'", at: start)
        }
        guard case .identifier(let field) = next.kind, !Parser.isKeyword(field) else { throw unexpected() }
        advance()
        if next.kind == .symbol(.openParenthesis) {
            if let kind = Term.Macro.Kind(rawValue: field), peek(2).kind == .symbol(.comma) {
                return try macro(kind, over: operand, at: start)
            }
            return try call(field, receiver: operand, at: start)
        }
        switch operand.term {
        case .path(let path, let offset):
            return Node(term: .path(path.appending(field), offset), depth: operand.depth)
        case .name(let name, let offset) where ValueType.isQualification("\(name).\(field)"):
            return Node(term: .name("\(name).\(field)", offset), depth: operand.depth)
        default:
            return try node(.select(operand.term, field: field), above: operand.depth)
        }
    }

    private mutating func call(
        _ name: String, receiver: Node?, at start: SourceOffset
    ) throws(ExpressionError) -> Node {
        try expect(.openParenthesis)
        var (arguments, depth) = try terms(until: .closeParenthesis)
        if let receiver {
            arguments.insert(receiver.term, at: 0)
            depth = max(depth, receiver.depth)
        }
        let function = Function(rawValue: name)
        var pattern: CompiledPattern?
        if function == .matches, arguments.count == 2, case .literal(.string(let source), _) = arguments[1] {
            pattern = CompiledPattern(source, limit: limits.patternSize)
        }
        let call = Term.Call(
            name: name, function: function, arguments: arguments, isMethod: receiver != nil, pattern: pattern,
            offset: start)
        return try node(.call(call), above: depth)
    }

    private mutating func macro(
        _ kind: Term.Macro.Kind, over range: Node, at start: SourceOffset
    ) throws(ExpressionError) -> Node {
        try expect(.openParenthesis)
        guard case .identifier(let variable) = next.kind, !Parser.isKeyword(variable),
            !Parser.reserved.contains(variable)
        else {
            throw syntaxError("argument must be a simple name", at: offset)
        }
        advance()
        try expect(.comma)
        variables.append(variable)
        defer { variables.removeLast() }
        let first = try expression()
        var second: Node?
        if kind == .map, skip(.comma) {
            second = try expression()
        }
        try expect(.closeParenthesis)
        let macro = Term.Macro(
            kind: kind, range: range.term, variable: variable,
            condition: kind == .map && second == nil ? nil : first.term,
            transform: kind == .map ? (second ?? first).term : nil, offset: start)
        return try node(.macro(macro), above: max(range.depth, first.depth, second?.depth ?? 0))
    }

    // MARK: - Names

    private static func isKeyword(_ name: String) -> Bool {
        name == "true" || name == "false" || name == "null"
    }

    /// Words that the language keeps for embedders; they can be fields, but no variables or functions.
    private static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ]
}
