import ApusCore

/// Times and durations as people read them, seen from the time of the answer.
struct TimeText: Sendable {
    var now: Timestamp

    /// The part that the templates of times ask for.
    func part(_ time: Timestamp) -> Part {
        let iso = time.rfc3339
        let parts = iso.split(separator: "T")
        let clock = parts.count == 2 ? String(parts[1].prefix(8)) : ""
        return [
            "iso": .text(iso),
            "utc": .text(parts.count == 2 ? "\(parts[0]) \(parts[1].dropLast()) UTC" : iso),
            "relative": .text(relative(time)),
            "clock": .text(clock),
        ]
    }

    func part(_ time: Timestamp?) -> Part {
        time.map { part($0) } ?? false
    }

    func relative(_ time: Timestamp) -> String {
        let distance = (now - time).milliseconds
        guard distance.magnitude >= 1_000 else { return "now" }
        let text = Self.rough(distance.magnitude / 1_000)
        return distance > 0 ? "\(text) ago" : "in \(text)"
    }

    private static func rough(_ seconds: UInt64) -> String {
        switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3_600: "\(seconds / 60) min"
        case ..<86_400: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) d"
        }
    }

    /// `0.12 ms`, for what is often shorter than a millisecond.
    static func fine(_ span: TimeSpan) -> String {
        guard span < .milliseconds(10) else { return duration(span) }
        let hundredths = max(span.nanoseconds / 10_000, 0)
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) ms"
    }

    /// `182 ms`, `1.24 s`, `12 min 4 s`, `3 d 4 h`.
    static func duration(_ span: TimeSpan) -> String {
        let milliseconds = max(span.milliseconds, 0)
        let seconds = milliseconds / 1_000
        switch milliseconds {
        case ..<1_000: return "\(milliseconds) ms"
        case ..<60_000:
            let hundredths = milliseconds % 1_000 / 10
            return "\(seconds).\(hundredths < 10 ? "0" : "")\(hundredths) s"
        case ..<3_600_000: return "\(seconds / 60) min \(seconds % 60) s"
        case ..<86_400_000: return "\(seconds / 3_600) h \(seconds / 60 % 60) min"
        default: return "\(seconds / 86_400) d \(seconds / 3_600 % 24) h"
        }
    }
}
