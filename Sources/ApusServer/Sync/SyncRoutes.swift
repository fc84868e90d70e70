import ApusCore
import ApusEngine
import ApusNode
import HTTPTypes
import Hummingbird

/// `POST /fn/register`: apps say which functions they have.
struct SyncRoutes: Sendable {
    let node: Node
    let serverKind: String
    let sync: AppSync
    let bodies: RequestBodies

    /// Bytes of a registration.
    private static let bodyLimit = 8 << 20

    func add(to routes: inout RouteTable) {
        routes.on(.post, "/fn/register") { request, _ in try await register(request) }
    }

    private func register(_ request: Request) async throws -> Response {
        if let expected = request.headers[.expectedServerKind], !expected.isEmpty, expected != serverKind {
            return Answers.error("Expected server kind \(serverKind), got \(expected)", status: .badRequest)
        }
        return try await bodies.read(request, upTo: Self.bodyLimit) { try await register($0) }
    }

    private func register(_ body: [UInt8]) async throws -> Response {
        let registration: Registration
        do throws(RegistrationError) {
            registration = try Registration.accept(body)
        } catch {
            await sync.note(failure: error, of: body)
            return Answers.error(error.message, status: .badRequest)
        }
        let (isModified, app) = try await sync.register(registration)
        return Answers.json(Self.reply(isModified: isModified, app: app))
    }

    private static func reply(isModified: Bool, app: UUID16) -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("ok")
        writer.value(true)
        writer.key("modified")
        writer.value(isModified)
        writer.key("sync_id")
        writer.value(UUID16.v4(using: &random))
        writer.key("app_id")
        writer.value(app)
        writer.endObject()
        return writer.bytes
    }
}
