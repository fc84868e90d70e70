import Foundation

/// Finds the program to measure.
enum ServerBinary {
    /// `APUS_BINARY`, or the `apus` beside this program.
    static func find() throws -> URL {
        let environment = ProcessInfo.processInfo.environment
        let path: URL
        if let given = environment["APUS_BINARY"], !given.isEmpty {
            path = URL(fileURLWithPath: given)
        } else {
            let own = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
            path = own.deletingLastPathComponent().appendingPathComponent("apus")
        }
        guard FileManager.default.isExecutableFile(atPath: path.path) else {
            throw BenchmarkError("\(path.path) cannot be run: build it with `make bench`, or set APUS_BINARY")
        }
        return path
    }
}
