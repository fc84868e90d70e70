import ApusCore
import ApusEngine
import ApusServer
import ApusStore

/// How many things of each kind there were over a stretch of time.
struct HistogramPart {
    /// A part of the time, with numbers by kind.
    struct Bucket {
        var start: Timestamp
        var counts: [String: Int]
    }

    var buckets: [Bucket]
    /// Minutes of each bucket.
    var width: Int64
    /// Kinds that are drawn, from the bottom up.
    var kinds: [String]
    var from: Timestamp
    var until: Timestamp
    var time: TimeText
    /// What the whole says, for those who do not see it.
    var summary = ""

    private static let height = 56.0

    static func parts(from: Timestamp, until: Timestamp) -> MinuteParts {
        MinuteParts(from: from, until: until, count: 48)
    }

    /// How many runs ended how.
    static func runs(_ counts: [RunCount], from: Timestamp, until: Timestamp, time: TimeText) -> HistogramPart {
        let parts = parts(from: from, until: until)
        var histogram = HistogramPart(
            buckets: RunChart(counts, parts).buckets.map { bucket in
                let counts = bucket.counts.map { ($0.key.name, $0.value) }
                return Bucket(start: bucket.start, counts: Dictionary(uniqueKeysWithValues: counts))
            },
            width: parts.width, kinds: [.failed, .cancelled, .completed].map(\RunState.name), from: from, until: until,
            time: time)
        histogram.summary =
            "\(NumberText.counted(histogram.total(.queued), "run")) began; "
            + "\(NumberText.grouped(histogram.total(.completed))) completed, "
            + "\(NumberText.grouped(histogram.total(.failed))) failed, "
            + "\(NumberText.grouped(histogram.total(.cancelled))) were cancelled"
        return histogram
    }

    /// How many events came in.
    static func events(_ counts: [EventCount], from: Timestamp, until: Timestamp, time: TimeText) -> HistogramPart {
        let parts = parts(from: from, until: until)
        let found = Dictionary(counts.map { ($0.minute, $0.count) }) { $0 + $1 }
        let buckets = parts.ranges.map { range in
            Bucket(
                start: Timestamp(milliseconds: range.lowerBound * 60_000),
                counts: ["received": found[range.lowerBound] ?? 0])
        }
        var histogram = HistogramPart(
            buckets: buckets, width: parts.width, kinds: ["received"], from: from, until: until, time: time)
        histogram.summary = "\(NumberText.counted(histogram.total("received"), "event")) came in"
        return histogram
    }

    func total(_ state: RunState) -> Int { total(state.name) }

    func total(_ kind: String) -> Int {
        buckets.reduce(0) { $0 + ($1.counts[kind] ?? 0) }
    }

    private func drawn(_ bucket: Bucket) -> Int {
        kinds.reduce(0) { $0 + (bucket.counts[$1] ?? 0) }
    }

    var part: Part {
        let most = buckets.map(drawn).max() ?? 0
        let verb = kinds == ["received"] ? "came in" : "ended"
        return [
            "fromMilliseconds": .text(String(from.milliseconds)),
            "untilMilliseconds": .text(String(until.milliseconds)),
            "from": time.part(from), "until": time.part(until), "summary": .text(summary),
            "most": most == 0 ? .text("none \(verb)") : .text("most: \(NumberText.grouped(most)) in \(width) min"),
            "bars": .list(buckets.map { bar($0, most: most) }),
        ]
    }

    private func bar(_ bucket: Bucket, most: Int) -> Part {
        let first = place(bucket.start)
        let width = max(place(bucket.start + .minutes(self.width)) - first, 1)
        var y = Self.height
        var parts: [Part] = []
        for kind in kinds {
            guard let count = bucket.counts[kind], count > 0 else { continue }
            let height = max(Double(count) / Double(max(most, 1)) * Self.height, 1)
            y = max(y - height, 0)
            parts.append([
                "key": .text(kind), "x": .number(first), "y": .number(y),
                "width": .number(max(width - 1.5, 1)), "height": .number(height),
            ])
        }
        let counts = kinds.reversed().map { "\(NumberText.grouped(bucket.counts[$0] ?? 0)) \($0)" }
        // Of a stretch of several days the day counts as well.
        let stamp = bucket.start.rfc3339.dropFirst(until - from > .hours(24) ? 5 : 11).prefix(16)
        let clock = stamp.split(separator: "T").map { $0.prefix(5) }.joined(separator: " ")
        return [
            "title": .text("\(clock) UTC: \(counts.joined(separator: ", "))"),
            "x": .number(first), "width": .number(width), "parts": .list(parts),
        ]
    }

    private func place(_ moment: Timestamp) -> Double {
        let whole = Double(max((until - from).milliseconds, 1))
        return min(max(Double((moment - from).milliseconds) / whole, 0), 1) * 1_000
    }
}
