import ApusCore
import ApusStore

/// Numbers of runs in equal parts of a stretch of time, each of whole minutes.
package struct RunChart: Sendable {
    package struct Bucket: Sendable {
        package var start: Timestamp
        package var counts: [RunState: Int] = [:]
    }

    package private(set) var buckets: [Bucket]
    /// Minutes of each.
    package let width: Int64

    package init(
        _ counts: [RunCount], from: Timestamp, until: Timestamp, buckets wanted: Int, functions: Set<UUID16>? = nil
    ) {
        let minutes = RunCount.minutes(from: from, until: until)
        width = max((Int64(minutes.count) + Int64(wanted) - 1) / Int64(max(wanted, 1)), 1)
        buckets = stride(from: minutes.lowerBound, to: minutes.upperBound, by: Int(width))
            .map { Bucket(start: Timestamp(milliseconds: $0 * 60_000)) }
        for count in counts where functions?.contains(count.key.function) ?? true {
            guard minutes.contains(count.key.minute) else { continue }
            let index = Int((count.key.minute - minutes.lowerBound) / width)
            buckets[index].counts[count.key.state, default: 0] += count.count
        }
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("bucket_minutes")
        writer.value(width)
        writer.key("buckets")
        writer.beginArray()
        for bucket in buckets {
            writer.beginObject()
            writer.key("start")
            writer.value(bucket.start.rfc3339)
            for state in RunState.allCases where state != .running {
                writer.key(state.name)
                writer.value(bucket.counts[state] ?? 0)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}
