import ApusCore

/// An operation that has been checked: what to read, with all arguments, for each type of object.
struct GraphQLPlan: Sendable {
    var kind: GraphQLDocument.Operation.Kind
    var fields: [Field]

    /// A field to read.
    struct Field: Sendable {
        /// Under which it stands in the answer.
        var key: String
        var name: String
        var position: GraphQLPosition
        var arguments: [String: GraphQLInput] = [:]
        /// What to read of the value, by the type that it turns out to have.
        var selections: [String: [Field]] = [:]

        /// An argument that was given and is not null.
        func argument(_ name: String) -> GraphQLInput? {
            arguments[name].flatMap { $0.isNull ? nil : $0 }
        }

        /// Whether any of these is to be read of the value.
        func selects(_ names: String...) -> Bool {
            selections.values.contains { fields in fields.contains { names.contains($0.name) } }
        }
    }

    /// Fields of the root, each of which may read a whole history.
    static let mostQuestions = 50

    /// - Parameters:
    ///   - operationName: which operation of the document; `nil` when it has only one.
    ///   - variables: an object, or `nil`.
    init(
        _ document: GraphQLDocument, _ schema: GraphQLSchema, operationName: String? = nil, variables: JSONView? = nil
    ) throws(GraphQLProblem) {
        let operation = try Self.operation(operationName, of: document)
        kind = operation.kind
        let root =
            switch operation.kind {
            case .query: "Query"
            case .mutation: "Mutation"
            case .subscription: "Subscription"
            }
        guard case .object = schema.types[root] else {
            throw GraphQLProblem(
                "there are no operations of the kind \(operation.kind.rawValue)", at: operation.position)
        }
        var planner = try Planner(document, schema, operation, variables)
        fields = try planner.fields(of: operation.selections, on: root)
        guard fields.count <= Self.mostQuestions else {
            throw GraphQLProblem(
                "the operation asks for more than \(Self.mostQuestions) things", at: operation.position)
        }
    }

    private static func operation(
        _ name: String?, of document: GraphQLDocument
    ) throws(GraphQLProblem) -> GraphQLDocument.Operation {
        guard let name, !name.isEmpty else {
            guard let first = document.operations.first else { throw GraphQLProblem("the document has no operation") }
            guard document.operations.count == 1 else {
                throw GraphQLProblem("operationName must say which of the operations is meant")
            }
            return first
        }
        guard let found = document.operations.first(where: { $0.name == name }) else {
            throw GraphQLProblem("the document has no operation \"\(name.excerptForGraphQL)\"")
        }
        return found
    }
}

/// Checks selections and collects the fields of each type.
private struct Planner {
    let document: GraphQLDocument
    let schema: GraphQLSchema
    let coercion: GraphQLCoercion
    let declared: Set<String>
    /// Fragments in fragments, fields in fields.
    var depth = 0
    var count = 0

    /// Fields of an operation, after its fragments were put in.
    static let most = 2_000

    init(
        _ document: GraphQLDocument, _ schema: GraphQLSchema, _ operation: GraphQLDocument.Operation,
        _ given: JSONView?
    ) throws(GraphQLProblem) {
        self.document = document
        self.schema = schema
        declared = Set(operation.variables.map(\.name))
        let bare = GraphQLCoercion(schema: schema, variables: [:])
        var values: [String: GraphQLInput] = [:]
        for variable in operation.variables {
            let value = given?[variable.name].map(GraphQLInput.init)
            let shape = GraphQLSchema.Argument(type: variable.type, standard: variable.standard)
            // The types of other servers have names that we do not know: such values are checked where they
            // are used.
            if schema.types[variable.type.name] != nil {
                values[variable.name] = try Self.at(variable.position) { () throws(GraphQLProblem) in
                    try bare.argument(value, shape, "the variable \"$\(variable.name)\"")
                }
            } else if let value {
                values[variable.name] = value
            } else if let standard = variable.standard {
                values[variable.name] = try bare.value(of: standard, declared: [])
            }
        }
        coercion = GraphQLCoercion(schema: schema, variables: values)
    }

    /// What a selection reads of an object.
    mutating func fields(
        of selections: [GraphQLDocument.Selection], on type: String
    ) throws(GraphQLProblem) -> [GraphQLPlan.Field] {
        var collected: [(field: GraphQLDocument.Field, selections: [GraphQLDocument.Selection])] = []
        try collect(selections, on: type, into: &collected)
        var fields: [GraphQLPlan.Field] = []
        for (field, selections) in collected { fields.append(try plan(field, selections, on: type)) }
        return fields
    }

    /// Puts fragments in; fields of one key are one field with the selections of all.
    private mutating func collect(
        _ selections: [GraphQLDocument.Selection], on type: String,
        into collected: inout [(field: GraphQLDocument.Field, selections: [GraphQLDocument.Selection])]
    ) throws(GraphQLProblem) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= GraphQLParser.deepest else {
            throw GraphQLProblem("fragments stand too deep in each other, or in themselves")
        }
        for selection in selections {
            count += 1
            guard count <= Self.most else {
                throw GraphQLProblem("the operation selects more than \(Self.most) fields")
            }
            switch selection {
            case .field(let field):
                guard try isIncluded(field.directives) else { continue }
                let key = field.alias ?? field.name
                guard let known = collected.firstIndex(where: { ($0.field.alias ?? $0.field.name) == key }) else {
                    collected.append((field, field.selections))
                    continue
                }
                guard collected[known].field.name == field.name,
                    collected[known].field.arguments.map(\.value) == field.arguments.map(\.value)
                else {
                    throw GraphQLProblem(
                        "\"\(key.excerptForGraphQL)\" stands for two different fields", at: field.position
                    )
                }
                collected[known].selections += field.selections
            case .spread(let name, let directives, let position):
                guard let fragment = document.fragments[name] else {
                    throw GraphQLProblem("there is no fragment \"\(name.excerptForGraphQL)\"", at: position)
                }
                guard try applies(fragment.type, to: type, at: position), try isIncluded(directives) else { continue }
                try collect(fragment.selections, on: type, into: &collected)
            case .inline(let condition, let directives, let selections, let position):
                guard
                    try condition.map({ (name) throws(GraphQLProblem) in try applies(name, to: type, at: position) })
                        ?? true, try isIncluded(directives)
                else { continue }
                try collect(selections, on: type, into: &collected)
            }
        }
    }

    private func applies(
        _ condition: String, to type: String, at position: GraphQLPosition
    ) throws(GraphQLProblem) -> Bool {
        guard schema.types[condition] != nil else {
            throw GraphQLProblem("there is no type \"\(condition.excerptForGraphQL)\"", at: position)
        }
        return schema.objects(of: condition).contains(type)
    }

    private mutating func plan(
        _ field: GraphQLDocument.Field, _ selections: [GraphQLDocument.Selection], on type: String
    ) throws(GraphQLProblem) -> GraphQLPlan.Field {
        var planned = GraphQLPlan.Field(key: field.alias ?? field.name, name: field.name, position: field.position)
        if field.name == "__typename" { return planned }
        guard case .object(let known) = schema.types[type], let shape = known[field.name] else {
            throw GraphQLProblem(
                "Cannot query field \"\(field.name.excerptForGraphQL)\" on type \"\(type)\".", at: field.position
            )
        }
        for argument in field.arguments where shape.arguments[argument.name] == nil {
            throw GraphQLProblem(
                "Unknown argument \"\(argument.name.excerptForGraphQL)\" on field \"\(type).\(field.name)\".",
                at: argument.position
            )
        }
        for (name, argument) in shape.arguments.sorted(by: { $0.key < $1.key }) {
            let given = field.arguments.first { $0.name == name }
            let (coercion, declared) = (coercion, declared)
            planned.arguments[name] = try Self.at(given?.position ?? field.position) { () throws(GraphQLProblem) in
                var value: GraphQLInput?
                if let given { value = try coercion.value(of: given.value, declared: declared) }
                return try coercion.argument(value, argument, "the argument \"\(name)\" of \"\(field.name)\"")
            }
        }
        let objects = schema.objects(of: shape.type.name)
        guard objects.isEmpty == selections.isEmpty else {
            let complaint = objects.isEmpty ? "has no fields to select" : "needs a selection of its fields"
            throw GraphQLProblem("\"\(type).\(field.name)\" is a \(shape.type) and \(complaint)", at: field.position)
        }
        for object in objects { planned.selections[object] = try fields(of: selections, on: object) }
        return planned
    }

    private func isIncluded(_ directives: [GraphQLDocument.Directive]) throws(GraphQLProblem) -> Bool {
        var isIncluded = true
        for directive in directives {
            guard directive.name == "include" || directive.name == "skip" else {
                throw GraphQLProblem(
                    "there is no directive \"@\(directive.name.excerptForGraphQL)\"", at: directive.position
                )
            }
            let argument = directive.arguments.first { $0.name == "if" }
            guard let argument, directive.arguments.count == 1,
                let condition = try coercion.value(of: argument.value, declared: declared)?.bool
            else {
                throw GraphQLProblem("\"@\(directive.name)\" needs the Boolean argument \"if\"", at: directive.position)
            }
            if condition != (directive.name == "include") { isIncluded = false }
        }
        return isIncluded
    }

    /// Gives a problem its place when it has none.
    private static func at<Value>(
        _ position: GraphQLPosition, _ body: () throws(GraphQLProblem) -> Value
    ) throws(GraphQLProblem) -> Value {
        do {
            return try body()
        } catch {
            throw GraphQLProblem(error.message, at: error.position ?? position, code: error.code)
        }
    }
}
