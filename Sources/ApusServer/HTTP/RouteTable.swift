import HTTPTypes
import Hummingbird

/// Routes grouped by path, so that a known path answers a method it does not have with 405 and the
/// list of those it has.
package struct RouteTable {
    package typealias Handler = @Sendable (Request, BasicRequestContext) async throws -> Response

    /// Where a handler runs.
    package enum Place {
        /// On the connection's event loop: quick, and for what never takes longer than a few
        /// microseconds between two waits.
        case eventLoop
        /// On the threads of the concurrency library, where it holds up nobody else's request.
        case threads
    }

    private var handlers: [(path: String, method: HTTPRequest.Method, handler: Handler)] = []
    private static let methods: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete, .head]

    package mutating func on(
        _ method: HTTPRequest.Method,
        _ path: String,
        runningOn place: Place = .threads,
        _ handler: @escaping Handler
    ) {
        switch place {
        case .eventLoop: handlers.append((path, method, handler))
        case .threads:
            handlers.append(
                (
                    path, method,
                    { request, context in
                        try await offLoop { try await handler(request, context) }
                    }
                )
            )
        }
    }

    /// Every route, in the words of the OpenAPI document: `/v1/runs/{id}`.
    var known: [(method: HTTPRequest.Method, path: String)] {
        handlers.map { handler in
            let parts = handler.path.split(separator: "/", omittingEmptySubsequences: false)
            return (
                handler.method,
                parts.map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }.joined(separator: "/")
            )
        }
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

/// Runs work that may take a while on threads that are not an event loop's.
package func offLoop<Value>(_ body: () async throws -> Value) async rethrows -> Value {
    try await withTaskExecutorPreference(globalConcurrentExecutor, operation: body)
}
