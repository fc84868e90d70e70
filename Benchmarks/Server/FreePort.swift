import NIOCore
import NIOPosix

/// Finds ports that nothing listens on.
enum FreePort {
    /// Below the range from which systems draw the ports of outgoing connections, so that none of
    /// those takes the port between its choice and its use.
    private static let range = 20_000..<32_000

    static func find(on loop: any EventLoop) async throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: range)
            guard let channel = try? await ServerBootstrap(group: loop).bind(host: "127.0.0.1", port: port).get() else {
                continue
            }
            try await channel.close()
            return port
        }
        throw BenchmarkError("no free port between \(range.lowerBound) and \(range.upperBound)")
    }
}
