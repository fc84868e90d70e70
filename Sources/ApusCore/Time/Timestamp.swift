/// A point in time: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// The engine is handed its time as values of this type and never reads a clock. Arithmetic
/// saturates instead of trapping, because operands may come from the network.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since the Unix epoch; negative before 1970.
    public var milliseconds: Int64

    /// Makes a timestamp from milliseconds since the Unix epoch.
    @inlinable
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// 1970-01-01T00:00:00.000Z.
    public static let epoch = Timestamp(milliseconds: 0)

    /// 9999-12-31T23:59:59.999Z, the last instant that RFC 3339 can write; used for "never".
    public static let distantFuture = Timestamp(milliseconds: 253_402_300_799_999)

    /// Whether `left` comes before `right`.
    @inlinable
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The instant `span` later. A part of a millisecond rounds up, so that a wait is never cut short.
    public static func + (time: Timestamp, span: TimeSpan) -> Timestamp {
        let (whole, part) = span.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let step = part > 0 ? whole + 1 : whole
        let (sum, overflow) = time.milliseconds.addingReportingOverflow(step)
        return Timestamp(milliseconds: overflow ? (step > 0 ? .max : .min) : sum)
    }

    /// The instant `span` earlier; the opposite of adding the negated span.
    public static func - (time: Timestamp, span: TimeSpan) -> Timestamp {
        time + -span
    }

    /// The distance from `right` to `left`, limited to ± 292 years (the range of ``TimeSpan``).
    public static func - (left: Timestamp, right: Timestamp) -> TimeSpan {
        let (distance, overflow) = left.milliseconds.subtractingReportingOverflow(right.milliseconds)
        if overflow {
            return left > right ? .max : .min
        }
        return .milliseconds(distance)
    }

    /// Adds `span` in place; see ``+(_:_:)``.
    public static func += (time: inout Timestamp, span: TimeSpan) {
        time = time + span
    }
}
