/// A GraphQL document as it was written.
struct GraphQLDocument: Hashable, Sendable {
    var operations: [Operation] = []
    var fragments: [String: Fragment] = [:]

    struct Operation: Hashable, Sendable {
        var kind: Kind
        var name: String?
        var variables: [Variable] = []
        var selections: [Selection]
        var position: GraphQLPosition

        enum Kind: String, Hashable, Sendable {
            case query, mutation, subscription
        }
    }

    struct Variable: Hashable, Sendable {
        var name: String
        var type: GraphQLType
        var standard: GraphQLLiteral?
        var position: GraphQLPosition
    }

    struct Fragment: Hashable, Sendable {
        var type: String
        var selections: [Selection]
        var position: GraphQLPosition
    }

    indirect enum Selection: Hashable, Sendable {
        case field(Field)
        /// `... Name`
        case spread(String, [Directive], GraphQLPosition)
        /// `... on Type { }`, or without a type.
        case inline(type: String?, [Directive], [Selection], GraphQLPosition)
    }

    struct Field: Hashable, Sendable {
        var alias: String?
        var name: String
        var arguments: [Argument] = []
        var directives: [Directive] = []
        var selections: [Selection] = []
        var position: GraphQLPosition
    }

    struct Argument: Hashable, Sendable {
        var name: String
        var value: GraphQLLiteral
        var position: GraphQLPosition
    }

    struct Directive: Hashable, Sendable {
        var name: String
        var arguments: [Argument]
        var position: GraphQLPosition
    }
}

/// Where something stands in a document; both count from 1.
struct GraphQLPosition: Hashable, Sendable {
    var line: Int
    var column: Int
}

/// A value as it was written.
indirect enum GraphQLLiteral: Hashable, Sendable {
    case variable(String)
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case enumeration(String)
    case list([GraphQLLiteral])
    case object([GraphQLDocument.Argument])
}

/// A type as it was written: `[String!]`.
indirect enum GraphQLType: Hashable, Sendable, CustomStringConvertible {
    case named(String)
    case list(GraphQLType)
    case required(GraphQLType)

    /// The type inside of lists.
    var name: String {
        switch self {
        case .named(let name): name
        case .list(let inner), .required(let inner): inner.name
        }
    }

    var description: String {
        switch self {
        case .named(let name): name
        case .list(let inner): "[\(inner)]"
        case .required(let inner): "\(inner)!"
        }
    }
}

/// Why a document is not carried out.
struct GraphQLProblem: Error, Hashable, Sendable, CustomStringConvertible {
    var message: String
    var position: GraphQLPosition?
    var code: Code

    enum Code: String, Hashable, Sendable {
        case syntax = "GRAPHQL_PARSE_FAILED"
        case validation = "GRAPHQL_VALIDATION_FAILED"
    }

    init(_ message: String, at position: GraphQLPosition? = nil, code: Code = .validation) {
        self.message = message
        self.position = position
        self.code = code
    }

    var description: String {
        position.map { "\($0.line):\($0.column): \(message)" } ?? message
    }
}
