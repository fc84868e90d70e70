import ArgumentParser
import Foundation

/// `apus`: the server, and tools that talk to one.
@main
struct ApusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "Durable functions: events come in, functions start, each step's result is kept.",
        version: ApusVersion.text,
        subcommands: [
            DevCommand.self, StartCommand.self, SendCommand.self, EventsCommand.self, RunsCommand.self,
            TraceCommand.self, WhyCommand.self, OpenCommand.self, ReplaysCommand.self, FunctionsCommand.self,
            PauseCommand.self, ResumeCommand.self, LimitsCommand.self, QueueCommand.self, SchedulesCommand.self,
            AppsCommand.self, AuditCommand.self,
        ]
    )

    static func main() async {
        do {
            var command = try command(Array(CommandLine.arguments.dropFirst()))
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
        } catch let error as PlainFailure {
            Logs.writeError("apus: \(error)\n")
            exit(withError: ExitCode(1))
        } catch {
            exit(withError: error)
        }
    }

    /// What was typed counts most; then the environment, then the file of settings.
    private static func command(_ given: [String]) throws -> any ParsableCommand {
        // What was typed wrongly is said first, in the parser's own words.
        let typed = try parseAsRoot(given)
        guard let configurable = type(of: typed) as? any ConfigurableCommand.Type else { return typed }
        let outside = try OutsideSettings.find(
            configurable.settings,
            given: given,
            environment: ProcessInfo.processInfo.environment,
            directory: FileManager.default.currentDirectoryPath
        )
        guard !outside.arguments.isEmpty else { return typed }
        do {
            return try parseAsRoot(given.prefix(1) + outside.arguments + given.dropFirst())
        } catch {
            throw outside.failure(message(for: error))
        }
    }
}

enum ApusVersion {
    static let text = "0.1.0"
}

/// A failure that is one clear line for the person at the terminal.
struct PlainFailure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
