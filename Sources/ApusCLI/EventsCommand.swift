import ApusCore
import ArgumentParser

/// `apus events …`: events of a time that has not come.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show or cancel events of a time that has not come.",
        subcommands: [Scheduled.self, Cancel.self]
    )

    struct Scheduled: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List what is to start later, the soonest first.")

        @Option(help: "Runs that are printed at most.")
        var limit = 100

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let answer = try await server.client.ask("GET", "/v1/scheduled-events?limit=\(limit)")
                for event in answer.view["events"]?.elements.map({ $0 }) ?? [] {
                    let words = ["starts_at", "name", "event_id", "function", "run_id"].compactMap {
                        event[$0]?.string
                    }
                    Logs.write(words.joined(separator: "  ") + "\n")
                }
                if answer.view["events"]?.count == 0 { Logs.write("Nothing is to start later.\n") }
                if answer.view["cursor"]?.string != nil { Logs.write("There may be more.\n") }
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel the runs of an event that have not started."
        )

        @Argument(help: "The event's id.")
        var id: String

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let answer = try await server.client.ask("DELETE", "/v1/scheduled-events/\(id.asPathPart)")
                let count = answer.view["cancelled"]?.int ?? 0
                Logs.write(count == 1 ? "1 run is cancelled.\n" : "\(count) runs are cancelled.\n")
            }
        }
    }
}
