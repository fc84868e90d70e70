import NIOCore

/// The first handler of a connection's pipeline: raw bytes in and out.
///
/// Inwards it tells the connection that bytes arrived before the HTTP decoder makes something of them: an incomplete
/// head produces no part, and still counts as an answer. Outwards it is where requests enter, already encoded.
final class AppWire: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private var bytesArrived: () -> Void = {}

    /// Sets whom to tell about every arrival of bytes.
    func onArrival(_ body: @escaping () -> Void) {
        bytesArrived = body
    }

    /// Puts bytes into the channel's queue.
    func write(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>? = nil) {
        if let context {
            context.write(wrapOutboundOut(bytes), promise: promise)
        } else {
            promise?.fail(ChannelError.ioOnClosedChannel)
        }
    }

    /// Writes the queue to the socket.
    func flush() {
        context?.flush()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        bytesArrived = {}
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytesArrived()
        context.fireChannelRead(data)
    }
}
