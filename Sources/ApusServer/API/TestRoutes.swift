import ApusCore
import ApusEngine
import ApusNode
import HTTPTypes
import Hummingbird

/// Hooks for the protocol's own test suites. They are there only with `TEST_MODE=true` in the environment.
struct TestRoutes: Sendable {
    let node: Node

    func add(to routes: inout RouteTable) {
        routes.on(.post, "/test/reset") { request, _ in
            try await node.reset(by: Actor.of(request))
            return Answers.text("ok", type: "text/plain; charset=utf-8")
        }
        routes.on(.delete, "/fn/remove") { request, _ in
            let url = request.uri.queryParameters.get("url") ?? ""
            let registry = node.registry
            guard let app = registry.apps.values.first(where: { $0.url == url }),
                registry.functions(of: app.id).contains(where: { !$0.isArchived })
            else {
                return Answers.error("App not found: \(url.excerpt())", status: .notFound)
            }
            let nothing = Registration(appName: app.name, url: app.url, functions: [], checksum: "")
            _ = try await node.register(nothing)
            return Response(status: .ok)
        }
        for (path, limit) in [("/fn/step-limit", TestLimit.steps), ("/fn/state-size-limit", .stateBytes)] {
            routes.on(.post, path) { request, _ in
                let text = request.uri.queryParameters.get("limit") ?? ""
                guard let function = function(request) else { return Self.unknown(request) }
                guard let value = Int(text), value > 0 else {
                    return Answers.error("Invalid limit: \(text.excerpt())", status: .badRequest)
                }
                try await node.limitForTests(function, limit, to: value)
                return Response(status: .ok)
            }
            routes.on(.delete, path) { request, _ in
                guard let function = function(request) else { return Self.unknown(request) }
                try await node.limitForTests(function, limit, to: nil)
                return Response(status: .ok)
            }
        }
    }

    private func function(_ request: Request) -> UUID16? {
        request.uri.queryParameters.get("functionId").flatMap { UUID16($0) }
            .flatMap { node.registry.functions[$0] == nil ? nil : $0 }
    }

    private static func unknown(_ request: Request) -> Response {
        let id = request.uri.queryParameters.get("functionId") ?? ""
        return Answers.error("Function not found: \(id.excerpt())", status: .notFound)
    }
}
