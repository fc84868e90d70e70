import ApusCore
import ArgumentParser

/// `apus why ID`: why a run has not gone on, or what became of an event.
struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say in one sentence what a run waits for, or what became of an event."
    )

    @Argument(help: "The id of a run or of an event.")
    var id: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await failsWithOneLine {
            guard ULID(id) != nil else {
                throw PlainFailure("\"\(id)\" is not the id of a run or an event (26 letters and digits).")
            }
            let client = try server.client
            if let run = try await client.find("GET", "/v1/runs/\(id)", isOptional: true) {
                Logs.write(Self.sentence(about: run.view) + "\n")
                return
            }
            guard let outcomes = try await client.find("GET", "/v1/events/\(id)/outcomes", isOptional: true) else {
                throw PlainFailure("There is no run and no event \(id).")
            }
            let reasons = outcomes.view.elements.compactMap { $0["reason"]?.string }
            Logs.write(reasons.isEmpty ? "No function listens to the event.\n" : reasons.joined(separator: "\n") + "\n")
        }
    }

    private static func sentence(about run: JSONView) -> String {
        if let reason = run["waiting"]?["reason"]?.string { return reason }
        let status = run["status"]?.string ?? ""
        guard let ended = run["ended_at"]?.string else { return "It waits for nothing." }
        return "It \(status == "Cancelled" ? "was cancelled" : "\(status.lowercased())") at \(ended)."
    }
}
