import Foundation

/// A program of this package as a process of its own.
final class ChildProcess: Sendable {
    private let process: Process
    private let log: String

    private init(_ process: Process, log: String) {
        self.process = process
        self.log = log
    }

    /// - Parameters:
    ///   - name: of a program beside the tests.
    ///   - variable: of the environment, which may name another one.
    static func start(_ name: String, orSet variable: String, _ arguments: [String]) throws -> ChildProcess {
        let process = Process()
        process.executableURL = try find(name, variable)
        process.arguments = arguments
        let log = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString).log")
        guard FileManager.default.createFile(atPath: log.path, contents: nil) else {
            throw Missed("\(log.path) cannot be made")
        }
        let output = try FileHandle(forWritingTo: log)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        return ChildProcess(process, log: log.path)
    }

    private static func find(_ name: String, _ variable: String) throws -> URL {
        if let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty {
            guard FileManager.default.isExecutableFile(atPath: path) else {
                throw Missed("\(variable) names \(path), which cannot be run")
            }
            return URL(fileURLWithPath: path)
        }
        let own = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
        let places = [own.deletingLastPathComponent(), Bundle.main.bundleURL]
        for place in places {
            let url = place.appendingPathComponent(name)
            if FileManager.default.isExecutableFile(atPath: url.path) { return url }
        }
        throw Missed("\(name) is not beside the tests: run `swift build`, or set \(variable)")
    }

    var isRunning: Bool { process.isRunning }

    /// What it has written.
    var output: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    /// Ends it as a crash would.
    func kill() {
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: log)
    }
}
