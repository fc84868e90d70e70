import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A request as a ``ScriptedServer`` saw it.
struct SeenRequest: Sendable {
    /// The number of the connection, from 0 in the order of acceptance.
    let connection: Int
    /// The number of the request on its connection, from 0.
    let index: Int
    /// Request line and header lines.
    let lines: [String]
    let body: String

    var requestLine: String { lines.first ?? "" }

    /// The values of all header fields with this name, compared in lower case.
    func values(_ name: String) -> [String] {
        lines.dropFirst().compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == name.lowercased() else { return nil }
            return String(parts[1].drop { $0 == " " })
        }
    }
}

/// What a ``ScriptedServer`` does when a request has arrived.
enum ServerStep: Sendable {
    case send(String)
    case sendBytes([UInt8])
    /// Sends the end of the stream.
    case close
    /// Sends a TCP reset.
    case reset
}

/// A TCP server on the loopback interface that writes whatever a test wants, well-formed or not.
final class ScriptedServer: Sendable {
    typealias Script = @Sendable (SeenRequest) -> [ServerStep]

    private struct State {
        var requests: [SeenRequest] = []
        var channels: [any Channel] = []
    }

    let port: Int
    private let listener: any Channel
    private let state: StateBox

    private final class StateBox: Sendable {
        let value = Mutex(State())
    }

    /// - Parameters:
    ///   - tls: speaks TLS with this identity.
    ///   - answersHeads: runs the script at the end of a request's head, and never reads its body.
    init(
        host: String = "127.0.0.1",
        tls: NIOSSLContext? = nil,
        answersHeads: Bool = false,
        script: @escaping Script
    ) async throws {
        let state = StateBox()
        self.state = state
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = state.value.withLock {
                        $0.channels.append(channel)
                        return $0.channels.count - 1
                    }
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(
                        RequestCollector(connection: number, answersHeads: answersHeads) { request in
                            state.value.withLock { $0.requests.append(request) }
                            return script(request)
                        }
                    )
                }
            }
            .bind(host: host, port: 0).get()
        port = listener.localAddress?.port ?? 0
    }

    /// A server that gives every request the same answer.
    convenience init(answering answer: String) async throws {
        try await self.init { _ in [.send(answer)] }
    }

    var requests: [SeenRequest] { state.value.withLock { $0.requests } }
    var connectionCount: Int { state.value.withLock { $0.channels.count } }

    func url(_ target: String = "/api") -> String { "http://127.0.0.1:\(port)\(target)" }

    /// Writes to a connection outside any script.
    func send(_ text: String, on connection: Int) async throws {
        let channel = state.value.withLock { $0.channels[connection] }
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    func close(_ connection: Int) async throws {
        try await state.value.withLock { $0.channels[connection] }.close().get()
    }

    func shutdown() async {
        try? await listener.close().get()
        for channel in state.value.withLock({ $0.channels }) { channel.close(promise: nil) }
    }
}

/// Collects whole requests (`Content-Length` bodies only) and plays the script's steps.
private final class RequestCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connection: Int
    private let answersHeads: Bool
    private let script: (SeenRequest) -> [ServerStep]
    private var received = ByteBuffer()
    private var head: [String]?
    private var count = 0

    init(connection: Int, answersHeads: Bool, script: @escaping (SeenRequest) -> [ServerStep]) {
        self.connection = connection
        self.answersHeads = answersHeads
        self.script = script
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        while let request = nextRequest() {
            count += 1
            if answersHeads {
                // From now on the body stays in the sockets' buffers.
                _ = context.channel.setOption(.autoRead, value: false)
            }
            play(script(request), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func nextRequest() -> SeenRequest? {
        guard let lines = head ?? nextHead() else { return nil }
        head = lines
        let request = SeenRequest(connection: connection, index: count, lines: lines, body: "")
        let length = answersHeads ? 0 : request.values("content-length").first.flatMap(Int.init) ?? 0
        guard let body = received.readString(length: length) else { return nil }
        head = nil
        if answersHeads { received.clear() }
        return SeenRequest(connection: connection, index: count, lines: lines, body: body)
    }

    private func nextHead() -> [String]? {
        let view = received.readableBytesView
        guard let end = view.indices.dropLast(3).first(where: { view[$0..<$0 + 4].elementsEqual("\r\n\r\n".utf8) })
        else { return nil }
        let text = received.readString(length: end - view.startIndex + 4) ?? ""
        return text.split(separator: "\r\n").map(String.init)
    }

    private func play(_ steps: [ServerStep], _ context: ChannelHandlerContext) {
        for step in steps {
            switch step {
            case .send(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .sendBytes(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            case .close: context.close(promise: nil)
            case .reset:
                _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                context.close(promise: nil)
            }
        }
    }
}
