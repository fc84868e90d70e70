import ArgumentParser

/// `apus dev`: a whole server for one developer.
struct DevCommand: AsyncParsableCommand, ConfigurableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Run a server for development: no keys, finds your app by itself."
    )

    static let settings = ServingOptions.settings + DevOptions.settings

    @OptionGroup var options: ServingOptions
    @OptionGroup var development: DevOptions

    func run() async throws {
        try await ServerRun(options: options, mode: .development(development)).run()
    }
}
