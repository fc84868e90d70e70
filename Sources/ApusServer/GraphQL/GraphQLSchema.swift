/// The types of the GraphQL interface.
struct GraphQLSchema: Sendable {
    enum Definition: Hashable, Sendable {
        case object([String: Field])
        /// One of several objects.
        case union([String])
        case input([String: Argument])
        case enumeration(Set<String>)
        case scalar
    }

    struct Field: Hashable, Sendable {
        var type: GraphQLType
        var arguments: [String: Argument] = [:]
    }

    struct Argument: Hashable, Sendable {
        var type: GraphQLType
        var standard: GraphQLLiteral?
    }

    private(set) var types: [String: Definition] = [:]

    /// Reads definitions: `type`, `input`, `enum`, `union` and `scalar`.
    init(_ text: String) throws(GraphQLProblem) {
        for name in ["Boolean", "Float", "ID", "Int", "String"] { types[name] = .scalar }
        var parser = try GraphQLParser(text)
        while parser.token != .end {
            let kind = try parser.takeName("a definition")
            let name = try parser.takeName("a type's name")
            types[name] = try Self.definition(kind, &parser)
        }
        for (name, definition) in types {
            guard case .object(let fields) = definition else { continue }
            for (field, shape) in fields {
                for used in [shape.type] + shape.arguments.values.map(\.type) where types[used.name] == nil {
                    throw GraphQLProblem("\(name).\(field) is of the unknown type \(used.name)")
                }
            }
        }
    }

    private static func definition(_ kind: String, _ parser: inout GraphQLParser) throws(GraphQLProblem) -> Definition {
        switch kind {
        case "scalar": return .scalar
        case "union":
            try parser.expect("=")
            var members = [try parser.takeName("a type")]
            while try parser.take("|") { members.append(try parser.takeName("a type")) }
            return .union(members)
        case "enum":
            try parser.expect("{")
            var names: Set<String> = []
            while try !parser.take("}") { names.insert(try parser.takeName("a value")) }
            return .enumeration(names)
        case "input":
            try parser.expect("{")
            return .input(try arguments(&parser, until: "}"))
        case "type":
            try parser.expect("{")
            var fields: [String: Field] = [:]
            while try !parser.take("}") {
                let name = try parser.takeName("a field")
                let given = try parser.take("(") ? try arguments(&parser, until: ")") : [:]
                try parser.expect(":")
                fields[name] = Field(type: try parser.type(), arguments: given)
            }
            return .object(fields)
        default: throw parser.unexpected("type, input, enum, union or scalar")
        }
    }

    private static func arguments(
        _ parser: inout GraphQLParser, until end: Character
    ) throws(GraphQLProblem) -> [String: Argument] {
        var found: [String: Argument] = [:]
        while try !parser.take(end) {
            let name = try parser.takeName("a name")
            try parser.expect(":")
            let type = try parser.type()
            found[name] = Argument(type: type, standard: try parser.take("=") ? try parser.value() : nil)
        }
        return found
    }

    /// The objects that a value of a type can be; nothing for scalars.
    func objects(of type: String) -> [String] {
        switch types[type] {
        case .object: [type]
        case .union(let members): members
        default: []
        }
    }
}
