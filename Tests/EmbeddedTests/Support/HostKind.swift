import Apus
import Foundation
import Logging
import Testing

/// The hosts on which every kind of step has to do the same.
enum HostKind: String, CaseIterable, CustomTestStringConvertible {
    case memory = "an engine in memory"
    case sqlite = "an engine on SQLite"
    case server = "a server over HTTP"

    var testDescription: String { rawValue }

    /// Runs a test with functions of its own.
    func with(
        _ functions: (Client) -> [any Servable], _ test: (any Host) async throws -> Void
    ) async throws {
        let host: any Host
        switch self {
        case .memory: host = try await EmbeddedHost.inMemory(functions)
        case .sqlite: host = try await EmbeddedHost.onDisk(functions)
        case .server: host = try await ServerHost.start(functions)
        }
        do {
            try await test(host)
            await host.stop()
        } catch {
            await host.stop()
            throw error
        }
    }
}

extension ClientSettings {
    /// Of tests: a server for development, and no word to the terminal.
    static func test(_ url: String = "http://127.0.0.1:1") -> ClientSettings {
        var settings = ClientSettings.development(url)
        settings.logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return settings
    }
}

/// A directory that goes with the test.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("apus-embedded-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        // What cannot be removed is for the system's own cleaning of temporary files.
        try? FileManager.default.removeItem(atPath: path)
    }
}
