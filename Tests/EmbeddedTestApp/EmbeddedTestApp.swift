import Apus
import ApusEmbedded
import Foundation
import Logging

struct Count: Event {
    static let name = "test/count"
    var steps: Int
}

/// A program with an embedded engine, which the tests kill and start again: `EmbeddedTestApp STORE JOURNAL STEPS`.
///
/// It sends one event, the same each time, and notes each body that runs in the journal.
@main
struct EmbeddedTestApp {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let steps = Int(arguments[3]) else {
            print("usage: EmbeddedTestApp STORE JOURNAL STEPS")
            exit(2)
        }
        let journal = arguments[2]
        var settings = ClientSettings(environment: [:])
        settings.logger = Logger(label: "app", factory: { StreamLogHandler.standardError(label: $0) })
        let apus = Client(appID: "counting", settings: settings)
        let count = apus.function("count", on: Count.self) { event, step in
            for number in 0..<event.steps {
                try await step.run("step-\(number)") {
                    try note("step \(number)", in: journal)
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            try await step.run("done") { try note("done", in: journal) }
        }
        let engine = try await Engine.open(at: arguments[1], functions: [count])
        try await engine.send(Count(steps: steps), id: "the-only-one")
        // Until it is killed.
        await engine.run()
    }

    private static func note(_ line: String, in path: String) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data("\(line)\n".utf8))
        try file.close()
    }
}
