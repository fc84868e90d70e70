import ApusCore
import NIOCore

/// An app that reports its steps while a call goes on, as SDKs with checkpoints do it, by hand and for next to nothing.
struct CheckpointingApp: Sendable {
    private let channel: any Channel
    private let core: NIOLoopBound<Core>
    private let port: Int

    /// How many steps a function has, and how many of them go into one report.
    struct Plan: Hashable, Sendable {
        var steps: Int
        var perReport: Int

        static let all = [
            Plan(steps: 100, perReport: 1), Plan(steps: 100, perReport: 10), Plan(steps: 10, perReport: 1),
        ]

        var slug: String { "bench-reports-\(steps)-\(perReport)" }
        var event: String { "bench/\(slug)" }
    }

    static func start(on loop: any EventLoop, with server: ServerProcess) async throws -> CheckpointingApp {
        let core = try await loop.submit { NIOLoopBound(Core(server: server.port, on: loop), eventLoop: loop) }.get()
        let channel = try await AppListener.bind(on: loop) { CheckpointingHandler(core.value) }
        guard let port = channel.localAddress?.port else { throw BenchmarkError("the app has no port") }
        let app = CheckpointingApp(channel: channel, core: core, port: port)
        let url = "http://127.0.0.1:\(port)/api/inngest"
        let body = BenchmarkRegistration.body(url: url, others: Plan.all.map(\.slug))
        try await AppListener.register(body, with: server, asking: loop)
        return app
    }

    func stop() async throws {
        try await onLoop { $0.close() }
        try await channel.close()
    }

    /// Steps that the server has said are stored, and runs that have ended, since the start.
    var counts: (steps: Int, runs: Int) {
        get async throws { try await onLoop { ($0.steps, $0.runs) } }
    }

    /// Milliseconds from sending an event to the answer that ends its run, of the runs since they were last taken.
    func takeTimes() async throws -> [Double] {
        try await onLoop { core in
            defer { core.times = [] }
            return core.times
        }
    }

    /// - Throws: why a report was not accepted.
    func check() async throws {
        if let failure = try await onLoop({ $0.failure }) { throw failure }
    }

    /// Sets what happens whenever a run has ended.
    func onEnd(_ body: (@Sendable () -> Void)?) async throws {
        try await onLoop { $0.onEnd = body }
    }

    private func onLoop<Result: Sendable>(_ body: @escaping @Sendable (Core) -> Result) async throws -> Result {
        try await channel.eventLoop.submit { body(core.value) }.get()
    }

    /// Confined to the app's event loop.
    final class Core {
        private let server: Int
        private let loop: any EventLoop
        private var idle: [ClientConnection] = []
        private var all: [ClientConnection] = []
        var steps = 0
        var runs = 0
        var times: [Double] = []
        var failure: BenchmarkError?
        var onEnd: (() -> Void)?

        init(server: Int, on loop: any EventLoop) {
            self.server = server
            self.loop = loop
        }

        func close() {
            for connection in all { connection.close() }
        }

        /// Reports all steps of a call one report after the other.
        func work(on call: CheckpointingCall, done: @escaping () -> Void) {
            withConnection { [self] connection in
                report(from: 0, of: call, on: connection) { [self] in
                    idle.append(connection)
                    runs += 1
                    if let sent = call.sentAt { times.append(Double(Clock.nanoseconds - sent) / 1e6) }
                    done()
                    onEnd?()
                }
            }
        }

        private func report(
            from first: Int, of call: CheckpointingCall, on connection: ClientConnection, done: @escaping () -> Void
        ) {
            guard first < call.plan.steps else { return done() }
            let last = min(first + call.plan.perReport, call.plan.steps)
            connection.send(call.request(first..<last)) { [self] result in
                switch result {
                case .success(let answer) where answer.status == 200: steps += last - first
                case .success(let answer):
                    failure = BenchmarkError(
                        "a report was answered with \(answer.status): \(String(buffer: answer.body))")
                case .failure(let error): failure = BenchmarkError("a report was not answered: \(error)")
                }
                report(from: last, of: call, on: connection, done: done)
            }
        }

        private func withConnection(_ body: @escaping (ClientConnection) -> Void) {
            if let connection = idle.popLast() { return body(connection) }
            ClientConnection.connect(port: server, on: loop).assumeIsolated().whenComplete { [self] result in
                switch result {
                case .success(let connection):
                    all.append(connection.value)
                    body(connection.value)
                case .failure(let error): failure = BenchmarkError("the server cannot be reached: \(error)")
                }
            }
        }
    }
}

/// A connection on which the server calls the app. Confined to its event loop.
final class CheckpointingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let core: CheckpointingApp.Core
    private var received = ByteBuffer()

    init(_ core: CheckpointingApp.Core) {
        self.core = core
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        // The server sends one call at a time on a connection.
        let found = received.withUnsafeReadableBytes { bytes in
            MessageFrame(bytes).map { (call: CheckpointingCall(bytes, $0), length: $0.totalBytes) }
        }
        guard let found else { return }
        received.clear()
        guard let call = found.call else {
            context.writeAndFlush(wrapOutboundOut(BenchmarkReply.refusal), promise: nil)
            return
        }
        core.work(on: call) {
            context.writeAndFlush(self.wrapOutboundOut(CheckpointingCall.end), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
