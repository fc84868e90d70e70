import HTTPTypes
import Hummingbird

/// Routes grouped by path, so that a known path answers a method it does not have with 405 and the
/// list of those it has.
package struct RouteTable {
    package typealias Handler = @Sendable (Request, RouteContext) async throws -> Response

    /// Where a handler runs.
    package enum Place {
        /// On the connection's event loop: quick, and for what never takes longer than a few
        /// microseconds between two waits.
        case eventLoop
        /// On the threads of the concurrency library, where it holds up nobody else's request.
        case threads
    }

    /// One route and what it asks for.
    package struct Entry {
        package var path: String
        package var method: HTTPRequest.Method
        package var access: Access
        fileprivate var handler: Handler
    }

    package private(set) var entries: [Entry] = []

    package init() {}

    private static let methods: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete, .head]

    package mutating func on(
        _ method: HTTPRequest.Method,
        _ path: String,
        access: Access = .signingKey,
        runningOn place: Place = .threads,
        _ handler: @escaping Handler
    ) {
        var entry = Entry(path: path, method: method, access: access, handler: handler)
        if place == .threads {
            entry.handler = { request, context in try await offLoop { try await handler(request, context) } }
        }
        entries.append(entry)
    }

    /// Every route, in the words of the OpenAPI document: `/v1/runs/{id}`.
    var known: [(method: HTTPRequest.Method, path: String)] {
        entries.map { entry in
            let parts = entry.path.split(separator: "/", omittingEmptySubsequences: false)
            return (
                entry.method,
                parts.map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }.joined(separator: "/")
            )
        }
    }

    func install(in router: Router<RouteContext>, guardedBy gatekeeper: Gatekeeper) {
        for entry in entries {
            router.on(RouterPath(entry.path), method: entry.method, use: Self.guarded(entry, by: gatekeeper))
        }
        for path in Set(entries.map(\.path)) {
            let known = entries.filter { $0.path == path }.map(\.method)
            let allow = known.map(\.rawValue).sorted().joined(separator: ", ")
            for method in Self.methods where !known.contains(method) {
                router.on(RouterPath(path), method: method) { _, _ in
                    Response(status: .methodNotAllowed, headers: [.allow: allow])
                }
            }
            router.on(RouterPath(path), method: .options) { request, _ in
                Preflight.answer(request, methods: known)
                    ?? Response(status: .methodNotAllowed, headers: [.allow: allow])
            }
        }
    }

    /// Adds the routes to the router of an app, which decides who may use them.
    /// - Parameter base: what stands before every path; it begins with a slash and ends without one.
    package func install(in router: some RouterMethods, at base: String) {
        let common = CommonHeaders(serverKind: "embedded")
        for entry in entries {
            let handler = entry.handler
            router.on(RouterPath(base + entry.path), method: entry.method) { request, context in
                try await common.handle(request, context: RouteContext(context), next: handler)
            }
        }
    }

    private static func guarded(_ entry: Entry, by gatekeeper: Gatekeeper) -> Handler {
        guard gatekeeper.guards(entry.access) else { return entry.handler }
        return { request, context in
            let (key, run) = (context.parameters.get("key"), context.parameters.get("id"))
            if let refusal = gatekeeper.refusal(of: request, to: entry.access, eventKey: key, run: run) {
                return refusal
            }
            return try await entry.handler(request, context)
        }
    }
}

/// Runs work that may take a while on threads that are not an event loop's.
package func offLoop<Value>(_ body: () async throws -> Value) async rethrows -> Value {
    try await withTaskExecutorPreference(globalConcurrentExecutor, operation: body)
}
