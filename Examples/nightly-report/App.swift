import Apus
import ApusHummingbird
import Foundation
import Hummingbird

@main
struct App {
    static func main() async throws {
        let apus = Client(appID: "reports")
        let router = Router()
        router.apus(apus, functions: [Report(apus: apus, database: FixedDatabase()).function])
        let port = ProcessInfo.processInfo.environment["PORT"].flatMap { Int($0) } ?? 3_000
        try await Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)))
            .runService()
    }
}

/// Where a real app would ask its database.
struct FixedDatabase: Database {
    func orders(on day: String) async throws -> Int { 42 }
}
