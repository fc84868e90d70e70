import Apus
import ApusEmbedded
import Foundation
import Logging

/// `EmbeddedCLIExample DIRECTORY FILE…`: imports CSV files into a database in a directory, and goes on where it was when it is started
/// again after Ctrl-C, a crash or a power cut.
@main
struct FileImport {
    static func main() async {
        do {
            try await run(Array(CommandLine.arguments.dropFirst()))
        } catch EngineError.ended {
            print("stopped; start it again to go on")
            exit(130)
        } catch {
            FileHandle.standardError.write(Data("FileImport: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func run(_ arguments: [String]) async throws {
        guard arguments.count >= 2 else {
            print("usage: FileImport DIRECTORY FILE…")
            exit(2)
        }
        let environment = ProcessInfo.processInfo.environment
        let pause = environment["PAUSE_MS"].flatMap { Int($0) } ?? 0
        var settings = ClientSettings()
        settings.logger.logLevel = .error
        let apus = Client(appID: "file-import", settings: settings)
        let importFile = importFunction(apus, pause: .milliseconds(pause))
        var patience = EngineSettings()
        patience.shutdownPatience = .seconds(5)

        let directory = URL(fileURLWithPath: arguments[0])
        let engine = try await Engine.open(
            at: directory.appendingPathComponent("engine"), functions: [importFile], settings: patience)
        let interrupts = onInterrupt { await engine.shutdown() }
        defer { for interrupt in interrupts { interrupt.cancel() } }

        do {
            try await importFiles(arguments.dropFirst(), importFile, on: engine, directory)
        } catch {
            // Steps that run come to their end before the process does.
            await engine.shutdown()
            throw error
        }
        await engine.shutdown()
    }

    private static func importFiles(
        _ paths: ArraySlice<String>, _ importFile: Function<ImportFile, ImportResult>, on engine: Engine,
        _ directory: URL
    ) async throws {
        let ledger = Ledger(directory: directory)
        for path in paths {
            let file = ImportFile(path: path, database: directory.appendingPathComponent("database").path)
            // An import that has begun before goes on; the engine keeps what it has done.
            let known = try ledger.run(of: path)
            let run: String
            if let known {
                run = known
            } else {
                run = try await engine.start(importFile, file)
                try ledger.note(run, of: path)
            }
            do {
                let result = try await engine.result(of: run, as: ImportResult.self)
                print("\(path): \(result.rows) rows, sum \(result.sum)\(known == nil ? "" : ", resumed")")
            } catch let failure as RunFailure {
                print("\(path): failed: \(failure.message)")
            }
        }
    }

    /// Ctrl-C, or a request to terminate, ends the engine before the process: steps that run come to their end.
    private static func onInterrupt(_ body: @escaping @Sendable () async -> Void) -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM].map { number in
            #if canImport(Darwin)
            // There, sources are told of what is ignored otherwise.
            signal(number, SIG_IGN)
            #endif
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { Task { await body() } }
            source.activate()
            return source
        }
    }
}

/// Which run imports which file: a line for each.
struct Ledger {
    private let url: URL

    init(directory: URL) {
        url = directory.appendingPathComponent("imports.txt")
    }

    func run(of path: String) throws -> String? {
        guard let text = try? String(contentsOf: url, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").first { $0.hasSuffix(" \(path)") }.map { String($0.prefix { $0 != " " }) }
    }

    func note(_ run: String, of path: String) throws {
        let old = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
        try Data("\(old)\(run) \(path)\n".utf8).write(to: url, options: .atomic)
    }
}
