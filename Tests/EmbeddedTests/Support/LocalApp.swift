import Foundation
import Hummingbird
import Logging
import Synchronization

/// A web server in this process.
final class LocalApp: Sendable {
    let url: String
    private let task: Task<Void, Never>

    private init(url: String, task: Task<Void, Never>) {
        self.url = url
        self.task = task
    }

    static func start(_ addRoutes: (Router<BasicRequestContext>) throws -> Void) async throws -> LocalApp {
        let router = Router()
        try addRoutes(router)
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                found.yield(channel.localAddress?.port ?? 0)
                found.finish()
            },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let task = Task.detached {
            try? await app.run()
            found.finish()
        }
        guard let port = await ports.first(where: { $0 > 0 }) else {
            throw Missed("the app cannot listen")
        }
        return LocalApp(url: "http://127.0.0.1:\(port)", task: task)
    }

    func stop() async {
        task.cancel()
        await task.value
    }

    /// A port on which nothing listens, below those that systems draw for outgoing connections.
    static func freePort() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 20_000..<32_000)
            if isFree(port) { return port }
        }
        throw Missed("no port is free")
    }

    private static func isFree(_ port: Int) -> Bool {
        #if os(Linux)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            } == 0
        }
    }
}
