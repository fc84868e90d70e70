import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import Synchronization

/// Numbers of runs of parts of the past, which do not change any more: a chart of a week reads them once.
final class KeptCounts: Sendable {
    private struct Key: Hashable {
        var minutes: Range<Int64>
        var functions: Set<UUID16>?
    }

    private let kept = Mutex<[Key: RunCount]>([:])
    /// Parts that are kept.
    private static let most = 5_000
    /// Minutes after which nothing is counted in a part any more: what was decided then has been committed.
    private static let settled: Int64 = 5

    /// What the store would answer, of which it is asked only what is not known.
    func counts(
        _ parts: MinuteParts, of functions: Set<UUID16>?, now: Timestamp, on node: Node
    ) async throws(StoreError) -> [RunCount] {
        let ranges = parts.ranges
        let known = kept.withLock { kept in
            ranges.map { kept[Key(minutes: $0, functions: functions)] }
        }
        var found = known.compactMap(\.self)
        // What is missing is the newest part, after a while a few before it, and at first everything.
        let missing = zip(ranges, known).filter { $0.1 == nil }.map(\.0)
        var stretches: [Range<Int64>] = []
        for range in missing {
            if let last = stretches.last, last.upperBound == range.lowerBound {
                stretches[stretches.count - 1] = last.lowerBound..<range.upperBound
            } else {
                stretches.append(range)
            }
        }
        let wanted = stretches
        let read = try await node.read { reader throws(StoreError) in
            var read: [RunCount] = []
            for stretch in wanted {
                read += try reader.runCounts(MinuteParts(stretch, width: parts.width), of: functions)
            }
            return read
        }
        found += read
        keep(read, missing, functions, width: parts.width, now: now)
        return found.filter { !$0.states.isEmpty }.sorted { $0.minute < $1.minute }
    }

    private func keep(
        _ read: [RunCount], _ ranges: [Range<Int64>], _ functions: Set<UUID16>?, width: Int64, now: Timestamp
    ) {
        let byMinute = Dictionary(read.map { ($0.minute, $0) }) { $1 }
        let end = now.milliseconds / 60_000 - Self.settled
        kept.withLock { kept in
            // Cut parts are those of one moment only.
            for range in ranges where range.upperBound <= end && Int64(range.count) == width {
                kept[Key(minutes: range, functions: functions)] =
                    byMinute[range.lowerBound] ?? RunCount(minute: range.lowerBound, states: [:])
            }
            if kept.count > Self.most { kept = [:] }
        }
    }
}
