import NIOCore

/// A connection on which the server calls the app: requests in, answers out. Confined to its event loop.
final class AppHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let tally: AppTally
    private var received = ByteBuffer()

    init(_ tally: AppTally) {
        self.tally = tally
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = bytes } else { received.writeBuffer(&bytes) }
        let now = Clock.nanoseconds
        while let (call, length) = nextCall() {
            received.moveReaderIndex(forwardBy: length)
            context.write(wrapOutboundOut(answer(to: call)), promise: nil)
            if let call { tally.note(call, at: now) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func nextCall() -> (call: AppCallScanner?, length: Int)? {
        received.withUnsafeReadableBytes { bytes in
            guard let frame = MessageFrame(bytes) else { return nil }
            return (AppCallScanner(bytes, frame), frame.totalBytes)
        }
    }

    private func answer(to call: AppCallScanner?) -> ByteBuffer {
        guard let call else { return BenchmarkReply.refusal }
        if call.waits, call.finished == 0 { return BenchmarkReply.wait }
        guard call.finished < min(call.steps, BenchmarkReply.steps.count) else { return BenchmarkReply.end }
        return BenchmarkReply.steps[call.finished]
    }
}
