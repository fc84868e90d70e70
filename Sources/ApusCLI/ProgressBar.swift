#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// How far something is, on one line that changes in place; nothing where no person looks.
struct ProgressBar {
    private let isShown: Bool
    private let write: (String) -> Void

    private static let width = 30

    init(isShown: Bool = isatty(STDERR_FILENO) == 1, write: @escaping (String) -> Void = Logs.writeError) {
        self.isShown = isShown
        self.write = write
    }

    /// Asks how far something is until it has ended, and then says how.
    /// - Parameter look: what is done, of how much, and the last word once there is one.
    static func follow(_ look: () async throws -> (done: Int64, total: Int64, end: String?)) async throws {
        let bar = ProgressBar()
        while true {
            let found = try await look()
            if let end = found.end {
                bar.end()
                return Logs.write(end)
            }
            bar.show(found.done, of: found.total)
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    func show(_ done: Int64, of total: Int64) {
        guard isShown else { return }
        write("\r" + Self.line(done, of: total))
    }

    /// Leaves the line free for what follows.
    func end() {
        guard isShown else { return }
        write("\r\u{1B}[K")
    }

    static func line(_ done: Int64, of total: Int64) -> String {
        let share = total > 0 ? Double(min(max(done, 0), total)) / Double(total) : 1
        let filled = Int(share * Double(width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        return "\(bar) \(Int(share * 100)) %, \(done) of \(total)"
    }
}
