import HTTPTypes
import Hummingbird

/// A browser's question before it lets a page of another origin send a request.
enum Preflight {
    /// The methods that pages of other origins may use.
    static let methods: Set<HTTPRequest.Method> = [.get, .post, .put, .delete, .options]

    static func isOne(_ request: Request) -> Bool {
        request.method == .options && request.headers[.accessControlRequestMethod] != nil
    }

    /// - Parameter known: the methods that the path has.
    /// - Returns: `nil` when it is no such question.
    static func answer(_ request: Request, methods known: [HTTPRequest.Method]) -> Response? {
        guard isOne(request) else { return nil }
        var headers = HTTPFields()
        for name in ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"] {
            headers.append(HTTPField(name: .vary, value: name))
        }
        guard let origin = request.headers[.origin],
            let requested = request.headers[.accessControlRequestMethod],
            let method = HTTPRequest.Method(requested.uppercased()), methods.contains(method), known.contains(method)
        else { return Response(status: .ok, headers: headers) }
        headers[.accessControlAllowOrigin] = origin
        headers[.accessControlAllowMethods] = method.rawValue
        headers[.accessControlMaxAge] = "3600"
        if let names = request.headers[.accessControlRequestHeaders], !names.isEmpty {
            headers[.accessControlAllowHeaders] = names.split(separator: ",")
                .map { canonicalName($0.filter { $0 != " " }) }.joined(separator: ", ")
        }
        return Response(status: .ok, headers: headers)
    }

    /// `content-type` becomes `Content-Type`.
    private static func canonicalName(_ name: String) -> String {
        name.split(separator: "-", omittingEmptySubsequences: false)
            .map { $0.prefix(1).uppercased() + $0.dropFirst().lowercased() }
            .joined(separator: "-")
    }
}
