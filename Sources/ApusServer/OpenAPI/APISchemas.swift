import ApusCore

/// JSON schemas of the types that are sent and answered.
struct APISchemas {
    private let schema: GraphQLSchema

    init(_ schema: GraphQLSchema) {
        self.schema = schema
    }

    /// All types with fields, by their names.
    func writeAll(to writer: inout JSONWriter) {
        writer.beginObject()
        for (name, definition) in schema.types.sorted(by: { $0.key < $1.key }) {
            switch definition {
            case .object(let fields):
                writer.key(name)
                write(fields.mapValues(\.type), isClosed: false, to: &writer)
            case .input(let fields):
                writer.key(name)
                write(fields.mapValues(\.type), isClosed: true, to: &writer)
            case .enumeration(let names):
                writer.key(name)
                writer.object { writer in
                    writer.key("enum")
                    writer.array(names.sorted()) { $1.value($0) }
                }
            case .union, .scalar: continue
            }
        }
        writer.endObject()
    }

    private func write(_ fields: [String: GraphQLType], isClosed: Bool, to writer: inout JSONWriter) {
        let sorted = fields.sorted { $0.key < $1.key }
        writer.object { writer in
            writer.member("type", "object")
            if isClosed { writer.member("additionalProperties", false) }
            writer.key("required")
            writer.array(sorted.filter { if case .required = $0.value { true } else { false } }) { $1.value($0.key) }
            writer.key("properties")
            writer.object { writer in
                for (name, type) in sorted {
                    writer.key(name)
                    write(type, to: &writer)
                }
            }
        }
    }

    /// A value in a body: may be null unless its type says otherwise.
    func write(_ type: GraphQLType, to writer: inout JSONWriter) {
        switch type {
        case .required(let inner): writeValue(inner, to: &writer)
        case .named("Any"): writeValue(type, to: &writer)
        default:
            writer.object { writer in
                writer.key("anyOf")
                writer.beginArray()
                writeValue(type, to: &writer)
                writer.object { $0.member("type", "null") }
                writer.endArray()
            }
        }
    }

    /// A parameter, which is never null.
    func writeParameter(_ type: GraphQLType, to writer: inout JSONWriter) {
        if case .required(let inner) = type { writeValue(inner, to: &writer) } else { writeValue(type, to: &writer) }
    }

    private func writeValue(_ type: GraphQLType, to writer: inout JSONWriter) {
        switch type {
        case .required(let inner): writeValue(inner, to: &writer)
        case .list(let inner):
            writer.object { writer in
                writer.member("type", "array")
                writer.key("items")
                write(inner, to: &writer)
            }
        case .named(let name):
            switch schema.types[name] {
            case .object, .input, .enumeration:
                writer.object { $0.member("$ref", "#/components/schemas/\(name)") }
            case .union(let members):
                writer.object { writer in
                    writer.key("anyOf")
                    writer.array(members) { writeValue(.named($0), to: &$1) }
                }
            case .scalar, nil: writeScalar(name, to: &writer)
            }
        }
    }

    private func writeScalar(_ name: String, to writer: inout JSONWriter) {
        writer.object { writer in
            switch name {
            case "Any": break
            case "Boolean": writer.member("type", "boolean")
            case "Float": writer.member("type", "number")
            case "Int": writer.member("type", "integer")
            case "Map": writer.member("type", "object")
            case "SentEventList":
                writer.member("type", "array")
                writer.key("items")
                writeValue(.named("SentEvent"), to: &writer)
            case "Time", "Date":
                writer.member("type", "string")
                writer.member("format", "date-time")
            case "ULID":
                writer.member("type", "string")
                writer.member("pattern", "^[0-7][0-9A-HJKMNP-TV-Z]{25}$")
            case "UUID":
                writer.member("type", "string")
                writer.member("format", "uuid")
            default: writer.member("type", "string")
            }
        }
    }
}
