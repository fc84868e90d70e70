import Apus
import Foundation
import Logging

struct ReportMailed: Event {
    static let name = "report/mailed"
    var day: String
    var orders: Int
}

protocol Database: Sendable {
    func orders(on day: String) async throws -> Int
}

struct Report: Sendable {
    let apus: Client
    let database: any Database

    /// At three in the morning in Berlin, also on the nights on which clocks change.
    var function: Function<JSON, String> {
        apus.function("nightly-report", cron: "TZ=Europe/Berlin 0 3 * * *", .retries(10)) { [database] step in
            // The day is that of the tick, not of the attempt: a report that is late is still the right one.
            let day = step.context.event.date.formatted(.iso8601.year().month().day())
            let orders = try await step.run("count-orders") { try await database.orders(on: day) }
            let text = try await step.run("render") { "\(orders) orders on \(day)" }
            try await step.run("mail") { step.context.logger.info("mailed: \(text)") }
            try await step.send("tell-others", ReportMailed(day: day, orders: orders))
            return text
        }
    }
}
