import Apus
import ApusHummingbird
import Foundation
import Hummingbird
import Logging

@main
struct App {
    static func main() async throws {
        let apus = Client(appID: "onboarding")
        let onboarding = Onboarding(apus: apus, mailer: LoggingMailer())

        let router = Router()
        router.apus(apus, functions: [onboarding.function])
        let port = ProcessInfo.processInfo.environment["PORT"].flatMap { Int($0) } ?? 3_000
        try await Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)))
            .runService()
    }
}

/// Where a real app would talk to its mail provider.
struct LoggingMailer: Mailer {
    let logger = Logger(label: "mailer")

    func send(_ text: String, to address: String) async throws {
        logger.info("to \(address): \(text)")
    }
}
