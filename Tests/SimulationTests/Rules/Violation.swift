import ApusEngine
import Foundation

/// What a world is checked for; each has a file of its own in this folder.
enum Rule: String, CustomStringConvertible {
    case intake, steps, release, projection, calls, memory, outcomes, progress, liveness, clock, registry
    case waits, signals, cancellations, timeouts, listeners
    case keys, limits, pace, singletons, collections, kept, order, waiting
    case schedules, checkpoints

    var description: String { rawValue }
}

/// A rule that a world broke.
struct Violation: CustomStringConvertible {
    var seed: UInt64
    var shards: Int
    var rule: Rule
    var text: String
    /// What happened before; only told when the seed is told again.
    var trace: [String]
    /// `APUS_SIMULATION_LINES` tells more of it.
    static let told = ProcessInfo.processInfo.environment["APUS_SIMULATION_LINES"].flatMap { Int($0) } ?? 80

    var description: String {
        let head = "seed \(seed), shards \(shards): \(rule): \(text)"
        guard !trace.isEmpty else { return head }
        return head + "\n" + trace.suffix(Violation.told).map { "    \($0)" }.joined(separator: "\n")
    }
}
