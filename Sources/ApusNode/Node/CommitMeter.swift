import ApusCore
import Synchronization

/// How long the newest commits took, from the decision to write until they were durable.
package final class CommitMeter: Sendable {
    /// The middle and the slowest of the newest commits.
    package struct Figures: Hashable, Sendable {
        package var median: TimeSpan
        package var high: TimeSpan
        package var count: Int
    }

    private struct Ring {
        var times: [TimeSpan] = []
        var next = 0
    }

    private let ring = Mutex(Ring())
    /// Commits that are remembered.
    private static let kept = 500

    init() {}

    func add(_ time: Duration) {
        let (seconds, attoseconds) = time.components
        let span = TimeSpan.nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        ring.withLock { ring in
            if ring.times.count < Self.kept { ring.times.append(span) } else { ring.times[ring.next] = span }
            ring.next = (ring.next + 1) % Self.kept
        }
    }

    /// `nil` before the first commit.
    package var figures: Figures? {
        let times = ring.withLock { $0.times }.sorted()
        guard !times.isEmpty else { return nil }
        return Figures(
            median: times[times.count / 2], high: times[min(times.count * 95 / 100, times.count - 1)],
            count: times.count)
    }
}
