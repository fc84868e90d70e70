import ApusCore
import ArgumentParser

/// `apus runs tail`: runs as they change.
struct RunsTailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Print runs as they begin, change and end, until it is interrupted.",
        discussion: "With --json each line is a run as the server's list has it."
    )

    @Option(help: "A function's id.")
    var function: String?

    @Option(help: "An app's id.")
    var app: String?

    @Option(help: "Runs that are printed first, as they are now.")
    var last = 10

    @Option(help: "End after so many lines.")
    var count: Int?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await failsWithOneLine {
            var tail = RunTail(client: try server.client, filters: [("function", function), ("app", app)])
            var left = count ?? .max
            var changes = try await tail.begin(showing: last)
            while true {
                for run in changes.prefix(left) { write(run.view) }
                left -= min(changes.count, left)
                if left == 0 { return }
                try await Task.sleep(for: .milliseconds(500))
                changes = try await tail.next()
            }
        }
    }

    private func write(_ run: JSONView) {
        if output.json { return output.write(run.raw) }
        let state = run["state"]?.string ?? ""
        let time = ["ended_at", "first_call_at", "run_started_at"].compactMap { run[$0]?.string }.first ?? ""
        let cells = [
            time, state + String(repeating: " ", count: max(9 - state.count, 0)), run["run_id"]?.string ?? "",
            run["function"]?.string ?? "",
        ]
        Logs.write(TextTable(cells).text)
    }

    func validate() throws {
        if last < 0 || last > 200 { throw ValidationError("--last must be a number from 0 to 200.") }
        if let count, count < 1 { throw ValidationError("--count must be 1 or more.") }
    }
}

/// Asks again and again which runs there are, and tells those that have changed.
private struct RunTail {
    let client: ServerClient
    let filters: [(String, String?)]
    /// The states of runs that were seen and may change, or are so new that a list shows them again.
    private var known: [String: String] = [:]

    init(client: ServerClient, filters: [(String, String?)]) {
        self.client = client
        self.filters = filters
    }

    /// The newest runs as they are; all that live are followed from now on.
    mutating func begin(showing count: Int) async throws -> [RawJSON] {
        let runs = try await list()
        for run in runs { known[Self.id(run)] = Self.state(run) }
        return Array(runs.suffix(count))
    }

    /// Runs that have changed since the question before, oldest first.
    mutating func next() async throws -> [RawJSON] {
        var runs = try await list()
        // What lived and is in no list has ended behind a page of newer ones.
        let listed = Set(runs.map(Self.id))
        for (id, state) in known where !listed.contains(id) && ["queued", "running"].contains(state) {
            guard let run = try await client.find("GET", "/v1/runs/\(id)", isOptional: true) else { continue }
            runs.append(run)
        }
        let changed = runs.filter { known[Self.id($0)] != Self.state($0) }
        known = Dictionary(runs.map { (Self.id($0), Self.state($0)) }) { $1 }
        return changed
    }

    /// The newest runs and those that live, oldest first.
    private func list() async throws -> [RawJSON] {
        var found: [String: RawJSON] = [:]
        for states in [nil, "queued,running"] as [String?] {
            let query = (filters + [("status", states), ("limit", "200")]).compactMap { name, value in
                value.map { "\(name)=\($0.asPathPart)" }
            }
            let answer = try await client.ask("GET", "/v1/runs?" + query.joined(separator: "&"))
            for run in answer.view["runs"]?.elements.map(\.raw) ?? [] { found[Self.id(run)] = run }
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }

    private static func id(_ run: RawJSON) -> String { run.view["run_id"]?.string ?? "" }

    private static func state(_ run: RawJSON) -> String {
        run.view["state"]?.string ?? (run.view["status"]?.string ?? "").lowercased()
    }
}
