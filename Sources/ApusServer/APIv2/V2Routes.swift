import ApusCore
import ApusNode
import HTTPTypes
import Hummingbird

/// The v2 API, under `/v2` and `/api/v2`.
struct V2Routes: Sendable {
    let node: Node
    let bodies: RequestBodies

    func add(to routes: inout RouteTable) {
        var table = V2Table(routes)
        addAccount(to: &table)
        V2EventRoutes(node: node, bodies: bodies).add(to: &table)
        V2RunRoutes(node: node, bodies: bodies).add(to: &table)
        V2AppRoutes(node: node, bodies: bodies).add(to: &table)
        routes = table.routes
    }

    /// What stands for the one account and environment of a server of one's own.
    private func addAccount(to table: inout V2Table) {
        let born = Timestamp(milliseconds: 1_620_898_204_000)
        table.on(.get, "/health") { _, _ in
            V2Answers.data { writer in writer.object { $0.member("status", "ok") } }
        }
        table.on(.get, "/account") { _, _ in
            V2Answers.data { writer in
                writer.object { writer in
                    writer.member("id", Tenancy.account)
                    writer.member("email", "dev@inngest.local")
                    writer.member("name", "Dev Server")
                    writer.member("createdAt", born)
                    writer.member("updatedAt", born)
                }
            }
        }
        table.on(.get, "/envs") { request, _ in
            let limit = try V2Query(request).limit(most: 250)
            return V2Answers.data(page: .init(limit: limit)) { writer in
                writer.array([Tenancy.environment]) { id, writer in
                    writer.object { writer in
                        writer.member("id", id)
                        writer.member("name", "dev")
                        writer.member("type", "TEST")
                        writer.member("createdAt", born)
                    }
                }
            }
        }
        // No keys are set up, so every one is taken.
        for path in ["/keys/events", "/keys/signing"] {
            table.on(.get, path) { request, _ in
                let limit = try V2Query(request).limit(most: 100)
                return V2Answers.data(page: .init(limit: limit)) { $0.array([String]()) { $1.value($0) } }
            }
        }
        for (method, path, feature) in Self.absent {
            table.on(method, path) { _, _ in throw V2Problem(.notImplemented, "\(feature) not implemented in OSS") }
        }
    }

    /// What only the hosted service has.
    private static let absent: [(HTTPRequest.Method, String, String)] = [
        (.post, "/envs", "Environments"), (.patch, "/envs/:id", "Environments"),
        (.get, "/partner/accounts", "Accounts"), (.post, "/partner/accounts", "Accounts"),
        (.get, "/env/webhooks", "Webhooks"), (.post, "/env/webhooks", "Webhooks"),
        (.post, "/apps/:app/syncs", "App syncs"), (.get, "/insights/:name", "Insights"),
        (.post, "/insights/:name", "Insights"), (.get, "/experiments", "Experiments"),
        (.get, "/sessions", "Sessions"), (.get, "/sessions/:id", "Sessions"), (.get, "/sandboxes", "Sandboxes"),
        (.post, "/sandboxes", "Sandboxes"), (.get, "/sandboxes/:id", "Sandboxes"),
        (.delete, "/sandboxes/:id", "Sandboxes"),
    ]
}
