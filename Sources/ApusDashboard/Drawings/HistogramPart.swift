import ApusCore
import ApusEngine
import ApusServer
import ApusStore

/// How many runs ended how over a stretch of time.
struct HistogramPart {
    var chart: RunChart
    var from: Timestamp
    var until: Timestamp
    var time: TimeText

    private static let height = 56.0
    /// From the bottom up.
    private static let states: [RunState] = [.failed, .cancelled, .completed]

    static func counts(
        from: Timestamp, until: Timestamp, functions: Set<UUID16>?, _ counts: [RunCount], time: TimeText
    ) -> HistogramPart {
        HistogramPart(
            chart: RunChart(counts, from: from, until: until, buckets: 48, functions: functions), from: from,
            until: until, time: time
        )
    }

    func total(_ state: RunState) -> Int {
        chart.buckets.reduce(0) { $0 + ($1.counts[state] ?? 0) }
    }

    private func ended(_ bucket: RunChart.Bucket) -> Int {
        Self.states.reduce(0) { $0 + (bucket.counts[$1] ?? 0) }
    }

    var part: Part {
        let most = chart.buckets.map(ended).max() ?? 0
        return [
            "fromMilliseconds": .text(String(from.milliseconds)),
            "untilMilliseconds": .text(String(until.milliseconds)),
            "from": time.part(from), "until": time.part(until), "summary": .text(summary(most)),
            "most": most == 0 ? "none ended" : .text("most: \(NumberText.grouped(most)) in \(chart.width) min"),
            "bars": .list(chart.buckets.map { bar($0, most: most) }),
        ]
    }

    private func summary(_ most: Int) -> String {
        "\(NumberText.counted(total(.queued), "run")) began; \(NumberText.grouped(total(.completed))) completed, "
            + "\(NumberText.grouped(total(.failed))) failed, \(NumberText.grouped(total(.cancelled))) were cancelled"
    }

    private func bar(_ bucket: RunChart.Bucket, most: Int) -> Part {
        let first = place(bucket.start)
        let width = max(place(bucket.start + .minutes(chart.width)) - first, 1)
        var y = Self.height
        var parts: [Part] = []
        for state in Self.states {
            guard let count = bucket.counts[state], count > 0 else { continue }
            let height = max(Double(count) / Double(max(most, 1)) * Self.height, 1)
            y = max(y - height, 0)
            parts.append([
                "key": .text(state.name), "x": .number(first), "y": .number(y),
                "width": .number(max(width - 1.5, 1)), "height": .number(height),
            ])
        }
        let counts = Self.states.reversed().map { "\(NumberText.grouped(bucket.counts[$0] ?? 0)) \($0.name)" }
        return [
            "title": .text("\(bucket.start.rfc3339.dropFirst(11).prefix(5)) UTC: \(counts.joined(separator: ", "))"),
            "x": .number(first), "width": .number(width), "parts": .list(parts),
        ]
    }

    private func place(_ moment: Timestamp) -> Double {
        let whole = Double(max((until - from).milliseconds, 1))
        return min(max(Double((moment - from).milliseconds) / whole, 0), 1) * 1_000
    }
}
