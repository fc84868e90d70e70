import NIOCore
import NIOWebSocket

/// The server's side of a WebSocket. May be used from anywhere.
package struct WebSocket: Sendable {
    private let channel: any Channel

    init(_ channel: any Channel) {
        self.channel = channel
    }

    /// Sends messages and waits until the system has taken the last of them, so that who sends notices when the other
    /// side is slow.
    /// - Throws: when the socket is closed.
    package func send(_ messages: [WebSocketMessage]) async throws {
        guard let last = messages.last else { return }
        for message in messages.dropLast() { channel.write(WebSocketOutput.message(message), promise: nil) }
        try await channel.writeAndFlush(WebSocketOutput.message(last)).get()
    }

    /// Sends a message without waiting: for the few that cannot pile up.
    package func post(_ message: WebSocketMessage) {
        channel.writeAndFlush(WebSocketOutput.message(message), promise: nil)
    }

    /// Begins to close; nothing can be sent any more.
    /// - Parameter reason: for who looks at it, 120 bytes at most.
    package func close(_ code: WebSocketErrorCode, _ reason: String) {
        channel.writeAndFlush(WebSocketOutput.close(code, reason), promise: nil)
    }

    /// Closes the connection without a word: the other side does not read.
    package func cutOff() {
        channel.close(promise: nil)
    }

    /// Returns when the connection is closed.
    package func untilClosed() async {
        try? await channel.closeFuture.get()
    }
}

/// Who a WebSocket belongs to. Everything is called on the event loop of the connection and must be quick.
package protocol WebSocketUser: Sendable {
    /// A whole message has come in.
    func received(_ message: WebSocketMessage, from socket: WebSocket)
    /// The server is asked to end; the socket is closed after ``WebSocketLimits/endGrace``.
    func serverIsEnding(_ socket: WebSocket)
    /// The connection is closed. Called once.
    func closed()
}

/// What is written to the channel of a WebSocket.
enum WebSocketOutput: Sendable {
    case message(WebSocketMessage)
    case close(WebSocketErrorCode, String)
}
