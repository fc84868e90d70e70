import ApusCore
import ArgumentParser

/// `apus schedules …`: the cron triggers of all functions.
struct SchedulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedules",
        abstract: "Show schedules and their times.",
        subcommands: [List.self, Next.self]
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
                    let paused = schedule["paused"]?.bool == true ? ", paused" : ""
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

/// Schedules as a person names them.
enum ScheduleReference {
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
