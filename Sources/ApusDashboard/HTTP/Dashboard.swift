import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import Hummingbird

/// The pages that people look at in a browser.
package struct Dashboard: Sendable {
    let site: Site

    /// Bytes of a posted form: an event may be large.
    private static let formLimit = 4 << 20

    /// - Parameter keys: with which people sign in; `nil` for a server that is open.
    /// - Throws: what is wrong with a template.
    package init(node: Node, sync: AppSync, version: String, keys: SigningKeys? = nil) throws {
        site = Site(
            node: node, sync: sync, version: version, pages: try Pages(), bodies: RequestBodies(total: 16 << 20),
            sessions: keys.map { Sessions(keys: $0) }
        )
    }

    /// The pages of an engine inside an app, which decides who sees them.
    /// - Parameters:
    ///   - sync: asks no app for anything.
    ///   - base: what stands before every path: empty, or one that begins with a slash and ends without one.
    /// - Throws: what is wrong with a template.
    package init(embedding node: Node, sync: AppSync, version: String, at base: String) throws {
        site = Site(
            node: node, sync: sync, version: version, pages: try Pages(), bodies: RequestBodies(total: 16 << 20),
            base: base, isEmbedded: true
        )
    }

    package func add(to routes: inout RouteTable) {
        AssetRoutes().add(to: &routes)
        addPages(to: &routes)
        addActions(to: &routes)
        if let sessions = site.sessions { SignIn(site: site, sessions: sessions).add(to: &routes, of: self) }
        LiveStreams(site: site).add(to: &routes)
    }

    typealias Page = @Sendable (Visit, RouteContext) async throws -> Response
    typealias Action = @Sendable (Form, Visit, RouteContext) async throws -> Response

    func page(_ path: String, access: Access = .page, _ routes: inout RouteTable, _ page: @escaping Page) {
        let site = site
        routes.on(.get, path, access: access) { request, context in
            let visit = Visit(request)
            return try await Self.explaining(site, visit) { try await page(visit, context) }
        }
    }

    func post(_ path: String, access: Access = .page, _ routes: inout RouteTable, _ action: @escaping Action) {
        let site = site
        routes.on(.post, path, access: access) { request, context in
            var visit = Visit(request)
            visit.base = site.base
            visit.cameFrom = PostGuard.origin(of: request.headers, authority: request.head.authority)
            let checked = visit
            return try await Self.explaining(site, checked) {
                guard PostGuard.allows(request.headers, authority: request.head.authority) else {
                    throw PageProblem(
                        403, "This did not come from the dashboard",
                        "Another page has sent the request, and nothing has been done.",
                        advice: "Open the page of the dashboard and try it there."
                    )
                }
                return try await site.bodies.read(request, upTo: Self.formLimit) {
                    try await action(Form($0), checked, context)
                }
            }
        }
    }

    /// People get a page also when something is wrong.
    private static func explaining(
        _ site: Site, _ visit: Visit, _ answer: () async throws -> Response
    ) async throws -> Response {
        do {
            return try await answer()
        } catch let problem as PageProblem {
            return site.problem(problem, visit)
        } catch let error as NodeError {
            return site.problem(PageProblem(503, "The server cannot do it now", "\(error)"), visit)
        } catch let error as StoreError {
            return site.problem(PageProblem(503, "The store does not answer", "\(error)"), visit)
        }
    }
}

extension RouteContext {
    /// A part of the path.
    func parameter(_ name: String) -> String {
        let text = parameters.get(name) ?? ""
        return Form(Array("t=\(text.replacing("+", with: "%2B").replacing("&", with: "%26"))".utf8))["t"]
    }
}
