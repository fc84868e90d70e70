import ApusCore
import ArgumentParser

/// `apus apps …`: the apps that have registered, and those that have not.
struct AppsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apps", abstract: "List apps, or ask one for its functions.",
        subcommands: [List.self, Sync.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "List apps, and addresses that no app has registered from."
        )

        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let apps = try await server.client.ask("GET", "/v1/apps")
                let columns = ["APP", "FUNCTIONS", "SDK", "SYNCED", "URL", "ERROR"]
                try output.write(apps, columns, "There are no apps.") { app in
                    [
                        app["name"]?.string ?? "-", app["functions"]?.int.map { "\($0)" } ?? "-",
                        app["sdk"]?.string ?? "-", app["synced_at"]?.string ?? "-", app["url"]?.string ?? "",
                        app["error"]?.string ?? "-",
                    ]
                }
            }
        }
    }

    struct Sync: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask an app for its functions.",
            discussion: "An address that is new to the server is asked again until it answers."
        )

        @Argument(help: "An app's name, or the URL at which it serves its functions.")
        var app: String

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let client = try server.client
                let known = try await client.ask("GET", "/v1/apps").view.elements.first { $0["name"]?.string == app }
                let url = known?["url"]?.string ?? app
                guard url.contains("/") || url.contains(":") else { throw PlainFailure("There is no app \(app).") }
                let found = try await client.ask("POST", "/v1/apps", ServerClient.object([("url", url)])).view
                if let error = found["error"]?.string { throw PlainFailure("\(url) did not sync: \(error)") }
                let count = found["functions"]?.int ?? 0
                let functions = count == 1 ? "1 function" : "\(count) functions"
                Logs.write("\(found["name"]?.string ?? "") is synced: \(functions).\n")
            }
        }
    }
}
