import ApusCore
import ArgumentParser
import Foundation

/// `apus open ID`: where the dashboard shows a run or an event.
struct OpenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open", abstract: "Print the address at which a run or an event is shown.",
        discussion: "With --browser it is opened as well."
    )

    @Argument(help: "The id of a run or of an event.")
    var id: String

    @Flag(help: "Open it in the browser.")
    var browser = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await failsWithOneLine {
            let client = try server.client
            let found = try await Self.kind(of: id, client)
            let url = "\(client.url.hasSuffix("/") ? String(client.url.dropLast()) : client.url)/\(found)/\(id)"
            Logs.write(url + "\n")
            if browser { try Self.open(url) }
        }
    }

    private static func kind(of id: String, _ client: ServerClient) async throws -> String {
        guard ULID(id) != nil else {
            throw PlainFailure("\"\(id)\" is not the id of a run or an event (26 letters and digits).")
        }
        for kind in ["runs", "events"] where try await client.find("GET", "/v1/\(kind)/\(id)", isOptional: true) != nil
        {
            return kind
        }
        throw PlainFailure("There is no run and no event \(id).")
    }

    private static func open(_ url: String) throws {
        #if os(macOS)
        let opener = "open"
        #else
        let opener = "xdg-open"
        #endif
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [opener, url]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
            process.waitUntilExit()
        } catch {
            throw PlainFailure("\(opener) cannot be started: \(error.localizedDescription)")
        }
        guard process.terminationStatus == 0 else { throw PlainFailure("\(opener) could not open the browser.") }
    }
}
