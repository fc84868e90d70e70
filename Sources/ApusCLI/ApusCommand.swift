import ArgumentParser

/// `apus`: the server, and tools that talk to one.
@main
struct ApusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "Durable functions: events come in, functions start, each step's result is kept.",
        version: ApusVersion.text,
        subcommands: [DevCommand.self, TraceCommand.self]
    )
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
