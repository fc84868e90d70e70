import ApusCore
import ArgumentParser

/// `apus schedules …`: the cron triggers of all functions, and the schedules that send events.
struct SchedulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedules",
        abstract: "Show schedules and their times; make, pause, resume, run, backfill, set and delete them.",
        subcommands: [
            List.self, Next.self, Ticks.self, Create.self, Delete.self, Pause.self, Resume.self, Run.self, Choose.self,
            BackfillCommand.self, BackfillsCommand.self,
        ]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "List all schedules with their newest and next tick."
        )

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                var isEmpty = true
                try await ScheduleReference.forAll(server.client) { schedule in
                    isEmpty = false
                    let words = schedule["words"]?.string.map { " (\($0)) " } ?? ""
                    let next = schedule["next_tick"]?.string.map { "next \($0)" } ?? "no next tick"
                    let last = schedule["last_tick"]?.string.map { ", last \($0)" } ?? ""
                    let isPaused = ["paused", "function_paused"].contains { schedule[$0]?.bool == true }
                    let paused = isPaused ? ", paused" : ""
                    Logs.write(
                        "\(schedule["id"]?.string ?? "")  \(ScheduleReference.title(schedule)) \(words) "
                            + "\(next)\(last)\(paused)\n"
                    )
                }
                if isEmpty { Logs.write("There are no schedules.\n") }
            }
        }
    }

    struct Next: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the next times of schedules.")

        @Argument(help: "A schedule's name or id, or that of a function; without it all schedules.")
        var schedule: String?

        @Option(help: "Times that are printed of each.")
        var count = 5

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                for id in try await ScheduleReference.find(schedule, server.client) {
                    let answer = try await server.client.ask("GET", "/v1/schedules/\(id)/next?count=\(count)")
                    let view = answer.view
                    Logs.write("\(ScheduleReference.title(view))\n")
                    for time in view["times"]?.elements.compactMap(\.string) ?? [] { Logs.write("  \(time)\n") }
                }
            }
        }
    }
}

extension SchedulesCommand {
    struct Ticks: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the newest ticks and what became of them.")

        @Argument(help: "A cron trigger's id, or that of a function, which means all its schedules.")
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

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start a run or send the event now, besides the ticks.")

        @Argument(help: "A schedule's name or id, or that of a function with one schedule.")
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

        @Argument(help: "A schedule's name or id, or that of a function, which means all its schedules.")
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
            let change = writer.finish()
            try await failsWithOneLine {
                for title in try await ScheduleReference.change(schedule, server.client, change) {
                    Logs.write("\(title) is set.\n")
                }
            }
        }

        func validate() throws {
            if catchUp == nil, overlap == nil { throw ValidationError("Give --catch-up, --overlap or both.") }
        }
    }
}

extension SchedulesCommand {
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a schedule that sends an event.")

        @Argument(help: "Its name.")
        var name: String

        @Option(help: "An expression, such as \"0 9 * * mon-fri\" or \"TZ=Europe/Berlin 0 9 * * *\".")
        var cron: String?

        @Option(help: "The one time, such as 2027-01-31T09:00:00Z or milliseconds since 1970.")
        var at: String?

        @Option(help: "The name of the event.")
        var event: String

        @Option(help: "The event's data, a JSON object.")
        var data: String?

        @Option(help: "The event's user, a JSON object.")
        var user: String?

        @Option(help: "Missed ticks: skip, latest or all.")
        var catchUp: String?

        @Flag(help: "Begin paused.")
        var paused = false

        @Flag(help: "Take the place of a schedule of this name.")
        var replace = false

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let path = replace ? "/v1/schedules/\(name.asPathPart)" : "/v1/schedules"
                let answer = try await server.client.ask(replace ? "PUT" : "POST", path, try body)
                let next = answer.view["next_tick"]?.string.map { "next \($0)" } ?? "no next tick"
                Logs.write("\(ScheduleReference.title(answer.view))  \(next)\n")
            }
        }

        func validate() throws {
            if (cron == nil) == (at == nil) { throw ValidationError("Give --cron or --at.") }
            if name.isEmpty { throw ValidationError("NAME must not be empty.") }
        }

        private var body: RawJSON {
            get throws {
                var writer = JSONWriter()
                writer.beginObject()
                writer.key("name")
                writer.value(name)
                for (key, value) in [("cron", cron), ("catch_up", catchUp)] {
                    guard let value else { continue }
                    writer.key(key)
                    writer.value(value)
                }
                if let at {
                    writer.key("at")
                    if let milliseconds = Int64(at) { writer.value(milliseconds) } else { writer.value(at) }
                }
                if paused {
                    writer.key("paused")
                    writer.value(true)
                }
                writer.key("event")
                writer.beginObject()
                writer.key("name")
                writer.value(event)
                for (key, text) in [("data", data), ("user", user)] {
                    guard let text else { continue }
                    writer.key(key)
                    do {
                        writer.raw(try RawJSON(parsing: text))
                    } catch {
                        throw PlainFailure("--\(key) is no JSON: \(error)")
                    }
                }
                writer.endObject()
                writer.endObject()
                return try RawJSON(parsing: writer.bytes)
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a schedule that sends an event.")

        @Argument(help: "Its name or id.")
        var schedule: String

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                _ = try await server.client.ask("DELETE", "/v1/schedules/\(schedule.asPathPart)")
                Logs.write("\(schedule) is deleted.\n")
            }
        }

        func validate() throws {
            if schedule.isEmpty { throw ValidationError("NAME must not be empty.") }
        }
    }
}

/// Schedules as a person names them.
enum ScheduleReference {
    /// Changes every schedule that the reference means.
    /// - Returns: what they are called.
    static func change(_ reference: String, _ client: ServerClient, _ change: RawJSON) async throws -> [String] {
        var titles: [String] = []
        for id in try await find(reference, client) {
            titles.append(title(try await client.ask("PATCH", "/v1/schedules/\(id)", change).view))
        }
        return titles
    }

    /// - Throws: ``PlainFailure`` unless exactly one is called so.
    static func findOne(_ reference: String, _ client: ServerClient) async throws -> String {
        let ids = try await find(reference, client)
        guard ids.count == 1 else {
            throw PlainFailure("\(reference) has \(ids.count) schedules; name one of them by its id.")
        }
        return ids[0]
    }

    /// What a schedule is called, and when it ticks.
    static func title(_ schedule: JSONView) -> String {
        let name = (schedule["function"] ?? schedule["name"])?.string ?? ""
        return "\(name)  \((schedule["expression"]?.string ?? schedule["at"]?.string) ?? "")"
    }

    /// - Returns: ids; all of them without a reference.
    /// - Throws: ``PlainFailure`` when nothing is called so.
    static func find(_ reference: String?, _ client: ServerClient) async throws -> [String] {
        var ids: [String] = []
        try await forAll(client, of: reference == nil ? nil : "trigger") { schedule in
            let isMeant = reference.map { reference in
                ["id", "function", "function_id"].contains { schedule[$0]?.string == reference }
            }
            if isMeant ?? true, let id = schedule["id"]?.string { ids.append(id) }
        }
        guard ids.isEmpty, let reference else { return ids }
        let path = "/v1/schedules/\(reference.asPathPart)"
        guard !reference.isEmpty, let found = try await client.find("GET", path, isOptional: true),
            let id = found.view["id"]?.string
        else { throw PlainFailure("There is no schedule and no function with schedules \(reference).") }
        return [id]
    }

    /// Reads all schedules page by page.
    static func forAll(
        _ client: ServerClient, of kind: String? = nil, _ body: (JSONView) -> Void
    ) async throws {
        let base = "/v1/schedules?limit=1000" + (kind.map { "&kind=\($0)" } ?? "")
        var path: String? = base
        while let next = path {
            let page = try await client.answer("GET", next)
            for schedule in (page.view["data"] ?? page.view).elements { body(schedule) }
            path = page.view["metadata"]?["cursor"]?.string.map { "\(base)&cursor=\($0)" }
        }
    }
}
