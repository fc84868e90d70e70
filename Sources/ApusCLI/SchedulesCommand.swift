import ApusCore
import ArgumentParser

/// `apus schedules …`: the cron triggers of all functions.
struct SchedulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedules",
        abstract: "Show schedules and their times; pause, resume, run and set them.",
        subcommands: [
            List.self, Next.self, Ticks.self, Pause.self, Resume.self, Run.self, Choose.self, BackfillCommand.self,
            BackfillsCommand.self,
        ]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "List all schedules with their newest and next tick."
        )

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let schedules = try await server.client.ask("GET", "/v1/schedules")
                for schedule in schedules.view.elements {
                    let words = schedule["words"]?.string ?? ""
                    let next = schedule["next_tick"]?.string.map { "next \($0)" } ?? "no next tick"
                    let last = schedule["last_tick"]?.string.map { ", last \($0)" } ?? ""
                    let isPaused = ["paused", "function_paused"].contains { schedule[$0]?.bool == true }
                    let paused = isPaused ? ", paused" : ""
                    Logs.write(
                        "\(schedule["id"]?.string ?? "")  \(schedule["function"]?.string ?? "")  "
                            + "\(schedule["expression"]?.string ?? "")  (\(words))  \(next)\(last)\(paused)\n"
                    )
                }
                if schedules.view.count == 0 { Logs.write("There are no schedules.\n") }
            }
        }
    }

    struct Next: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the next times of schedules.")

        @Argument(help: "A function's id, or a schedule's; without it all schedules.")
        var schedule: String?

        @Option(help: "Times that are printed of each.")
        var count = 5

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                for id in try await ScheduleReference.find(schedule, server.client) {
                    let answer = try await server.client.ask("GET", "/v1/schedules/\(id)/next?count=\(count)")
                    let view = answer.view
                    Logs.write("\(view["function"]?.string ?? "")  \(view["expression"]?.string ?? "")\n")
                    for time in view["times"]?.elements.compactMap(\.string) ?? [] { Logs.write("  \(time)\n") }
                }
            }
        }
    }
}

extension SchedulesCommand {
    struct Ticks: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the newest ticks and what became of them.")

        @Argument(help: "A schedule's id, or that of a function, which means all its schedules.")
        var schedule: String

        @Option(help: "Ticks that are printed of each.")
        var limit = 10

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                for id in try await ScheduleReference.find(schedule, server.client) {
                    let ticks = try await server.client.ask("GET", "/v1/schedules/\(id)/ticks?limit=\(limit)")
                    for tick in ticks.view.elements {
                        let words = [tick["tick"], tick["run_status"], tick["result"]?["reason"]]
                        Logs.write(words.compactMap { $0?.string }.joined(separator: "  ") + "\n")
                    }
                }
            }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let no tick happen until it is resumed.")

        @Argument(help: "A schedule's id, or that of a function, which means all its schedules.")
        var schedule: String

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await ScheduleReference.change(schedule, server.client, ScheduleReference.paused(true), "is paused")
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a paused schedule go on.")

        @Argument(help: "A schedule's id, or that of a function, which means all its schedules.")
        var schedule: String

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await ScheduleReference.change(schedule, server.client, ScheduleReference.paused(false), "goes on")
        }
    }

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Start a run now, besides the ticks.")

        @Argument(help: "A schedule's id, or that of a function with one schedule.")
        var schedule: String

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let id = try await ScheduleReference.findOne(schedule, server.client)
                let answer = try await server.client.ask("POST", "/v1/schedules/\(id)/run")
                Logs.write("Event \(answer.view["event_id"]?.string ?? "") has started it.\n")
            }
        }
    }

    struct Choose: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Choose what becomes of missed ticks and of ticks that overlap."
        )

        @Argument(help: "A schedule's id, or that of a function, which means all its schedules.")
        var schedule: String

        @Option(help: "Missed ticks: skip, latest or all; default takes the choice back.")
        var catchUp: String?

        @Option(help: "Ticks while a run lives: allow, skip, cancel_previous or buffer_one.")
        var overlap: String?

        @OptionGroup var server: ServerOptions

        func run() async throws {
            var writer = JSONWriter()
            writer.beginObject()
            if let catchUp {
                writer.key("catch_up")
                if catchUp == "default" { writer.null() } else { writer.value(catchUp) }
            }
            if let overlap {
                writer.key("overlap")
                writer.value(overlap)
            }
            writer.endObject()
            try await ScheduleReference.change(schedule, server.client, writer.finish(), "is set")
        }

        func validate() throws {
            if catchUp == nil, overlap == nil { throw ValidationError("Give --catch-up, --overlap or both.") }
        }
    }
}

/// Schedules as a person names them.
enum ScheduleReference {
    static func paused(_ isPaused: Bool) -> RawJSON {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("paused")
        writer.value(isPaused)
        writer.endObject()
        return writer.finish()
    }

    /// Changes every schedule that the reference means, and says so.
    static func change(
        _ reference: String, _ client: ServerClient, _ change: RawJSON, _ result: String
    ) async throws {
        try await failsWithOneLine {
            for id in try await find(reference, client) {
                let answer = try await client.ask("PATCH", "/v1/schedules/\(id)", change)
                let function = answer.view["function"]?.string ?? ""
                Logs.write("\(function)  \(answer.view["expression"]?.string ?? "") \(result).\n")
            }
        }
    }

    /// - Throws: ``PlainFailure`` unless exactly one is called so.
    static func findOne(_ reference: String, _ client: ServerClient) async throws -> String {
        let ids = try await find(reference, client)
        guard ids.count == 1 else {
            throw PlainFailure("\(reference) has \(ids.count) schedules; name one of them by its id.")
        }
        return ids[0]
    }

    /// - Returns: ids; all of them without a reference.
    /// - Throws: ``PlainFailure`` when nothing is called so.
    static func find(_ reference: String?, _ client: ServerClient) async throws -> [String] {
        let schedules = try await client.ask("GET", "/v1/schedules")
        let found = schedules.view.elements.filter { schedule in
            guard let reference else { return true }
            return ["id", "function", "function_id"].contains { schedule[$0]?.string == reference }
        }
        let ids = found.compactMap { $0["id"]?.string }
        guard !ids.isEmpty || reference == nil else {
            throw PlainFailure("There is no schedule and no function with schedules \(reference ?? "").")
        }
        return ids
    }
}
