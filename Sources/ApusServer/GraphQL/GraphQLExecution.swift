import ApusCore

/// What a field turns out to be.
enum GraphQLValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case string(String)
    case json(RawJSON)
    case list([GraphQLValue])
    case object(any GraphQLObject)

    static func string(_ text: String?) -> GraphQLValue { text.map(GraphQLValue.string) ?? .null }
    static func time(_ time: Timestamp?) -> GraphQLValue { string(time?.rfc3339) }
    static func id(_ id: ULID?) -> GraphQLValue { string(id?.description) }
    static func id(_ id: UUID16?) -> GraphQLValue { string(id?.description) }
    static func objects(_ objects: [some GraphQLObject]) -> GraphQLValue { .list(objects.map(GraphQLValue.object)) }
}

/// Something with fields, which are read when they are asked for.
protocol GraphQLObject: Sendable {
    /// Its type in the schema.
    var type: String { get }
    /// - Throws: what stands in the answer's errors; the field is null then.
    func value(of field: GraphQLPlan.Field) async throws -> GraphQLValue
}

/// An object whose fields are known already.
struct GraphQLRecord: GraphQLObject {
    let type: String
    private let fields: [String: GraphQLValue]

    init(_ type: String, _ fields: [String: GraphQLValue]) {
        self.type = type
        self.fields = fields
    }

    func value(of field: GraphQLPlan.Field) -> GraphQLValue { fields[field.name] ?? .null }
}

/// Why a field could not be read, in a sentence.
struct GraphQLFieldError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Carries out a plan.
struct GraphQLExecution {
    private var writer = JSONWriter(reserving: 1_024)
    private var errors: [(message: String, position: GraphQLPosition, path: [PathElement])] = []
    private var path: [PathElement] = []

    private enum PathElement {
        case key(String)
        case index(Int)
    }

    /// Errors that are told of; a list of which every element fails needs no more.
    private static let mostErrors = 20

    /// - Returns: `{"data":…}`, with `errors` when there were any.
    static func answer(_ plan: GraphQLPlan, on root: some GraphQLObject) async -> [UInt8] {
        var execution = GraphQLExecution()
        execution.writer.beginObject()
        execution.writer.key("data")
        await execution.write(plan.fields, of: root)
        if !execution.errors.isEmpty { execution.writeErrors() }
        execution.writer.endObject()
        return execution.writer.bytes
    }

    private mutating func write(_ fields: [GraphQLPlan.Field], of object: any GraphQLObject) async {
        writer.beginObject()
        for field in fields {
            writer.key(field.key)
            guard field.name != "__typename" else {
                writer.value(object.type)
                continue
            }
            path.append(.key(field.key))
            do {
                await write(try await object.value(of: field), field)
            } catch {
                writer.null()
                if errors.count < Self.mostErrors { errors.append(("\(error)", field.position, path)) }
            }
            path.removeLast()
        }
        writer.endObject()
    }

    private mutating func write(_ value: GraphQLValue, _ field: GraphQLPlan.Field) async {
        switch value {
        case .null: writer.null()
        case .bool(let value): writer.value(value)
        case .int(let number): writer.value(number)
        case .string(let text): writer.value(text)
        case .json(let json): writer.raw(json)
        case .list(let elements):
            writer.beginArray()
            for (index, element) in elements.enumerated() {
                path.append(.index(index))
                await write(element, field)
                path.removeLast()
            }
            writer.endArray()
        case .object(let object): await write(field.selections[object.type] ?? [], of: object)
        }
    }

    private mutating func writeErrors() {
        writer.key("errors")
        writer.array(errors) { error, writer in
            writer.object { writer in
                writer.member("message", error.message)
                writer.key("locations")
                GraphQLAnswers.write([error.position], to: &writer)
                writer.key("path")
                writer.array(error.path) { element, writer in
                    switch element {
                    case .key(let key): writer.value(key)
                    case .index(let index): writer.value(index)
                    }
                }
            }
        }
    }
}

/// Answers that hold no data.
enum GraphQLAnswers {
    static func problem(_ problem: GraphQLProblem) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("errors")
            writer.array([problem]) { problem, writer in
                writer.object { writer in
                    writer.member("message", problem.message)
                    if let position = problem.position {
                        writer.key("locations")
                        write([position], to: &writer)
                    }
                    writer.key("extensions")
                    writer.object { $0.member("code", problem.code.rawValue) }
                }
            }
            writer.key("data")
            writer.null()
        }
        return writer.bytes
    }

    static func write(_ positions: [GraphQLPosition], to writer: inout JSONWriter) {
        writer.array(positions) { position, writer in
            writer.object { writer in
                writer.member("line", position.line)
                writer.member("column", position.column)
            }
        }
    }
}
