import ApusCore
import HTTPTypes
import Hummingbird

/// The OpenAPI document of the HTTP interface.
enum APIDocument {
    /// - Parameter version: of the server.
    static func json(version: String) -> [UInt8] {
        do {
            return try write(version: version)
        } catch {
            preconditionFailure("the description of the HTTP interface is wrong: \(error)")
        }
    }

    private static func write(version: String) throws(GraphQLProblem) -> [UInt8] {
        let schemas = APISchemas(try GraphQLSchema(types))
        var writer = JSONWriter(reserving: 100_000)
        writer.beginObject()
        writer.member("openapi", "3.1.0")
        writer.key("info")
        writer.object { writer in
            writer.member("title", "Apus")
            writer.member("version", version)
            writer.member(
                "description",
                "Events and apps, runs and functions, in three dialects: v0 and v1, v2 (also under /api/v2) and GraphQL."
            )
        }
        writer.key("paths")
        writer.beginObject()
        let byPath = Dictionary(grouping: APIOperation.all, by: \.template)
        for path in byPath.keys.sorted() {
            writer.key(path)
            writer.beginObject()
            for operation in byPath[path] ?? [] {
                writer.key(operation.method.rawValue.lowercased())
                try write(operation, schemas, to: &writer)
            }
            writer.endObject()
        }
        writer.endObject()
        writer.key("components")
        writer.beginObject()
        writer.key("schemas")
        schemas.writeAll(to: &writer)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private static func write(
        _ operation: APIOperation, _ schemas: APISchemas, to writer: inout JSONWriter
    ) throws(GraphQLProblem) {
        var parameters: [(name: String, place: String, type: GraphQLType)] = []
        for parameter in operation.pathParameters {
            parameters.append((parameter.name, "path", .required(.named(parameter.type))))
        }
        var query = try GraphQLParser(operation.query)
        while query.token != .end {
            let name = try query.takeName("a parameter")
            try query.expect(":")
            parameters.append((name, "query", try query.type()))
        }
        writer.beginObject()
        writer.member("summary", operation.summary)
        writer.key("tags")
        writer.array([operation.dialect.rawValue]) { $1.value($0) }
        writer.key("parameters")
        writer.array(parameters) { parameter, writer in
            writer.object { writer in
                writer.member("name", parameter.name)
                writer.member("in", parameter.place)
                writer.member("required", parameter.place == "path")
                writer.key("schema")
                schemas.writeParameter(parameter.type, to: &writer)
            }
        }
        if let body = operation.body {
            var parser = try GraphQLParser(body)
            let type = try parser.type()
            writer.key("requestBody")
            writer.object { writer in
                writer.member("required", operation.isBodyRequired)
                content(of: .required(type), schemas, to: &writer)
            }
        }
        writer.key("responses")
        try writeResponses(of: operation, schemas, to: &writer)
        writer.endObject()
    }

    // MARK: - Responses

    private static func writeResponses(
        of operation: APIOperation, _ schemas: APISchemas, to writer: inout JSONWriter
    ) throws(GraphQLProblem) {
        let answer: GraphQLType?
        switch operation.answer {
        case .data(let type), .page(let type), .bare(let type):
            var parser = try GraphQLParser(type)
            answer = try parser.type()
        case .text, .nothing: answer = nil
        }
        let error: GraphQLType = .required(
            .named(operation.dialect == .v2 ? "V2Errors" : operation.path == "/e/{key}" ? "SentAnswer" : "Error")
        )
        writer.beginObject()
        for status in Set([operation.status, 500, 503] + operation.failures).sorted() {
            writer.key(String(status))
            writer.beginObject()
            writer.member("description", HTTPResponse.Status(code: status).reasonPhrase)
            let isSuccess = status < 300 || status == operation.status
            // A key that was used before is answered with its run.
            let isRepeat = status == 409 && operation.path.hasSuffix("/invoke")
            if isSuccess || isRepeat {
                switch operation.answer {
                case .nothing: break
                case .text(let type):
                    writer.key("content")
                    writer.object { writer in
                        writer.key(type)
                        writer.object { $0.member("schema", RawJSON(canonical: Array(#"{"type":"string"}"#.utf8))) }
                    }
                case .data, .page, .bare:
                    if let answer { try envelope(answer, of: operation, schemas, to: &writer) }
                }
            } else if operation.path == "/v0/gql", status < 500, status != 413 {
                content(of: .required(.named("GraphQLAnswer")), schemas, to: &writer)
            } else {
                content(of: error, schemas, to: &writer)
            }
            writer.endObject()
        }
        writer.endObject()
    }

    private static func envelope(
        _ type: GraphQLType, of operation: APIOperation, _ schemas: APISchemas, to writer: inout JSONWriter
    ) throws(GraphQLProblem) {
        if case .bare = operation.answer { return content(of: type, schemas, to: &writer) }
        var isPage = false
        if case .page = operation.answer { isPage = true }
        let isV2 = operation.dialect == .v2
        writer.key("content")
        writer.object { writer in
            writer.key("application/json")
            writer.object { writer in
                writer.key("schema")
                writer.object { writer in
                    writer.member("type", "object")
                    writer.key("required")
                    writer.array(["data", "metadata"] + (isV2 && isPage ? ["page"] : [])) { $1.value($0) }
                    writer.key("properties")
                    writer.object { writer in
                        writer.key("data")
                        schemas.write(type, to: &writer)
                        writer.key("metadata")
                        schemas.write(.required(.named(isV2 ? "V2Metadata" : "V1Metadata")), to: &writer)
                        if isV2, isPage {
                            writer.key("page")
                            schemas.write(.required(.named("V2PageInfo")), to: &writer)
                        }
                    }
                }
            }
        }
    }

    private static func content(of type: GraphQLType, _ schemas: APISchemas, to writer: inout JSONWriter) {
        writer.key("content")
        writer.object { writer in
            writer.key("application/json")
            writer.object { writer in
                writer.key("schema")
                schemas.write(type, to: &writer)
            }
        }
    }
}

/// `GET /openapi.json`
struct APIDocumentRoutes: Sendable {
    let version: String

    func add(to routes: inout RouteTable) {
        let document = APIDocument.json(version: version)
        routes.on(.get, "/openapi.json") { _, _ in Answers.json(document) }
    }
}
