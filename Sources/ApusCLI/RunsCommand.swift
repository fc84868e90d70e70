import ApusCore
import ArgumentParser

/// `apus runs …`: runs, found, shown and cancelled.
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "List, follow, show, explain, repeat, wake or cancel runs.",
        subcommands: [
            List.self, RunsTailCommand.self, Show.self, Export.self, WhyCommand.self, RerunCommand.self,
            WakeCommand.self, Cancel.self,
        ]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "List runs, the newest first.",
            discussion: """
                An expression such as --if 'event.data.total > 100' is asked of the event that started the run. When \
                that takes long, the list says how far back it has looked and with which --cursor to go on.
                """
        )

        @Option(help: "queued, running, completed, failed or cancelled; several with commas.")
        var status: String?

        @Option(help: "A function's id.")
        var function: String?

        @Option(help: "An app's id.")
        var app: String?

        @Option(help: "Runs created from this time on, such as 2026-01-31T12:00:00Z.")
        var from: String?

        @Option(help: "Runs created before this time.")
        var until: String?

        @Option(name: .customLong("if"), parsing: .unconditional, help: "What has to hold for the event.")
        var condition: String?

        @Option(help: "Runs that are printed at most, up to 200.")
        var limit = 50

        @Option(help: "Where an earlier list ended.")
        var cursor: String?

        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let answer = try await server.client.ask("GET", "/v1/runs?" + query)
                if output.json { return output.write(answer) }
                let runs = answer.view["runs"]?.elements.map { $0 } ?? []
                var table = TextTable(["RUN", "STATE", "FUNCTION", "EVENT", "CREATED", "ENDED"])
                for run in runs {
                    table.add(
                        ["run_id", "state", "function", "event_name", "run_started_at", "ended_at"].map {
                            run[$0]?.string ?? "-"
                        }
                    )
                }
                if !runs.isEmpty { Logs.write(table.text) }
                guard let cursor = answer.view["cursor"]?.string else {
                    return runs.isEmpty ? Logs.write("There are no such runs.\n") : ()
                }
                let reached = answer.view["searched_to"]?.string ?? ""
                Logs.write("There may be more before \(reached): go on with --cursor \(cursor)\n")
            }
        }

        private var query: String {
            let parts = [
                ("status", status), ("function", function), ("app", app), ("from", from), ("until", until),
                ("if", condition), ("limit", "\(limit)"), ("cursor", cursor),
            ]
            return parts.compactMap { name, value in value.map { "\(name)=\($0.asPathPart)" } }.joined(separator: "&")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a run with its output, or what it waits for.")

        @Argument(help: "The run's id.")
        var run: String

        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let client = try server.client
                guard let found = try await client.find("GET", "/v1/runs/\(run.asPathPart)", isOptional: true) else {
                    throw PlainFailure("There is no run \(run).")
                }
                if output.json { return output.write(found) }
                let history = try await client.ask("GET", "/v1/runs/\(run.asPathPart)/journal")
                var table = TextTable(["run", found.view["run_id"]?.string ?? ""])
                table.add(["status", found.view["status"]?.string ?? ""])
                table.add(["function", history.view["function"]?.string ?? ""])
                table.add(["event", history.view["event_name"]?.string ?? ""])
                table.add(["created", found.view["run_started_at"]?.string ?? ""])
                if let ended = found.view["ended_at"]?.string { table.add(["ended", ended]) }
                if let reason = found.view["waiting"]?["reason"]?.string { table.add(["waiting", reason]) }
                if let output = found.view["output"] {
                    table.add(["output", String(decoding: output.raw.bytes, as: UTF8.self)])
                }
                Logs.write(table.text)
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the whole history of a run as JSON.",
            discussion: "With its events and all results: what ApusTesting replays against an app's code."
        )

        @Argument(help: "The run's id.")
        var run: String

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let path = "/v1/runs/\(run.asPathPart)/journal"
                guard let journal = try await server.client.find("GET", path, isOptional: true) else {
                    throw PlainFailure("There is no run \(run).")
                }
                Logs.write(String(decoding: journal.bytes, as: UTF8.self) + "\n")
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel runs.", discussion: "A run that has ended stays as it is."
        )

        @Argument(help: "The ids of the runs.")
        var runs: [String]

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let client = try server.client
                for run in runs {
                    let path = "/v1/runs/\(run.asPathPart)"
                    guard try await client.find("GET", path, isOptional: true) != nil else {
                        throw PlainFailure("There is no run \(run).")
                    }
                    try await client.tell("DELETE", path)
                    Logs.write("\(run) is cancelled, if it had not ended.\n")
                }
            }
        }
    }
}
