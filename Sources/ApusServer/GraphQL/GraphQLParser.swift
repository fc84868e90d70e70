/// Reads a GraphQL document, or a part of one.
struct GraphQLParser: Sendable {
    private var lexer: GraphQLLexer
    private(set) var token = GraphQLLexer.Token.end
    private(set) var position = GraphQLPosition(line: 1, column: 1)
    private var depth = 0

    /// How deep selections and values may stand in each other.
    static let deepest = 32

    init(_ text: String) throws(GraphQLProblem) {
        lexer = GraphQLLexer(text)
        try advance()
    }

    static func document(_ text: String) throws(GraphQLProblem) -> GraphQLDocument {
        var parser = try GraphQLParser(text)
        return try parser.document()
    }

    private mutating func document() throws(GraphQLProblem) -> GraphQLDocument {
        var document = GraphQLDocument()
        repeat {
            let start = position
            switch token {
            case .mark("{"):
                document.operations.append(
                    .init(kind: .query, name: nil, selections: try selections(), position: start)
                )
            case .name("fragment"):
                try advance()
                let name = try takeName("a fragment's name")
                guard name != "on" else { throw unexpected("a fragment's name", at: start) }
                try take(name: "on")
                let type = try takeName("a type")
                _ = try directives()
                let fragment = GraphQLDocument.Fragment(type: type, selections: try selections(), position: start)
                guard document.fragments.updateValue(fragment, forKey: name) == nil else {
                    throw GraphQLProblem("there are two fragments \"\(name.excerptForGraphQL)\"", at: start)
                }
            case .name(let word):
                guard let kind = GraphQLDocument.Operation.Kind(rawValue: word) else {
                    throw unexpected("query, mutation or fragment")
                }
                try advance()
                document.operations.append(try operation(kind, start))
            default: throw unexpected("query, mutation or fragment")
            }
        } while token != .end
        return document
    }

    private mutating func operation(
        _ kind: GraphQLDocument.Operation.Kind, _ start: GraphQLPosition
    ) throws(GraphQLProblem) -> GraphQLDocument.Operation {
        var name: String?
        if case .name(let given) = token {
            name = given
            try advance()
        }
        var variables: [GraphQLDocument.Variable] = []
        if try take("(") {
            while try !take(")") {
                let start = position
                try expect("$")
                let name = try takeName("a variable's name")
                try expect(":")
                let type = try self.type()
                let standard = try take("=") ? try value() : nil
                _ = try directives()
                variables.append(.init(name: name, type: type, standard: standard, position: start))
            }
        }
        _ = try directives()
        return .init(
            kind: kind, name: name, variables: variables, selections: try selections(), position: start
        )
    }

    // MARK: - Selections

    private mutating func selections() throws(GraphQLProblem) -> [GraphQLDocument.Selection] {
        try expect("{")
        try enter()
        var found: [GraphQLDocument.Selection] = []
        repeat { found.append(try selection()) } while try !take("}")
        depth -= 1
        return found
    }

    private mutating func selection() throws(GraphQLProblem) -> GraphQLDocument.Selection {
        let start = position
        guard token == .spread else { return .field(try field()) }
        try advance()
        if case .name(let name) = token, name != "on" {
            try advance()
            return .spread(name, try directives(), start)
        }
        var type: String?
        if token == .name("on") {
            try advance()
            type = try takeName("a type")
        }
        return .inline(type: type, try directives(), try selections(), start)
    }

    private mutating func field() throws(GraphQLProblem) -> GraphQLDocument.Field {
        let start = position
        let first = try takeName("a field")
        var field = GraphQLDocument.Field(name: first, position: start)
        if try take(":") {
            field.alias = first
            field.name = try takeName("a field")
        }
        field.arguments = try arguments()
        field.directives = try directives()
        if token == .mark("{") { field.selections = try selections() }
        return field
    }

    private mutating func arguments() throws(GraphQLProblem) -> [GraphQLDocument.Argument] {
        guard try take("(") else { return [] }
        return try members(until: ")")
    }

    /// Names with values.
    private mutating func members(until end: Character) throws(GraphQLProblem) -> [GraphQLDocument.Argument] {
        var found: [GraphQLDocument.Argument] = []
        while try !take(end) {
            let start = position
            let name = try takeName("a name")
            try expect(":")
            guard !found.contains(where: { $0.name == name }) else {
                throw GraphQLProblem("\"\(name.excerptForGraphQL)\" is given twice", at: start)
            }
            found.append(.init(name: name, value: try value(), position: start))
        }
        return found
    }

    private mutating func directives() throws(GraphQLProblem) -> [GraphQLDocument.Directive] {
        var found: [GraphQLDocument.Directive] = []
        while token == .mark("@") {
            let start = position
            try advance()
            found.append(.init(name: try takeName("a directive"), arguments: try arguments(), position: start))
        }
        return found
    }

    // MARK: - Values and types

    mutating func value() throws(GraphQLProblem) -> GraphQLLiteral {
        switch token {
        case .mark("$"):
            try advance()
            return .variable(try takeName("a variable's name"))
        case .mark("["):
            try advance()
            try enter()
            var elements: [GraphQLLiteral] = []
            while try !take("]") { elements.append(try value()) }
            depth -= 1
            return .list(elements)
        case .mark("{"):
            try advance()
            try enter()
            let found = try members(until: "}")
            depth -= 1
            return .object(found)
        case .int(let number): return try taking(.int(number))
        case .double(let number): return try taking(.double(number))
        case .string(let text): return try taking(.string(text))
        case .name("true"): return try taking(.bool(true))
        case .name("false"): return try taking(.bool(false))
        case .name("null"): return try taking(.null)
        case .name(let name): return try taking(.enumeration(name))
        default: throw unexpected("a value")
        }
    }

    private mutating func taking(_ literal: GraphQLLiteral) throws(GraphQLProblem) -> GraphQLLiteral {
        try advance()
        return literal
    }

    mutating func type() throws(GraphQLProblem) -> GraphQLType {
        let inner: GraphQLType
        if try take("[") {
            try enter()
            inner = .list(try type())
            depth -= 1
            try expect("]")
        } else {
            inner = .named(try takeName("a type"))
        }
        return try take("!") ? .required(inner) : inner
    }

    // MARK: - Tokens

    mutating func advance() throws(GraphQLProblem) {
        (token, position) = try lexer.next()
    }

    /// Goes on when the next token is this one.
    mutating func take(_ mark: Character) throws(GraphQLProblem) -> Bool {
        guard token == .mark(mark) else { return false }
        try advance()
        return true
    }

    mutating func expect(_ mark: Character) throws(GraphQLProblem) {
        guard try take(mark) else { throw unexpected("\"\(mark)\"") }
    }

    mutating func take(name: String) throws(GraphQLProblem) {
        guard token == .name(name) else { throw unexpected("\"\(name)\"") }
        try advance()
    }

    mutating func takeName(_ what: String) throws(GraphQLProblem) -> String {
        guard case .name(let name) = token else { throw unexpected(what) }
        try advance()
        return name
    }

    func unexpected(_ wanted: String, at place: GraphQLPosition? = nil) -> GraphQLProblem {
        GraphQLProblem("expected \(wanted), found \(token.text)", at: place ?? position, code: .syntax)
    }

    private mutating func enter() throws(GraphQLProblem) {
        depth += 1
        guard depth <= Self.deepest else {
            throw GraphQLProblem("this stands more than \(Self.deepest) levels deep", at: position, code: .syntax)
        }
    }
}
