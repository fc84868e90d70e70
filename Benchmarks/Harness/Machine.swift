import Foundation

/// What the figures depend on besides the program.
enum Machine {
    /// One line: cores, kernel, and what a sync costs where stores are kept.
    static func description(directory: URL) -> String {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let sync = syncMicroseconds(in: directory).map { String(format: "%.0f µs", $0) } ?? "unknown"
        return "\(cores) cores, \(kernel), a sync of 4 KB in \(directory.path) takes \(sync); \(load)"
    }

    /// How many threads wanted to run in the last minute: above the number of cores, others disturb.
    static var load: String {
        var averages = [0.0]
        guard getloadavg(&averages, 1) == 1 else { return "load unknown" }
        return String(format: "load %.1f", averages[0])
    }

    private static var kernel: String {
        var name = utsname()
        guard uname(&name) == 0 else { return "unknown kernel" }
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(name.sysname)) \(text(name.release))"
    }

    /// The median of appending a page to a file and waiting until the disk has it.
    private static func syncMicroseconds(in directory: URL) -> Double? {
        let path = directory.appendingPathComponent("apus-bench-sync-\(getpid())").path
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        defer {
            close(descriptor)
            unlink(path)
        }
        let page = [UInt8](repeating: 7, count: 4_096)
        var times: [Double] = []
        for _ in 0..<101 {
            let watch = Stopwatch()
            guard write(descriptor, page, page.count) == page.count, sync(descriptor) else { return nil }
            times.append(watch.nanoseconds / 1_000)
        }
        return Percentiles(times).at(0.5)
    }

    private static func sync(_ descriptor: Int32) -> Bool {
        #if os(Linux)
        fdatasync(descriptor) == 0
        #else
        fsync(descriptor) == 0
        #endif
    }
}
