import ApusCore
import HTTPTypes

/// A route as the OpenAPI document tells of it.
///
/// Types are written as in GraphQL: `[Run!]!`, where `!` means "always there and never null".
struct APIOperation: Sendable {
    var method: HTTPRequest.Method
    /// With the types of its parameters: `/v1/runs/{id: ULID}`.
    var path: String
    var summary: String
    /// Parameters of the query with their types: `limit: Int cursor: String`.
    var query = ""
    /// The type of the body; `nil` for none.
    var body: String?
    var isBodyRequired = true
    var answer: Answer
    /// The status of success.
    var status = 200
    /// Statuses besides those that any request may meet.
    var failures: [Int] = []

    enum Answer: Sendable {
        /// Inside of the dialect's envelope.
        case data(String)
        /// The same, with a cursor.
        case page(String)
        case bare(String)
        /// Of a content type other than JSON.
        case text(String)
        case nothing
    }

    enum Dialect: String, CaseIterable {
        case v1 = "v0 and v1"
        case v2
        case other = "events, apps and operation"
    }

    init(
        _ method: HTTPRequest.Method, _ path: String, _ summary: String, query: String = "", body: String? = nil,
        isBodyRequired: Bool = true, _ answer: Answer, status: Int = 200, failures: [Int] = []
    ) {
        self.method = method
        self.path = path
        self.summary = summary
        self.query = query
        self.body = body
        self.isBodyRequired = isBodyRequired
        self.answer = answer
        self.status = status
        self.failures = failures
    }

    var dialect: Dialect {
        if path.hasPrefix("/v2/") { return .v2 }
        return path.hasPrefix("/v1/") || path.hasPrefix("/v0/") ? .v1 : .other
    }

    /// The path without types: `/v1/runs/{id}`.
    var template: String {
        path.split(separator: "/", omittingEmptySubsequences: false)
            .map { part in
                part.hasPrefix("{") ? "{\(part.dropFirst().prefix { $0 != ":" && $0 != "}" })}" : String(part)
            }
            .joined(separator: "/")
    }

    /// The names and types of the parameters of the path.
    var pathParameters: [(name: String, type: String)] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part in
            let pieces = part.dropFirst().dropLast().split(separator: ":")
            return (String(pieces.first ?? ""), pieces.dropFirst().first.map { $0.filter { $0 != " " } } ?? "String")
        }
    }

    static let all: [APIOperation] = ingress + v1 + v2
}
