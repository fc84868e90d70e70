import NIOCore
import NIOHTTP1
import NIOTLS

/// One HTTP/1.1 connection to an app: ``ConnectionState`` bound to a channel.
final class AppConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    /// Where the connection leads.
    let origin: AppURL.Origin
    private let client: AppClient
    private let wire: AppWire
    private let decoder: HTTPResponseDecoder
    private let maxResponseBytes: Int
    private var state: ConnectionState
    private var context: ChannelHandlerContext?
    /// The call whose request is under way here.
    private var call: AppCall?
    /// Whether the response under way is told to the call's observer.
    private var isObserved = false
    private var hasDecoder = false
    private var wasUsed = false
    /// Set from the connection on until the TLS handshake is over.
    private var handshakeTimer: Scheduled<Void>?
    /// Whether the client counts this connection as open.
    private var isAdopted = false

    /// The handler of a channel whose pipeline has `wire` and `decoder` in front of it.
    init(to origin: AppURL.Origin, of client: AppClient, wire: AppWire, decoder: HTTPResponseDecoder) {
        self.origin = origin
        self.client = client
        self.wire = wire
        self.decoder = decoder
        self.maxResponseBytes = client.configuration.maxResponseBytes
        self.state = ConnectionState(
            maxResponseBytes: maxResponseBytes,
            staleWindow: client.configuration.staleWindow
        )
        wire.onArrival { [unowned self] in received(.bytesRead) }
    }

    /// Whether the channel is open and no request is under way.
    var isIdle: Bool { context != nil && state.isIdle }

    /// Takes the connection into service, once it is connected; `false` when it is closed already.
    ///
    /// With TLS the handshake is still to come: the first request waits for it in the channel.
    func adopt(handshakeTimeout: TimeAmount) -> Bool {
        guard let context, context.channel.isActive else { return false }
        isAdopted = true
        guard origin.scheme == .https else { return true }
        handshakeTimer = context.eventLoop.assumeIsolated().scheduleTask(in: handshakeTimeout) { [self] in
            let limit = handshakeTimeout.nanoseconds / 1_000_000
            received(.fault(.tls("no TLS handshake within \(limit) ms"), at: .now()))
        }
        return true
    }

    /// Sends the request of a call; the connection must be idle.
    func send(_ call: AppCall, now: NIODeadline) {
        guard let context else { return }
        self.call = call
        let body = call.request.body
        let isLarge = body.readableBytes > RequestWriter.largeBody
        perform(state.received(.requestStarted(isReused: wasUsed, isWritten: !isLarge, at: now)))
        wasUsed = true
        // The decoder must know the method to find the end of the response (a HEAD has no body).
        decoder.write(data: .head(Self.head(of: call.request.method)))
        wire.write(client.writer.message(call.request, to: call.url))
        if isLarge {
            let promise = context.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenSuccess { [self] in received(.requestWritten) }
            wire.write(body, promise: promise)
        }
        wire.flush()
    }

    private static func head(of method: String) -> HTTPRequestHead {
        method == "POST" ? post : HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: "/")
    }

    private static let post = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/")

    /// Closes the connection without telling anyone; the client has taken care of the call.
    func abandon() {
        call = nil
        received(.abandoned)
    }

    /// Feeds the state machine and does what it says.
    func received(_ event: ConnectionState.Event) {
        if let observer = call?.observer { tell(observer, of: event) }
        perform(state.received(event))
    }

    private func tell(_ observer: (AppResponsePart) -> Void, of event: ConnectionState.Event) {
        switch event {
        case .head(let head):
            let response = AppResponse(
                status: Int(head.status.code), headers: AppHeaders(head.headers), body: ByteBuffer())
            isObserved = Redirect.location(in: response) == nil
            if isObserved { observer(.head(response)) }
        case .body(let bytes) where isObserved && state.isReceivingPlain: observer(.body(bytes))
        case .decoded(let bytes) where isObserved: observer(.body(bytes))
        default: break
        }
    }

    /// An error of the channel or of the decoder.
    func failed(_ error: any Error) {
        var fault = ConnectionFault(error)
        if case .lost(let reason) = fault, handshakeTimer != nil { fault = .tls(reason) }
        received(.fault(fault, at: .now()))
    }

    private func perform(_ action: ConnectionState.Action) {
        switch action {
        case .none: break
        case .beginDecoding(let bytes): beginDecoding(bytes)
        case .decode(let bytes): context?.fireChannelRead(wrapPart(.body(bytes)))
        case .endDecoding: context?.fireChannelRead(wrapPart(.end(nil)))
        case .respond(let response, let reuse):
            if !reuse { close() }
            if let call = takeCall() { client.connection(self, received: response, for: call) }
        case .fail(let failure, let isStale):
            close()
            if let call = takeCall() { client.connection(self, failed: failure, isStale: isStale, for: call) }
        case .close:
            close()
        }
    }

    private func takeCall() -> AppCall? {
        defer { call = nil }
        return call
    }

    private func close() {
        context?.close(promise: nil)
    }

    private func wrapPart(_ part: HTTPClientResponsePart) -> NIOAny {
        NIOAny(part)
    }

    private func beginDecoding(_ bytes: ByteBuffer) {
        guard let context else { return }
        do {
            if !hasDecoder {
                try BodyDecoder.install(behind: self, in: context, maxBytes: maxResponseBytes)
                hasDecoder = true
            }
            context.fireChannelRead(
                wrapPart(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Encoding": "gzip"])))
            )
            context.fireChannelRead(wrapPart(.body(bytes)))
        } catch {
            failed(error)
        }
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): received(.head(head))
        case .body(let bytes): received(.body(bytes))
        case .end: received(.end)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        received(.readComplete)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            handshakeTimer?.cancel()
            handshakeTimer = nil
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failed(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        closed()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // A channel that is closed from inside the completion of its own connect is never reported as inactive.
        closed()
        self.context = nil
    }

    private func closed() {
        let duringHandshake = handshakeTimer != nil
        handshakeTimer?.cancel()
        handshakeTimer = nil
        if isAdopted {
            isAdopted = false
            client.connectionClosed(self)
        }
        if duringHandshake {
            received(.fault(.tls("connection closed during the TLS handshake"), at: .now()))
        } else {
            received(.closed(at: .now()))
        }
    }
}
