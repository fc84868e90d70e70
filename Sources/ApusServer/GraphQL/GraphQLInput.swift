import ApusCore

/// The value of an argument, with variables put in and its type checked.
indirect enum GraphQLInput: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    /// As documents write it; in variables it is a string.
    case enumeration(String)
    case list([GraphQLInput])
    case object([String: GraphQLInput])

    init(_ json: JSONView) {
        switch json.kind {
        case .null: self = .null
        case .bool: self = .bool(json.bool ?? false)
        case .string: self = .string(json.string ?? "")
        case .number: self = json.int.map(GraphQLInput.int) ?? .double(json.double ?? 0)
        case .array: self = .list(json.elements.map(GraphQLInput.init))
        case .object:
            self = .object(
                Dictionary(json.members.map { ($0.key.string ?? "", GraphQLInput($0.value)) }) { _, last in last }
            )
        }
    }

    var isNull: Bool { self == .null }

    /// Of a string, an id or an enumeration.
    var text: String? {
        switch self {
        case .string(let text), .enumeration(let text): text
        case .int(let number): String(number)
        default: nil
        }
    }

    var int: Int? {
        if case .int(let number) = self { Int(number) } else { nil }
    }

    var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    var elements: [GraphQLInput] {
        if case .list(let elements) = self { elements } else { [] }
    }

    subscript(name: String) -> GraphQLInput? {
        guard case .object(let members) = self, let member = members[name], !member.isNull else { return nil }
        return member
    }
}

/// Checks values against the types of a schema.
struct GraphQLCoercion {
    let schema: GraphQLSchema
    let variables: [String: GraphQLInput]

    /// - Returns: `nil` when it is a variable that was left out.
    func value(of literal: GraphQLLiteral, declared: Set<String>) throws(GraphQLProblem) -> GraphQLInput? {
        switch literal {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .int(let number): return .int(number)
        case .double(let number): return .double(number)
        case .string(let text): return .string(text)
        case .enumeration(let name): return .enumeration(name)
        case .variable(let name):
            guard declared.contains(name) else {
                throw GraphQLProblem("the variable \"$\(name.excerptForGraphQL)\" is not defined by the operation")
            }
            return variables[name]
        case .list(let literals):
            var elements: [GraphQLInput] = []
            for literal in literals { elements.append(try value(of: literal, declared: declared) ?? .null) }
            return .list(elements)
        case .object(let members):
            var found: [String: GraphQLInput] = [:]
            for member in members { found[member.name] = try value(of: member.value, declared: declared) }
            return .object(found)
        }
    }

    /// Checks a value and fills in what its type says of members that are not given.
    /// - Parameter path: names the value in messages.
    func check(_ value: GraphQLInput, as type: GraphQLType, _ path: String) throws(GraphQLProblem) -> GraphQLInput {
        switch type {
        case .required(let inner):
            guard !value.isNull else { throw GraphQLProblem("\(path) must not be null: it is a \(type)") }
            return try check(value, as: inner, path)
        case .list(let inner):
            switch value {
            case .null: return .null
            case .list(let elements):
                var checked: [GraphQLInput] = []
                for (index, element) in elements.enumerated() {
                    checked.append(try check(element, as: inner, "\(path)[\(index)]"))
                }
                return .list(checked)
            // One value stands for a list of one.
            default: return .list([try check(value, as: inner, path)])
            }
        case .named(let name):
            return value.isNull ? .null : try check(value, named: name, path)
        }
    }

    private func check(_ value: GraphQLInput, named name: String, _ path: String) throws(GraphQLProblem) -> GraphQLInput
    {
        switch schema.types[name] {
        case .input(let fields): return try check(value, fields, name, path)
        case .enumeration(let names):
            guard let text = value.text, names.contains(text) else {
                throw GraphQLProblem("\(path) must be one of \(names.sorted().joined(separator: ", "))")
            }
            return .string(text)
        default:
            let fits =
                switch (name, value) {
                case ("Boolean", .bool), ("Int", .int), ("Float", .int), ("Float", .double), ("ID", .int): true
                case ("Boolean", _), ("Int", _), ("Float", _): false
                case (_, .string): true
                default: false
                }
            guard fits else { throw GraphQLProblem("\(path) must be a \(name)") }
            return value
        }
    }

    private func check(
        _ value: GraphQLInput, _ fields: [String: GraphQLSchema.Argument], _ name: String, _ path: String
    ) throws(GraphQLProblem) -> GraphQLInput {
        guard case .object(var members) = value else { throw GraphQLProblem("\(path) must be an object, a \(name)") }
        for member in members.keys.sorted() where fields[member] == nil {
            throw GraphQLProblem("\(path) has the unknown field \"\(member.excerptForGraphQL)\": it is a \(name)")
        }
        for (field, shape) in fields.sorted(by: { $0.key < $1.key }) {
            members[field] = try argument(members[field], shape, "\(path).\(field)")
        }
        return .object(members)
    }

    /// - Returns: `nil` when it is not given and may be left out.
    func argument(
        _ value: GraphQLInput?, _ shape: GraphQLSchema.Argument, _ path: String
    ) throws(GraphQLProblem) -> GraphQLInput? {
        if let value { return try check(value, as: shape.type, path) }
        if let standard = shape.standard, let value = try self.value(of: standard, declared: []) {
            return try check(value, as: shape.type, path)
        }
        if case .required = shape.type { throw GraphQLProblem("\(path) is required") }
        return nil
    }
}
