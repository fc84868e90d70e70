import ApusCore
import ApusEngine

/// A stretch of time in parts of whole minutes, for charts. Parts begin at multiples of their width, so that those of
/// a later stretch are the same; the first and the last one may be cut.
package struct MinuteParts: Hashable, Sendable {
    /// The minutes that the stretch touches, since 1970.
    package let minutes: Range<Int64>
    /// Minutes of each part.
    package let width: Int64

    /// Parts at most.
    package static let most: Int64 = 2_000

    /// - Parameters:
    ///   - until: is not included.
    ///   - width: minutes of a part; more when there were too many parts otherwise.
    package init(from: Timestamp, until: Timestamp, width: Int64) {
        let (from, until) = (max(from.milliseconds, 0), max(until.milliseconds, 0))
        let end = until / 60_000 + (until % 60_000 > 0 ? 1 : 0)
        minutes = from < until ? from / 60_000..<end : 0..<0
        self.width = max(width, (Int64(minutes.count) + Self.most - 1) / Self.most, 1)
    }

    /// - Parameter count: parts at most.
    package init(from: Timestamp, until: Timestamp, count: Int) {
        let minutes = Int64(Self(from: from, until: until, width: 1).minutes.count)
        let count = Int64(max(count, 1))
        self.init(from: from, until: until, width: (minutes + count - 1) / count)
    }

    /// These minutes of a stretch, in parts of a width.
    package init(_ minutes: Range<Int64>, width: Int64) {
        self.minutes = minutes
        self.width = width
    }

    /// The minutes of each part.
    package var ranges: [Range<Int64>] {
        guard !minutes.isEmpty else { return [] }
        let first = minutes.lowerBound - minutes.lowerBound % width
        return stride(from: first, to: minutes.upperBound, by: Int(width)).map {
            max($0, minutes.lowerBound)..<min($0 + width, minutes.upperBound)
        }
    }

    /// The part in which a minute lies, by its first minute.
    package func part(of minute: Int64) -> Int64? {
        minutes.contains(minute) ? max(minute - minute % width, minutes.lowerBound) : nil
    }
}

/// How many runs came into each state within a part of a stretch of time: being created counts as `queued`.
package struct RunCount: Hashable, Sendable {
    /// The part's first minute, since 1970.
    package var minute: Int64
    package var states: [RunState: Int]

    package init(minute: Int64, states: [RunState: Int]) {
        self.minute = minute
        self.states = states
    }
}

/// How many events came in within a part of a stretch of time.
package struct EventCount: Hashable, Sendable {
    /// The part's first minute, since 1970.
    package var minute: Int64
    package var count: Int

    package init(minute: Int64, count: Int) {
        self.minute = minute
        self.count = count
    }
}

/// Which events are counted.
package enum EventChoice: Hashable, Sendable {
    case named(String)
    /// All but those that the server makes itself.
    case sent
    case all

    package func includes(_ name: String) -> Bool {
        switch self {
        case .named(let chosen): chosen.utf8.elementsEqual(name.utf8)
        case .sent: !name.hasPrefix("inngest/")
        case .all: true
        }
    }
}
