import ApusCore
import ArgumentParser

/// `apus trace RUN`: what a run did, line by line.
struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Print what a run did, and with --follow what it does."
    )

    @Argument(help: "The run's id.")
    var run: String

    @Flag(name: .shortAndLong, help: "Go on until the run has ended.")
    var follow = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await failsWithOneLine { try await print() }
    }

    private func print() async throws {
        guard ULID(run) != nil else { throw PlainFailure("\"\(run)\" is not a run id (26 letters and digits).") }
        let client = try server.client
        var printed = 0
        var start: Int64?
        while true {
            let journal = try await client.ask("GET", "/v1/runs/\(run)/journal")
            let lines = Array(journal.view["timeline"]?.elements.map { $0 } ?? [])
            for line in lines.dropFirst(printed) {
                let at = line["at"]?.int ?? 0
                let begin = start ?? at
                start = begin
                Logs.write(Self.format(line, after: at - begin))
            }
            printed = lines.count
            let status = journal.view["run"]?["status"]?.string ?? ""
            if status != "Running" || !follow { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private static func format(_ line: JSONView, after milliseconds: Int64) -> String {
        let seconds = "\(milliseconds / 1_000).\(String(milliseconds % 1_000 + 1_000).dropFirst())"
        let mark =
            switch line["state"]?.string {
            case "failed": "✗"
            case "waiting": "…"
            default: "✓"
            }
        let padding = String(repeating: " ", count: max(0, 8 - seconds.count))
        return "\(padding)\(seconds) s  \(mark) \(line["what"]?.string ?? "")\n"
    }
}
