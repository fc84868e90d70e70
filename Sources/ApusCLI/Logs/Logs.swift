import Logging
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Sets up logging for the process: readable lines for a terminal, JSON for machines.
enum Logs {
    static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// What fits where the output goes.
    static var defaultFormat: LogFormat { isInteractive ? .text : .json }

    static func start(level: String, format: LogFormat) throws -> Logger {
        let names = ["warn": "warning", "err": "error"]
        let name = level.lowercased()
        guard let logLevel = Logger.Level(rawValue: names[name] ?? name) else {
            throw PlainFailure("--log-level is \"\(level)\"; it must be trace, debug, info, warn or error.")
        }
        let isJSON = format == .json
        let usesColour = isInteractive
        LoggingSystem.bootstrap { _ -> any LogHandler in
            if isJSON { return JSONLogHandler() }
            return TerminalLogHandler(usesColour: usesColour)
        }
        var logger = Logger(label: "apus")
        logger.logLevel = logLevel
        return logger
    }

    private static let output = Mutex(())

    /// Writes whole lines, one at a time.
    static func write(_ text: String) {
        output.withLock { _ in writeAll(text, to: STDOUT_FILENO) }
    }

    static func writeError(_ text: String) {
        output.withLock { _ in writeAll(text, to: STDERR_FILENO) }
    }

    private static func writeAll(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let base = rest.baseAddress, !rest.isEmpty {
                #if canImport(Glibc)
                let count = Glibc.write(descriptor, base, rest.count)
                #else
                let count = Darwin.write(descriptor, base, rest.count)
                #endif
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
        }
    }
}
