import ApusCore
import NIOCore
import NIOWebSocket

/// One WebSocket: ``WebSocketReader`` bound to a channel, with pings and the closing handshake.
final class WebSocketHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = WebSocketOutput
    typealias OutboundOut = WebSocketFrame

    private enum Phase {
        case open
        /// A closing frame is out, and its answer is waited for.
        case closing
        case closed
    }

    private static let longestReason = 120

    private let limits: WebSocketLimits
    private let user: any WebSocketUser
    private let socket: WebSocket
    private var reader: WebSocketReader
    private var rate: FrameRate
    private var phase = Phase.open
    private var unansweredPings = 0
    private var context: ChannelHandlerContext?
    private var nextPing: Scheduled<Void>?
    /// Closes what does not close by itself.
    private var deadline: Scheduled<Void>?

    init(_ socket: WebSocket, of user: any WebSocketUser, limits: WebSocketLimits, now: NIODeadline) {
        self.socket = socket
        self.user = user
        self.limits = limits
        reader = WebSocketReader(messageBytes: limits.messageBytes)
        rate = FrameRate(limits, now: now)
    }

    // MARK: - Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    /// To be called when all handlers of the channel are there.
    func begin() {
        ping()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ended()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    private func ended() {
        guard context != nil, phase != .closed else { return stop() }
        phase = .closed
        stop()
        user.closed()
    }

    private func stop() {
        nextPing?.cancel()
        deadline?.cancel()
        (nextPing, deadline) = (nil, nil)
    }

    private func ping() {
        guard let context, phase == .open else { return }
        guard unansweredPings < limits.missedPongs else { return context.close(promise: nil) }
        unansweredPings += 1
        write(.ping, ByteBuffer(), context)
        nextPing = after(limits.pingInterval, context) { [self] in ping() }
    }

    private func after(
        _ time: TimeAmount, _ context: ChannelHandlerContext, _ body: @escaping () -> Void
    ) -> Scheduled<Void> {
        context.eventLoop.assumeIsolated().scheduleTask(in: time, body)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            guard phase == .open else { return }
            user.serverIsEnding(socket)
            deadline = after(limits.endGrace, context) { [self] in close(.goingAway, "the server is ending", context) }
        case let event as ChannelEvent where event == .inputClosed:
            // A WebSocket has no half.
            context.close(promise: nil)
            context.fireUserInboundEventTriggered(event)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: - What comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch phase {
        case .closed: return
        case .closing:
            if frame.opcode == .connectionClose { context.close(promise: nil) }
        case .open:
            guard rate.take(at: context.eventLoop.now) else {
                return close(.policyViolation, "more than \(limits.framesPerSecond) frames a second", context)
            }
            perform(reader.received(frame), context)
        }
    }

    private func perform(_ action: WebSocketReader.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .none: break
        case .deliver(let message): user.received(message, from: socket)
        case .ping(let data):
            // Who does not read what it is sent gets no answers that pile up.
            if context.channel.isWritable { write(.pong, data, context) }
        case .pong: unansweredPings = 0
        case .closed(let code): answerClosing(code, context)
        case .fail(let code, let reason): close(code, reason, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error as? NIOWebSocketError {
        case .invalidFrameLength?:
            close(.messageTooLarge, "a frame may have \(limits.frameBytes) bytes", context)
        case .fragmentedControlFrame?, .multiByteControlFrameLength?:
            close(.protocolError, "a control frame is malformed", context)
        case nil: context.close(promise: nil)
        }
    }

    // MARK: - What goes out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .message(let message):
            guard phase == .open else {
                promise?.fail(ChannelError.outputClosed)
                return
            }
            let opcode: WebSocketOpcode = if case .text = message { .text } else { .binary }
            let frame = WebSocketFrame(fin: true, opcode: opcode, data: message.bytes)
            context.write(wrapOutboundOut(frame), promise: promise)
        case .close(let code, let reason):
            close(code, reason, context)
            promise?.succeed()
        }
    }

    private func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: data)), promise: nil)
    }

    private func close(_ code: WebSocketErrorCode, _ reason: String, _ context: ChannelHandlerContext) {
        guard phase == .open else { return }
        stop()
        phase = .closing
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        data.writeString(reason.prefix(bytes: Self.longestReason))
        write(.connectionClose, data, context)
        deadline = after(limits.closeTimeout, context) { context.close(promise: nil) }
    }

    private func answerClosing(_ code: WebSocketErrorCode?, _ context: ChannelHandlerContext) {
        stop()
        phase = .closing
        var data = ByteBuffer()
        if let code { data.write(webSocketErrorCode: code) }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
        context.writeAndFlush(wrapOutboundOut(frame), promise: written)
        deadline = after(limits.closeTimeout, context) { context.close(promise: nil) }
    }
}
