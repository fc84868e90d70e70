/// Recursive descent over the words of a source, following the grammar of the CEL language definition.
///
/// Operators of one level are read in loops; only nesting recurses, and its depth is limited.
struct Parser {
    let source: [UInt8]
    let limits: ExpressionLimits
    private let tokens: [Token]
    private var position = 0
    private var nesting = 0
    /// The variables of the macros around the place, the outermost first.
    var variables: [String] = []

    /// A term and how deep it is.
    struct Node {
        var term: Term
        var depth = 1
    }

    private init(_ source: [UInt8], tokens: [Token], limits: ExpressionLimits) {
        self.source = source
        self.tokens = tokens
        self.limits = limits
    }

    /// The term of a whole source.
    ///
    /// - Throws: ``ExpressionError`` at the first place that breaks the grammar or a limit.
    static func parse(_ source: [UInt8], limits: ExpressionLimits) throws(ExpressionError) -> Term {
        guard source.count <= limits.sourceLength else {
            throw ExpressionError(
                .limit, "the expression is longer than \(limits.sourceLength) bytes", at: 0, in: source)
        }
        var parser = Parser(source, tokens: try Lexer.tokens(of: source), limits: limits)
        let node = try parser.expression()
        guard parser.next.kind == .end else { throw parser.unexpected() }
        return node.term
    }

    // MARK: - Words

    /// The word that comes next.
    var next: Token { tokens[min(position, tokens.count - 1)] }

    /// A word behind the next one.
    func peek(_ distance: Int) -> Token { tokens[min(position + distance, tokens.count - 1)] }

    /// Where the next word stands.
    var offset: SourceOffset { SourceOffset(value: next.offset) }

    /// Goes to the following word.
    mutating func advance() {
        position += 1
    }

    /// Skips a symbol if it comes next.
    mutating func skip(_ symbol: Symbol) -> Bool {
        guard next.kind == .symbol(symbol) else { return false }
        position += 1
        return true
    }

    /// Skips a symbol that must come next.
    mutating func expect(_ symbol: Symbol) throws(ExpressionError) {
        guard skip(symbol) else { throw unexpected(expecting: symbol) }
    }

    /// The error that the next word cannot stand here.
    func unexpected(expecting symbol: Symbol? = nil) -> ExpressionError {
        let found = next.kind == .end ? "<EOF>" : String(decoding: source[next.offset..<next.end], as: UTF8.self)
        let shown = found.count > 40 ? "\(found.prefix(40))…" : found
        let expectation = symbol.map { ", expecting '\($0.rawValue)'" } ?? ""
        return syntaxError("unexpected '\(shown)'\(expectation)", at: offset)
    }

    /// A syntax error at a place.
    func syntaxError(_ message: String, at offset: SourceOffset) -> ExpressionError {
        ExpressionError(.syntax, "Syntax error: \(message)", at: offset.value, in: source)
    }

    // MARK: - Limits

    /// A term over parts of some depth.
    func node(_ term: Term, above depth: Int) throws(ExpressionError) -> Node {
        guard depth < limits.treeDepth else {
            throw ExpressionError(
                .limit, "the expression has more than \(limits.treeDepth) operators in a row or nested",
                at: term.offset,
                in: source)
        }
        return Node(term: term, depth: depth + 1)
    }

    /// Enters one level of nesting; ``leave()`` undoes it.
    private mutating func enter() throws(ExpressionError) {
        nesting += 1
        guard nesting <= limits.nestingDepth else {
            throw ExpressionError(
                .limit, "the expression is nested more than \(limits.nestingDepth) levels deep", at: offset.value,
                in: source)
        }
    }

    private mutating func leave() {
        nesting -= 1
    }

    // MARK: - Operators

    /// `or ? or : expression`
    mutating func expression() throws(ExpressionError) -> Node {
        try enter()
        defer { leave() }
        let condition = try or()
        guard skip(.question) else { return condition }
        let then = try or()
        try expect(.colon)
        let otherwise = try expression()
        return try node(
            .conditional(condition.term, then: then.term, otherwise: otherwise.term),
            above: max(condition.depth, then.depth, otherwise.depth))
    }

    private mutating func or() throws(ExpressionError) -> Node {
        let first = try and()
        guard next.kind == .symbol(.or) else { return first }
        var terms = [first.term]
        var depth = first.depth
        while skip(.or) {
            let operand = try and()
            terms.append(operand.term)
            depth = max(depth, operand.depth)
        }
        return try node(.or(terms), above: depth)
    }

    private mutating func and() throws(ExpressionError) -> Node {
        let first = try binary(.relation)
        guard next.kind == .symbol(.and) else { return first }
        var terms = [first.term]
        var depth = first.depth
        while skip(.and) {
            let operand = try binary(.relation)
            terms.append(operand.term)
            depth = max(depth, operand.depth)
        }
        return try node(.and(terms), above: depth)
    }

    /// Operators that bind at least as tightly as a level, grouped from the left.
    private mutating func binary(_ precedence: Precedence) throws(ExpressionError) -> Node {
        var left = try unary()
        while let binary = nextOperator, binary.precedence >= precedence {
            advance()
            let right = try tighterOperand(than: binary.precedence)
            left = try node(.binary(binary, left.term, right.term), above: max(left.depth, right.depth))
        }
        return left
    }

    private mutating func tighterOperand(than precedence: Precedence) throws(ExpressionError) -> Node {
        switch precedence {
        case .relation: try binary(.addition)
        case .addition: try binary(.multiplication)
        default: try unary()
        }
    }

    private var nextOperator: BinaryOperator? {
        guard case .symbol(let symbol) = next.kind else { return nil }
        return BinaryOperator(rawValue: symbol.rawValue)
    }

    private mutating func unary() throws(ExpressionError) -> Node {
        let start = offset
        switch next.kind {
        case .symbol(.not):
            try enter()
            defer { leave() }
            advance()
            let operand = try unary()
            return try node(.not(operand.term, start), above: operand.depth)
        case .symbol(.minus):
            if let literal = negativeLiteral() {
                advance()
                advance()
                return try member(of: Node(term: .literal(literal, start)))
            }
            try enter()
            defer { leave() }
            advance()
            let operand = try unary()
            return try node(.negate(operand.term, start), above: operand.depth)
        default:
            return try member(of: try primary())
        }
    }

    /// The number that a minus and the word behind it make.
    private func negativeLiteral() -> Literal? {
        switch peek(1).kind {
        case .int(let magnitude): .int(Int64(truncatingIfNeeded: 0 &- magnitude))
        case .double(let value): .double(-value)
        default: nil
        }
    }
}
