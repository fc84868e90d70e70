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

    /// - Parameter counts: those of the parts.
    package init(_ counts: [RunCount], _ parts: MinuteParts) {
        width = parts.width
        let found = Dictionary(counts.map { ($0.minute, $0.states) }) { $1 }
        buckets = parts.ranges.map { range in
            Bucket(start: Timestamp(milliseconds: range.lowerBound * 60_000), counts: found[range.lowerBound] ?? [:])
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
