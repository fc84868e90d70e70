import ApusCore
import ArgumentParser

/// `apus functions …`: what the apps have registered.
struct FunctionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "functions", abstract: "List functions, or show one.", subcommands: [List.self, Show.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "ls", abstract: "List all functions.")

        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let functions = try await FunctionsCommand.all(server.client)
                try output.write(functions, ["FUNCTION", "NAME", "TRIGGERS"], "There are no functions.") { function in
                    [
                        function["slug"]?.string ?? "", function["name"]?.string ?? "",
                        FunctionsCommand.triggers(of: function).joined(separator: ", "),
                    ]
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a function with its triggers, its limits and what waits in it."
        )

        @Argument(help: "The function's id, with the app's: shop-checkout.")
        var function: String

        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let client = try server.client
                guard
                    let found = try await FunctionsCommand.all(client).view.elements.first(where: { found in
                        ["slug", "id"].contains { found[$0]?.string == function }
                    })
                else { throw PlainFailure("There is no function \(function).") }
                let path = "/v1/functions/\(function.asPathPart)"
                let limits = try await client.ask("GET", "\(path)/limits")
                let queue = try await client.ask("GET", "\(path)/queue?limit=0")
                if output.json {
                    return output.write(object: [("function", found.raw), ("limits", limits), ("queue", queue)])
                }
                var table = TextTable(["function", found["slug"]?.string ?? ""])
                table.add(["name", found["name"]?.string ?? ""])
                for trigger in FunctionsCommand.triggers(of: found) { table.add(["trigger", trigger]) }
                let step = found["steps"]?.elements.first { _ in true }
                table.add(["called at", step?["uri"]?.string ?? ""])
                let inForce = limits.view["in_force"]?.raw.description ?? "null"
                table.add(["limits", inForce == "null" ? "none" : inForce])
                table.add(["waiting", "\(queue.view["waiting"]?.int ?? 0)"])
                table.add(["calls", "\(queue.view["calls"]?.int ?? 0)"])
                if queue.view["paused"]?.bool == true { table.add(["paused", "yes"]) }
                Logs.write(table.text)
            }
        }
    }

    /// What `GET /dev` says of all functions.
    private static func all(_ client: ServerClient) async throws -> RawJSON {
        try await client.answer("GET", "/dev").view["functions"]?.raw ?? .emptyArray
    }

    private static func triggers(of function: JSONView) -> [String] {
        (function["triggers"]?.elements.map { $0 } ?? []).map { trigger in
            if let cron = trigger["cron"]?.string { return "cron \(cron)" }
            let condition = trigger["expression"]?.string.map { " if \($0)" } ?? ""
            return (trigger["event"]?.string ?? "") + condition
        }
    }
}
