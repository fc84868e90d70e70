import ApusCore
import ArgumentParser

/// `apus limits FUNCTION`: the limits that hold, and others in their place.
struct LimitsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits",
        abstract: "Show a function's limits, set others in their place, or take those back."
    )

    @Argument(help: "The function's id, with the app's: shop-checkout.")
    var function: String

    @Option(help: "Limits as JSON, for example '{\"concurrency\": 2}'; 0 lets nothing start.")
    var set: String?

    @Flag(help: "Let what the app has registered hold again.")
    var remove = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if set != nil, remove { throw ValidationError("--set and --remove cannot be given together.") }
    }

    func run() async throws {
        try await failsWithOneLine {
            let path = "/v1/functions/\(function.asPathPart)/limits"
            let answer: RawJSON
            if let set {
                let body: RawJSON
                do {
                    body = try RawJSON(parsing: Array(set.utf8))
                } catch {
                    throw PlainFailure("--set is not JSON: \(error)")
                }
                answer = try await server.client.ask("PUT", path, body)
            } else {
                answer = try await server.client.ask(remove ? "DELETE" : "GET", path)
            }
            for name in ["registered", "set", "in_force"] {
                let value = answer.view[name]?.raw.description ?? "null"
                Logs.write("\(name == "in_force" ? "in force" : name): \(value == "null" ? "nothing" : value)\n")
            }
        }
    }
}

/// `apus audit`: who changed what.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Print who paused, limited, drained or moved what, the newest first."
    )

    @Option(help: "Entries that are printed at most.")
    var limit = 50

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await failsWithOneLine {
            let entries = try await server.client.ask("GET", "/v1/audit?limit=\(limit)")
            for entry in entries.view.elements {
                let words = ["at", "actor", "action", "subject", "detail"].compactMap { entry[$0]?.string }
                Logs.write(words.filter { !$0.isEmpty }.joined(separator: "  ") + "\n")
            }
        }
    }
}
