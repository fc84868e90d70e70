import NIOCore
import NIOPosix

/// Opens the port on which an app is called.
enum AppListener {
    static func bind(
        on loop: any EventLoop, _ handler: @escaping @Sendable () throws -> any ChannelHandler
    ) async throws -> any Channel {
        try await ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 1_024)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(handler())
                }
            }
            .bind(host: "127.0.0.1", port: try await FreePort.find(on: loop))
            .get()
    }

    /// Tells a server what functions an app has.
    static func register(_ body: [UInt8], with server: ServerProcess, asking loop: any EventLoop) async throws {
        let request = HTTPMessage.post("/fn/register", body: body)
        let answer = try await ClientConnection.ask(port: server.port, request, on: loop)
        guard answer.status == 200 else {
            throw BenchmarkError("the registration was answered with \(answer.status): \(String(buffer: answer.body))")
        }
    }
}
