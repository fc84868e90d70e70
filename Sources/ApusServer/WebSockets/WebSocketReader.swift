import NIOCore
import NIOWebSocket

/// Makes messages of the frames that a client sends (RFC 6455, section 5): a state machine without I/O.
struct WebSocketReader {
    /// What a frame means.
    enum Action {
        case none
        case deliver(WebSocketMessage)
        /// To be answered with the same bytes.
        case ping(ByteBuffer)
        case pong
        /// The client closes; to be answered with the same code.
        case closed(WebSocketErrorCode?)
        /// The client breaks the rules.
        case fail(WebSocketErrorCode, String)
    }

    private struct Partial {
        let isText: Bool
        var bytes: ByteBuffer
    }

    private let messageBytes: Int
    /// A message of which frames are missing.
    private var partial: Partial?

    init(messageBytes: Int) {
        self.messageBytes = messageBytes
    }

    mutating func received(_ frame: WebSocketFrame) -> Action {
        guard frame.maskKey != nil else { return .fail(.protocolError, "a client must mask its frames") }
        guard frame.reservedBits.isEmpty else { return .fail(.protocolError, "no extension was agreed on") }
        let data = frame.unmaskedData
        switch frame.opcode {
        case .text, .binary:
            guard partial == nil else { return .fail(.protocolError, "the message before has not ended") }
            return take(Partial(isText: frame.opcode == .text, bytes: data), isLast: frame.fin)
        case .continuation:
            guard var message = partial else { return .fail(.protocolError, "there is no message to continue") }
            // So that the bytes are not copied below.
            partial = nil
            message.bytes.writeImmutableBuffer(data)
            return take(message, isLast: frame.fin)
        case .ping: return .ping(data)
        case .pong: return .pong
        case .connectionClose: return Self.closing(data)
        default: return .fail(.protocolError, "the opcode is unknown")
        }
    }

    private mutating func take(_ message: Partial, isLast: Bool) -> Action {
        guard message.bytes.readableBytes <= messageBytes else {
            return .fail(.messageTooLarge, "a message may have \(messageBytes) bytes")
        }
        guard isLast else {
            partial = message
            return .none
        }
        guard message.isText else { return .deliver(.binary(message.bytes)) }
        guard Self.isText(message.bytes) else { return .fail(.dataInconsistentWithMessage, "the text is not UTF-8") }
        return .deliver(.text(message.bytes))
    }

    private static func closing(_ data: ByteBuffer) -> Action {
        var data = data
        guard data.readableBytes > 0 else { return .closed(nil) }
        guard let code: UInt16 = data.readInteger(), mayBeSent(code), isText(data) else {
            return .fail(.protocolError, "the closing frame is malformed")
        }
        return .closed(WebSocketErrorCode(codeNumber: Int(code)))
    }

    /// Codes that stand for the absence of one must not be sent (RFC 6455, section 7.4).
    private static func mayBeSent(_ code: UInt16) -> Bool {
        switch code {
        case 1_000...1_003, 1_007...1_014, 3_000...4_999: true
        default: false
        }
    }

    private static func isText(_ bytes: ByteBuffer) -> Bool {
        String(validating: bytes.readableBytesView, as: UTF8.self) != nil
    }
}
