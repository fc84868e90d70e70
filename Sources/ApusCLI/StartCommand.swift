import ArgumentParser

/// `apus start`: a server that others depend on, with keys.
struct StartCommand: AsyncParsableCommand, ConfigurableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Run a server with keys: requests to apps are signed, and nobody gets in without a key.",
        discussion: "Keys are best given by the variables INNGEST_SIGNING_KEY and INNGEST_EVENT_KEY, where other users "
            + "of the machine do not see them. Commas separate several."
    )

    static let settings = ServingOptions.settings + StartOptions.settings

    @OptionGroup var options: ServingOptions
    @OptionGroup var start: StartOptions

    func run() async throws {
        try await ServerRun(options: options, mode: .signed(start)).run()
    }
}
