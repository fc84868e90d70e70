import Apus
import Logging

struct OrderPlaced: Event {
    static let name = "order/placed"
    var orderID: String
    var cents: Int
    var country: String
}

/// The shop's other systems.
protocol Services: Sendable {
    func charge(_ order: OrderPlaced) async throws -> String
    func refund(_ payment: String) async throws
    func reserve(_ order: OrderPlaced) async throws
    func release(_ order: OrderPlaced) async throws
    func ship(_ order: OrderPlaced) async throws -> String
}

/// Nobody ships there, and trying again changes nothing.
struct NoCarrier: Error, Codable {
    var country: String
}

struct Orders: Sendable {
    let apus: Client
    let services: any Services

    /// Three systems that know no common transaction: what was done is undone when a later one fails for good.
    var function: Function<OrderPlaced, String> {
        apus.function(
            "process-order", on: OrderPlaced.self, .retries(3), .idempotency(by: \.orderID),
            .onFailure { failure, step in
                try await step.run("tell-support") {
                    step.context.logger.warning("order \(failure.input.orderID) failed: \(failure.message)")
                }
            }
        ) { [services] order, step in
            let payment = try await step.run("charge") { try await services.charge(order) }
            step.compensate("refund") { try await services.refund(payment) }

            try await step.run("reserve") { try await services.reserve(order) }
            step.compensate("release") { try await services.release(order) }

            return try await step.run("ship") {
                do {
                    return try await services.ship(order)
                } catch let error as NoCarrier {
                    throw NonRetriableError("no carrier ships to \(error.country)", cause: error)
                }
            }
        }
    }
}
