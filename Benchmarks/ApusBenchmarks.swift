import Foundation

/// `ApusBenchmarks [--seconds N] [--waits N] [--schedules N] [scenario …]`: measures the server and the parts it is
/// made of, and prints one line a figure.
@main
struct ApusBenchmarks {
    static let scenarios: [any Scenario] = [
        Startup(), Idle(), Latency(), Sequential(), Steps(), Checkpoints(), Events(), Waits(), Backlog(), Schedules(),
        StoreCommits(), Search(), JSONDecoding(), EngineDecisions(), Passes(), Embedded(),
    ]

    static func main() async {
        do {
            try await run()
        } catch {
            FileHandle.standardError.write(Data("ApusBenchmarks: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func run() async throws {
        let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()), known: scenarios.map(\.name))
        if arguments.wantsHelp {
            print(usage)
            return
        }
        let setup = try Setup(seconds: arguments.seconds, waits: arguments.waits, schedules: arguments.schedules)
        print(Machine.description(directory: setup.directory) + "\n")
        let table = Table()
        for scenario in scenarios where arguments.selects(scenario.name) {
            for figure in try await scenario.measure(setup) { table.add(figure) }
        }
        print("\n\(Machine.load)")
        try await setup.end()
    }

    private static var usage: String {
        let lines = scenarios.map { "  " + $0.name.padding(toLength: 12, withPad: " ", startingAt: 0) + $0.summary }
        return """
            usage: ApusBenchmarks [--seconds N] [--waits N] [--schedules N] [scenario …]

              --seconds N   length of one timed run (default 10); every figure comes from several
              --waits N     runs that wait at the same time, or have ended in a search (default 100000)
              --schedules N event schedules (default 100000)
              APUS_BINARY   the server to measure (default: the `apus` beside this program)
              TMPDIR        where stores are kept while they are measured

            scenarios:
            \(lines.joined(separator: "\n"))
            """
    }
}
