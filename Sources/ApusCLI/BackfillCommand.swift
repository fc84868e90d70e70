import ApusCore
import ArgumentParser

/// `apus schedules backfill FUNCTION|ID --from TIME --to TIME`.
struct BackfillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill", abstract: "Run a function as of ticks of the past that have not run."
    )

    @Argument(help: "A schedule's id, or that of a function with one schedule.")
    var schedule: String

    @Option(help: "The first time, for example 2026-01-01T00:00:00Z.")
    var from: String

    @Option(help: "The end, which is no part of it.")
    var to: String

    @Flag(help: "Print the ticks and start nothing.")
    var preview = false

    @Flag(help: "Also ticks that have run already.")
    var again = false

    @Flag(help: "Stay until all of them have started, and say how far it is.")
    var wait = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await failsWithOneLine {
            let id = try await ScheduleReference.findOne(schedule, server.client)
            let answer = try await server.client.ask("POST", "/v1/schedules/\(id)/backfill", wish)
            let view = answer.view
            let ticks = view["ticks"]?.int ?? 0
            if preview {
                let times = view["times"]?.elements.compactMap(\.string) ?? []
                for time in times { Logs.write("\(time)\n") }
                if ticks > times.count { Logs.write("… and \(ticks - Int64(times.count)) more\n") }
            }
            Logs.write("\(Self.summary(of: view, ticks)).\n")
            guard let order = view["id"]?.string else { return }
            Logs.write("Backfill \(order) is being carried out.\n")
            if wait { try await follow(order) }
        }
    }

    private func follow(_ order: String) async throws {
        try await ProgressBar.follow {
            let all = try await server.client.ask("GET", "/v1/backfills")
            guard let found = all.view.elements.first(where: { $0["id"]?.string == order }) else {
                throw PlainFailure("There is no backfill \(order) any more.")
            }
            let (started, ticks) = (found["started"]?.int ?? 0, found["ticks"]?.int ?? 0)
            let state = found["state"]?.string ?? ""
            let end = "\(state): \(started) of \(ticks) ticks have started.\n"
            return (started, ticks, state == "running" ? nil : end)
        }
    }

    /// In the order of its keys, as canonical JSON is.
    private var wish: RawJSON {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("again")
        writer.value(again)
        writer.key("from")
        writer.value(from)
        writer.key("preview")
        writer.value(preview)
        writer.key("to")
        writer.value(to)
        writer.endObject()
        return writer.finish()
    }

    private static func summary(of view: JSONView, _ ticks: Int64) -> String {
        var text = "\(view["function"]?.string ?? "")  \(view["expression"]?.string ?? ""): "
        text += ticks == 1 ? "1 tick" : "\(ticks) ticks"
        if let first = view["first"]?.string, let last = view["last"]?.string { text += " from \(first) to \(last)" }
        let alreadyRun = view["already_run"]?.int ?? 0
        if alreadyRun > 0 { text += ", \(alreadyRun) left out that have run already" }
        return text
    }
}

/// `apus schedules backfills`: what was ordered and how far it is.
struct BackfillsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfills", abstract: "List backfills, the newest first, or stop one.",
        subcommands: [List.self, Stop.self], defaultSubcommand: List.self
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "List backfills and how far they are."
        )

        @Argument(help: "A schedule's id, or a function's; without it all backfills.")
        var schedule: String?

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let answer = try await server.client.ask("GET", "/v1/backfills")
                let found = answer.view.elements.filter { backfill in
                    schedule == nil || ["schedule_id", "function"].contains { backfill[$0]?.string == schedule }
                }
                for backfill in found {
                    let texts = ["id", "function", "expression", "state", "from", "to"].map {
                        backfill[$0]?.string ?? ""
                    }
                    let started = "\(backfill["started"]?.int ?? 0) of \(backfill["ticks"]?.int ?? 0) started"
                    Logs.write("\((texts + [started, "by \(backfill["by"]?.string ?? "")"]).joined(separator: "  "))\n")
                }
                if found.isEmpty { Logs.write("There are no backfills.\n") }
            }
        }
    }

    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Start nothing more of a backfill.")

        @Argument(help: "The backfill's id.")
        var backfill: String

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let all = try await server.client.ask("GET", "/v1/backfills")
                guard let found = all.view.elements.first(where: { $0["id"]?.string == backfill }),
                    let schedule = found["schedule_id"]?.string
                else { throw PlainFailure("There is no backfill \(backfill).") }
                let answer = try await server.client.ask(
                    "DELETE", "/v1/schedules/\(schedule)/backfills/\(backfill.asPathPart)"
                )
                let (started, ticks) = (answer.view["started"]?.int ?? 0, answer.view["ticks"]?.int ?? 0)
                Logs.write("\(answer.view["state"]?.string ?? ""): \(started) of \(ticks) ticks have started.\n")
            }
        }
    }
}
