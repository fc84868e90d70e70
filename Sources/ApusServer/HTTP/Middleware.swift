import ApusNode
import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1

extension HTTPField.Name {
    static let serverKind = HTTPField.Name("X-Inngest-Server-Kind")!
    static let expectedServerKind = HTTPField.Name("X-Inngest-Expected-Server-Kind")!
    static let eventIDSeed = HTTPField.Name("x-inngest-event-id-seed")!
}

/// What every answer carries: which kind of server it is, who may read it from a browser, and an
/// error in the common shape when a handler threw one.
struct CommonHeaders: RouterMiddleware {
    typealias Context = RouteContext

    var serverKind: String

    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as HTTPError {
            response = refusal(of: request, error)
        } catch let refusal as BodyRefusal {
            response = Answers.error(refusal.description, status: refusal.status, headers: refusal.headers)
        } catch let error as NodeError {
            response = Answers.failure(error)
        } catch let error as HTTPParserError {
            // What comes next on the connection cannot be told any more: the library closes it.
            throw error
        } catch {
            let path = Self.withoutKey(request.uri.path)
            context.logger.error("a request failed", metadata: ["path": "\(path)", "error": "\(error)"])
            response = Answers.error("The server could not answer: \(error)", status: .internalServerError)
        }
        if Preflight.isOne(request), response.status == .ok { return response }
        response.headers[.serverKind] = serverKind
        response.headers[.vary] = "Origin"
        // Pages say who may do what with them; the API may be used from anywhere.
        if response.headers[.contentSecurityPolicy] == nil, let origin = request.headers[.origin],
            Preflight.methods.contains(request.method)
        {
            response.headers[.accessControlAllowOrigin] = origin
            response.headers[.accessControlExposeHeaders] = "Link, Mcp-Session-Id"
        }
        return response
    }

    /// A path as it may be logged: an event key may stand in it.
    static func withoutKey(_ path: String) -> String {
        path.hasPrefix("/e/") || path.hasPrefix("//e/") ? "/e/…" : path
    }

    private func refusal(of request: Request, _ error: HTTPError) -> Response {
        let path = request.uri.path
        if error.status == .notFound, [V2Table.prefix, V2Table.alias].contains(where: { path.hasPrefix("\($0)/") }) {
            return V2Answers.errors(V2Problem.Code.form.rawValue, "Not Found", status: .notFound)
        }
        return switch error.status {
        case .notFound: Answers.error("There is nothing at \(path).", status: .notFound)
        default: Answers.error(error.body ?? error.status.reasonPhrase, status: error.status)
        }
    }
}
