import NIOCore

/// A whole message of a WebSocket.
package enum WebSocketMessage: Hashable, Sendable {
    /// UTF-8.
    case text(ByteBuffer)
    case binary(ByteBuffer)

    package var bytes: ByteBuffer {
        switch self {
        case .text(let bytes), .binary(let bytes): bytes
        }
    }
}
