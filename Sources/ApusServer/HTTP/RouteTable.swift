import HTTPTypes
import Hummingbird

/// Routes grouped by path, so that a known path answers a method it does not have with 405 and the
/// list of those it has.
struct RouteTable {
    typealias Handler = @Sendable (Request, BasicRequestContext) async throws -> Response

    private var handlers: [(path: String, method: HTTPRequest.Method, handler: Handler)] = []
    private static let methods: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete, .head]

    mutating func on(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Handler) {
        handlers.append((path, method, handler))
    }

    func install(in router: Router<BasicRequestContext>) {
        let paths = Set(handlers.map(\.path))
        for (path, method, handler) in handlers { router.on(RouterPath(path), method: method, use: handler) }
        for path in paths {
            let known = handlers.filter { $0.path == path }.map(\.method)
            let allow = known.map(\.rawValue).sorted().joined(separator: ", ")
            for method in Self.methods where !known.contains(method) {
                router.on(RouterPath(path), method: method) { _, _ in
                    Response(status: .methodNotAllowed, headers: [.allow: allow])
                }
            }
        }
    }
}
