import ApusCore
import ArgumentParser
import Foundation

/// `apus send NAME`: sends an event.
struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Send an event, and print its id.",
        discussion: #"apus send shop/order.placed --data '{"total": 12}'"#
    )

    @Argument(help: "The event's name.")
    var name: String

    @Option(help: "The event's data, a JSON object.")
    var data = "{}"

    @Option(parsing: .unconditional, help: "An id under which the event counts once in 24 hours.")
    var id: String?

    @Option(name: .customLong("at"), help: "When its functions start, such as 2026-01-31T12:00:00Z.")
    var time: String?

    // A key may begin with a hyphen, and an id too.
    @Option(
        name: .customLong("event-key"), parsing: .unconditional,
        help: "The server's event key; better in the variable INNGEST_EVENT_KEY."
    )
    var givenKey: String?

    /// A server in development takes any.
    private var key: String {
        let environment = ProcessInfo.processInfo.environment
        let found = givenKey ?? Setting(name: "event-key").variables.lazy.compactMap { environment[$0] }.first
        return found?.split(separator: ",").first.map { $0.trimmingCharacters(in: .whitespaces) } ?? "apus"
    }

    @OptionGroup var server: ServerOptions

    func validate() throws {
        try EventKeyOption.check(givenKey.map { [$0] } ?? [])
    }

    func run() async throws {
        try await failsWithOneLine {
            let answer = try await server.client.ask("POST", "/e/\(key.asPathPart)", try event)
            for id in answer.view["ids"]?.elements.compactMap(\.string) ?? [] { Logs.write(id + "\n") }
        }
    }

    private var event: RawJSON {
        get throws {
            guard let data = try? RawJSON(parsing: Array(data.utf8)), data.view.kind == .object else {
                throw PlainFailure("--data must be a JSON object such as '{\"total\": 12}'.")
            }
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("data")
            writer.raw(data)
            if let id {
                writer.key("id")
                writer.value(id)
            }
            writer.key("name")
            writer.value(name)
            if let time {
                guard let date = DateText.parse(time) else {
                    throw PlainFailure("--at must be a date such as 2026-01-31T12:00:00Z.")
                }
                writer.key("ts")
                writer.value(date.milliseconds)
            }
            writer.endObject()
            return writer.finish()
        }
    }
}
