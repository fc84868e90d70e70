import NIOCore
import NIOHTTP1
import NIOHTTPCompression

/// Decodes gzip bodies at the end of a connection's pipeline.
///
/// The decompressor is a channel handler; it stands *behind* ``AppConnection``, which passes to it only the responses
/// that need it. So the common response never goes through it, and requests do not either.
final class BodyDecoder: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let connection: AppConnection

    private init(for connection: AppConnection) {
        self.connection = connection
    }

    /// Adds the decompressor and its receiver behind a connection's handler.
    ///
    /// - Parameter maxBytes: the largest decoded body; more is reported as ``ConnectionFault/bodyTooLarge``.
    static func install(behind connection: AppConnection, in context: ChannelHandlerContext, maxBytes: Int) throws {
        try context.pipeline.syncOperations.addHandlers(
            [NIOHTTPResponseDecompressor(limit: .size(maxBytes)), BodyDecoder(for: connection)],
            position: .after(connection)
        )
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: break
        case .body(let bytes): connection.received(.decoded(bytes))
        case .end: connection.received(.decodedEnd)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        connection.failed(error)
    }
}
