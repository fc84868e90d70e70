import ApusCore

/// The story of a world: a hash over everything that happened, and, when asked for, its last lines.
struct Trace {
    /// Lines cost more than all the rest of a world, so they are made only when a seed is told again.
    let isRecording: Bool
    private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    private(set) var lines: [String] = []

    private static let kept = 4_000

    init(isRecording: Bool) {
        self.isRecording = isRecording
    }

    mutating func mix(_ value: UInt64) {
        hash = (hash ^ value) &* 0x0000_0100_0000_01b3
        hash ^= hash >> 29
    }

    mutating func mix(_ value: Int64) {
        mix(UInt64(bitPattern: value))
    }

    mutating func note(at elapsed: Int64, _ line: () -> String) {
        guard isRecording else { return }
        if lines.count >= Self.kept { lines.removeFirst(Self.kept / 2) }
        lines.append("\(elapsed) \(line())")
    }
}
