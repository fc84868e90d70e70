import ApusCore
import ArgumentParser

/// `apus queue …`: what waits in a function, and what to do about it.
struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Show, drain or move what waits in a function.",
        subcommands: [Show.self, Drain.self, Move.self]
    )

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what waits, by key, the longest queue first.")

        @Argument(help: "The function's id, with the app's: shop-checkout.")
        var function: String

        @Option(help: "Keys that are shown at most.")
        var limit = 20

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let path = "/v1/functions/\(function.asPathPart)/queue?limit=\(limit)"
                let queue = try await server.client.ask("GET", path)
                let view = queue.view
                let waiting = view["waiting"]?.int ?? 0
                Logs.write(
                    "\(view["function"]?.string ?? function): \(waiting) waiting, \(view["calls"]?.int ?? 0) calls "
                        + "under way, \(view["admitted_per_second"]?.raw.description ?? "0") admitted a second"
                        + (view["paused"]?.bool == true ? ", paused" : "") + "\n"
                )
                for key in view["keys"]?.elements.map({ $0 }) ?? [] { Logs.write(Self.line(key)) }
                let hidden = (view["key_count"]?.int ?? 0) - Int64(view["keys"]?.count ?? 0)
                if hidden > 0 { Logs.write("and \(hidden) more keys\n") }
            }
        }

        private static func line(_ key: JSONView) -> String {
            let values = key["keys"]?.elements.compactMap(\.string) ?? []
            let name = values.isEmpty ? "(no key)" : values.joined(separator: ", ")
            let since = key["waiting_since"]?.string ?? ""
            let started = key["started"]?.bool == true ? " that have started" : ""
            let reason = key["next"]?["reason"]?.string ?? ""
            return "  \(name): \(key["waiting"]?.int ?? 0)\(started), the oldest since \(since). \(reason)\n"
        }
    }

    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel the runs of a function that have not started yet."
        )

        @Argument(help: "The function's id.")
        var function: String

        @Option(parsing: .unconditional, help: "Only those with this key.")
        var key: String?

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let body = ServerClient.object([("key", key)])
                let order = try await server.client.ask(
                    "POST", "/v1/functions/\(function.asPathPart)/queue/drain", body
                )
                Logs.write("Order \(order.view["id"]?.string ?? "") is being carried out.\n")
            }
        }
    }

    struct Move: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let another function run what has not started yet."
        )

        @Argument(help: "The function's id.")
        var function: String

        @Option(help: "The id of the function that takes the runs over.")
        var to: String

        @Option(parsing: .unconditional, help: "Only those with this key.")
        var key: String?

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let body = ServerClient.object([("key", key), ("to", to)])
                let order = try await server.client.ask(
                    "POST", "/v1/functions/\(function.asPathPart)/queue/move", body
                )
                Logs.write("Order \(order.view["id"]?.string ?? "") is being carried out.\n")
            }
        }
    }
}

extension ServerClient {
    /// An object of texts; those that are `nil` are left out.
    static func object(_ members: [(key: String, value: String?)]) -> RawJSON {
        var writer = JSONWriter()
        writer.beginObject()
        for (key, value) in members {
            guard let value else { continue }
            writer.key(key)
            writer.value(value)
        }
        writer.endObject()
        return writer.finish()
    }
}
