import ApusServer
import HTTPTypes
import Hummingbird
import NIOCore

/// The style, the scripts and the icon.
struct AssetRoutes: Sendable {
    func add(to routes: inout RouteTable) {
        routes.on(.get, "/assets/:file", access: .open, runningOn: .eventLoop) { request, context in
            let name = context.parameters.get("file") ?? ""
            guard let text = EmbeddedAssets.files[name] else { throw HTTPError(.notFound) }
            var headers = PageAnswer.headers
            headers[.contentType] = Self.type(of: name)
            // Scripts import each other without the version, so those are asked for again now and then.
            let isVersioned = request.uri.queryParameters["v"] != nil
            headers[.cacheControl] = isVersioned ? "public, max-age=31536000, immutable" : "public, max-age=300"
            return Response(
                status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text))
            )
        }
    }

    private static func type(of name: String) -> String {
        if name.hasSuffix(".css") { return "text/css; charset=utf-8" }
        if name.hasSuffix(".js") { return "text/javascript; charset=utf-8" }
        return "image/svg+xml"
    }
}
