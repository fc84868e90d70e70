import Apus
import ApusHummingbird
import Foundation
import Hummingbird
import Logging

@main
struct App {
    static func main() async throws {
        let apus = Client(appID: "orders")
        let router = Router()
        router.apus(apus, functions: [Orders(apus: apus, services: LoggingServices()).function])
        let port = ProcessInfo.processInfo.environment["PORT"].flatMap { Int($0) } ?? 3_000
        try await Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)))
            .runService()
    }
}

/// Where a real shop would talk to its bank, its warehouse and its carriers.
struct LoggingServices: Services {
    let logger = Logger(label: "services")

    func charge(_ order: OrderPlaced) async throws -> String {
        logger.info("charged \(order.cents) cents for \(order.orderID)")
        return "payment-\(order.orderID)"
    }

    func refund(_ payment: String) async throws { logger.info("refunded \(payment)") }

    func reserve(_ order: OrderPlaced) async throws { logger.info("reserved \(order.orderID)") }

    func release(_ order: OrderPlaced) async throws { logger.info("released \(order.orderID)") }

    func ship(_ order: OrderPlaced) async throws -> String {
        guard order.country != "AQ" else { throw NoCarrier(country: order.country) }
        return "parcel-\(order.orderID)"
    }
}
