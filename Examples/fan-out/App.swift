import Apus
import ApusHummingbird
import Foundation
import Hummingbird
import Logging
import Synchronization

@main
struct App {
    static func main() async throws {
        let apus = Client(appID: "catalogue")
        let index = MemoryIndex()
        let fanOut = FanOut(apus: apus, index: index)

        let router = Router()
        router.apus(apus, functions: [fanOut.spread, fanOut.item])
        router.get("/indexed") { _, _ in "\(index.count)\n" }
        let port = ProcessInfo.processInfo.environment["PORT"].flatMap { Int($0) } ?? 3_000
        // A line for each of a thousand requests helps nobody.
        var logger = Logger(label: "app")
        logger.logLevel = .notice
        try await Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)), logger: logger
        ).runService()
    }
}

/// Where a real app would ask its search engine.
final class MemoryIndex: Index {
    private let items = Mutex<Set<Int>>([])

    var count: Int { items.withLock { $0.count } }

    func add(_ item: Int) async throws { items.withLock { _ = $0.insert(item) } }
}
