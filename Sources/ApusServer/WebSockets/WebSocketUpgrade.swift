import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// Turns the connection of a request into a WebSocket (RFC 6455, section 4.2).
///
/// A route decides: it sees the request like any other, behind the gatekeeper, and calls ``accept(_:limits:user:)`` or
/// answers as it likes. So a WebSocket can begin with any request of a connection, as proxies want that keep theirs,
/// and requests that want none meet no further channel handler.
package struct WebSocketUpgrade: Sendable {
    /// The upgrade that the request in whose handling this is read asks for; `nil` when it asks for none.
    @TaskLocal package static var wanted: WebSocketUpgrade?

    private let channel: any Channel

    // MARK: - The server

    /// A server for HTTP/1.1 whose routes can make WebSockets of their connections.
    package static func server(_ configuration: HTTP1Channel.Configuration) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            HTTP1Channel(
                responder: { request, writer, channel in
                    guard request.headers.contains(.upgrade) else {
                        return try await responder(request, writer, channel)
                    }
                    var writer: ResponseWriter? = writer
                    try await $wanted.withValue(WebSocketUpgrade(channel: channel)) {
                        guard let writer = writer.take() else { return }
                        try await responder(request, writer, channel)
                    }
                    // The parser has stopped behind a request that asks for another protocol, whichever it is:
                    // nothing more could be read here.
                    channel.close(mode: .output, promise: nil)
                },
                configuration: configuration
            )
        }
    }

    // MARK: - The handshake

    /// Why a request does not begin a WebSocket.
    package enum Flaw: Error, Hashable {
        /// It asks for no WebSocket, or for one of another version.
        case notWanted
        case malformed(String)
    }

    /// The upgrade that a request asks for.
    package static func of(_ request: Request) throws(Flaw) -> WebSocketUpgrade {
        guard let wanted, names("websocket", in: .upgrade, of: request), names("upgrade", in: .connection, of: request),
            request.headers[.secWebSocketVersion] == "13"
        else { throw .notWanted }
        guard let key = request.headers[.secWebSocketKey], isKey(key) else {
            throw .malformed("Sec-WebSocket-Key must be 16 bytes in Base64")
        }
        guard request.headers[.transferEncoding] == nil, request.headers[.contentLength] ?? "0" == "0" else {
            throw .malformed("A request for a WebSocket has no body")
        }
        return wanted
    }

    private static func names(_ word: String, in field: HTTPField.Name, of request: Request) -> Bool {
        (request.headers[field] ?? "").split(separator: ",").contains { part in
            part.filter { $0 != " " }.lowercased() == word
        }
    }

    private static func isKey(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count == 24 && bytes.suffix(2).elementsEqual("==".utf8)
            && bytes.dropLast(2).allSatisfy { byte in
                switch UnicodeScalar(byte) {
                case "A"..."Z", "a"..."z", "0"..."9", "+", "/": true
                default: false
                }
            }
    }

    /// Answers with 101. From then on the connection is a WebSocket, and whatever the route returns is sent to nobody;
    /// it must not return before the socket is closed.
    package func accept(
        _ request: Request, limits: WebSocketLimits, user: any WebSocketUser
    ) async throws -> WebSocket {
        // Up to the end of the request, which says that the parser is done with it.
        for try await _ in request.body {}
        let headers = try await handshake(request).get()
        let channel = channel
        let socket = WebSocket(channel)
        try await channel.eventLoop.submit {
            try Self.change(channel, HTTPFields(headers, splitCookie: false), socket, limits, user)
        }.get()
        return socket
    }

    private func handshake(_ request: Request) -> EventLoopFuture<HTTPHeaders> {
        let headers: HTTPHeaders = [
            "Sec-WebSocket-Key": request.headers[.secWebSocketKey] ?? "", "Sec-WebSocket-Version": "13",
        ]
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: request.uri.path, headers: headers)
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
        )
        return upgrader.buildUpgradeResponse(channel: channel, upgradeRequest: head, initialResponseHeaders: [:])
    }

    /// All in one turn of the loop, so that no byte meets a pipeline in between.
    private static func change(
        _ channel: any Channel, _ headers: HTTPFields, _ socket: WebSocket, _ limits: WebSocketLimits,
        _ user: any WebSocketUser
    ) throws {
        guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
        let pipeline = channel.pipeline.syncOperations
        let old: [any RemovableChannelHandler] = [
            try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self),
            try pipeline.handler(type: HTTPConnectionStateHandler.self),
            try pipeline.handler(type: HTTP1ToHTTPServerCodec.self),
            try pipeline.handler(type: HTTPResponseEncoder.self),
        ]
        let head = HTTPResponse(status: .switchingProtocols, headerFields: headers)
        channel.write(HTTPResponsePart.head(head), promise: nil)
        channel.writeAndFlush(HTTPResponsePart.end(nil), promise: nil)
        for handler in old { pipeline.removeHandler(handler, promise: nil) }
        let handler = WebSocketHandler(socket, of: user, limits: limits, now: channel.eventLoop.now)
        try pipeline.addHandlers(
            [
                WebSocketFrameEncoder(),
                ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: limits.frameBytes)),
                handler,
            ],
            position: .first
        )
        handler.begin()
    }
}
