import NIOCore
import NIOPosix

/// A keep-alive connection that sends one request at a time. Confined to its event loop.
final class ClientConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// An answer with a known length.
    struct Answer: Sendable {
        var status: Int
        var body: ByteBuffer
    }

    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    private var completion: ((Result<Answer, any Error>) -> Void)?

    /// Opens a connection to a port of this machine.
    static func connect(
        port: Int, on loop: any EventLoop
    ) -> EventLoopFuture<NIOLoopBound<ClientConnection>> {
        ClientBootstrap(group: loop)
            .connectTimeout(.seconds(5))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ClientConnection())
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .flatMapThrowing { channel in
                NIOLoopBound(try channel.pipeline.syncOperations.handler(type: Self.self), eventLoop: channel.eventLoop)
            }
    }

    /// Sends one request on a connection of its own.
    static func ask(port: Int, _ request: ByteBuffer, on loop: any EventLoop) async throws -> Answer {
        let answer = connect(port: port, on: loop).flatMap { connection in
            let promise = loop.makePromise(of: Answer.self)
            connection.value.send(request) { result in
                promise.completeWith(result)
                connection.value.close()
            }
            return promise.futureResult
        }
        return try await answer.get()
    }

    /// Sends a request; the one before it must have been answered.
    func send(_ request: ByteBuffer, _ completion: @escaping (Result<Answer, any Error>) -> Void) {
        precondition(self.completion == nil, "one request at a time")
        guard let context else { return completion(.failure(ChannelError.ioOnClosedChannel)) }
        self.completion = completion
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func close() {
        context?.close(promise: nil)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = bytes } else { received.writeBuffer(&bytes) }
        guard let frame = received.withUnsafeReadableBytes({ MessageFrame($0) }) else { return }
        // "HTTP/1.1 200 …"
        let status = received.withUnsafeReadableBytes { RawText.number($0, from: 8) }
        received.moveReaderIndex(forwardBy: frame.headBytes)
        let body = received.readSlice(length: frame.bodyBytes) ?? ByteBuffer()
        end(.success(Answer(status: status, body: body)))
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.failure(BenchmarkError("the server closed the connection")))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(.failure(error))
        context.close(promise: nil)
    }

    private func end(_ result: Result<Answer, any Error>) {
        guard let completion else { return }
        self.completion = nil
        completion(result)
    }
}
