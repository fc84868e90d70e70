import Foundation

/// What a process has used so far, as Linux counts it in `/proc`.
struct ProcessUsage {
    /// In user and kernel mode, to the clock tick (10 ms).
    var cpuSeconds: Double
    /// Resident now.
    var residentBytes: Double
    /// Sent towards the disk; pages that were written twice before they got there count once.
    var diskBytes: Double

    init(pid: Int32) throws {
        let stat = try Self.read("stat", of: pid)
        // The name, in parentheses, may hold spaces and parentheses itself.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw BenchmarkError("/proc/\(pid)/stat is not as expected")
        }
        cpuSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        residentBytes = try Self.number("VmRSS:", in: "status", of: pid) * 1_024
        diskBytes = try Self.number("write_bytes:", in: "io", of: pid)
    }

    /// What this process has used.
    static var own: ProcessUsage {
        get throws { try ProcessUsage(pid: getpid()) }
    }

    private static func number(_ name: String, in file: String, of pid: Int32) throws -> Double {
        for line in try read(file, of: pid).split(separator: "\n") where line.hasPrefix(name) {
            let words = line.split { $0 == " " || $0 == "\t" }
            if words.count > 1, let number = Double(words[1]) { return number }
        }
        throw BenchmarkError("/proc/\(pid)/\(file) does not say \(name)")
    }

    private static func read(_ file: String, of pid: Int32) throws -> String {
        do {
            return try String(contentsOfFile: "/proc/\(pid)/\(file)", encoding: .utf8)
        } catch {
            throw BenchmarkError("/proc/\(pid)/\(file) cannot be read; what a process uses is known on Linux only")
        }
    }
}
