import ApusCore
import ApusEngine
import ApusNode
import HTTPTypes
import Hummingbird

/// `GET /v1/apps` and `POST /v1/apps`: which apps there are, and one that is to be asked: an extension of the v1 API.
struct AppRoutes: Sendable {
    let node: Node
    let sync: AppSync
    let bodies: RequestBodies

    /// Bytes of a request.
    private static let bodyLimit = 64 << 10

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/v1/apps") { _, _ in await list() }
        routes.on(.post, "/v1/apps") { request, _ in
            try await bodies.read(request, upTo: Self.bodyLimit) { try await add($0) }
        }
    }

    private func list() async -> Response {
        let registry = node.registry
        let apps = registry.apps.values.sorted { $0.name < $1.name }
        let known = Set(apps.map(\.url))
        let pending = await sync.pending.filter { !known.contains($0.url) }
        return Answers.envelope { writer in
            writer.beginArray()
            for app in apps { Self.write(app, registry, to: &writer) }
            for app in pending { Self.write(app.url, error: app.reason, to: &writer) }
            writer.endArray()
        }
    }

    /// Asks an address for its functions, and says what came of it.
    private func add(_ body: [UInt8]) async throws -> Response {
        guard let url = (try? RawJSON(parsing: body))?.view["url"]?.string, !url.isEmpty else {
            throw HTTPError(.badRequest, message: "the body must be an object with the app's url")
        }
        await sync.add(url)
        let registry = node.registry
        let address = AppSync.normalise(url)
        if let app = registry.apps.values.first(where: { $0.url == address }) {
            return Answers.envelope { Self.write(app, registry, to: &$0) }
        }
        let pending = await sync.pending.first { $0.url == address }
        return Answers.envelope { Self.write(address, error: pending?.reason, to: &$0) }
    }

    private static func write(_ app: AppRecord, _ registry: Registry, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.value(app.id)
        writer.key("name")
        writer.value(app.name)
        writer.key("url")
        writer.value(app.url)
        writer.key("sdk")
        writer.value([app.sdkLanguage, app.sdkVersion].filter { !$0.isEmpty }.joined(separator: " "))
        writer.key("framework")
        writer.value(app.framework)
        writer.key("functions")
        writer.value(registry.functions(of: app.id).count { !$0.isArchived })
        writer.key("synced_at")
        writer.value(app.syncedAt.rfc3339)
        writer.key("error")
        if let error = app.error { writer.value(error) } else { writer.null() }
        writer.endObject()
    }

    /// An address from which no app has registered.
    private static func write(_ url: String, error: String?, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.null()
        writer.key("name")
        writer.null()
        writer.key("url")
        writer.value(url)
        writer.key("error")
        writer.value(error ?? "it has not registered yet")
        writer.endObject()
    }
}
