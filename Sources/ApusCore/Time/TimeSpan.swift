/// A length of time in whole nanoseconds; about ± 292 years.
///
/// All arithmetic saturates at ``min`` and ``max`` instead of trapping, because operands may come
/// from the network.
public struct TimeSpan: Hashable, Comparable, Sendable {
    /// The length in nanoseconds; negative spans point into the past.
    public var nanoseconds: Int64

    /// Makes a span of so many nanoseconds.
    @inlinable
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The empty span.
    public static let zero = TimeSpan(nanoseconds: 0)
    /// The longest span, about 292 years.
    public static let max = TimeSpan(nanoseconds: .max)
    /// The longest span into the past, about -292 years.
    public static let min = TimeSpan(nanoseconds: .min)

    /// A span of `count` nanoseconds.
    public static func nanoseconds(_ count: some BinaryInteger) -> TimeSpan {
        TimeSpan(nanoseconds: Int64(clamping: count))
    }

    /// A span of `count` milliseconds.
    public static func milliseconds(_ count: some BinaryInteger) -> TimeSpan {
        TimeSpan(count, of: 1_000_000)
    }

    /// A span of `count` seconds.
    public static func seconds(_ count: some BinaryInteger) -> TimeSpan {
        TimeSpan(count, of: 1_000_000_000)
    }

    /// A span of `count` minutes.
    public static func minutes(_ count: some BinaryInteger) -> TimeSpan {
        TimeSpan(count, of: 60_000_000_000)
    }

    /// A span of `count` hours.
    public static func hours(_ count: some BinaryInteger) -> TimeSpan {
        TimeSpan(count, of: 3_600_000_000_000)
    }

    /// A span of `count` days of 24 hours.
    public static func days(_ count: some BinaryInteger) -> TimeSpan {
        TimeSpan(count, of: 86_400_000_000_000)
    }

    private init(_ count: some BinaryInteger, of unit: Int64) {
        let (product, overflow) = Int64(clamping: count).multipliedReportingOverflow(by: unit)
        nanoseconds = overflow ? ((count < 0) != (unit < 0) ? .min : .max) : product
    }

    /// The length in whole milliseconds; a remainder is cut off towards zero.
    public var milliseconds: Int64 { nanoseconds / 1_000_000 }

    /// The length in whole seconds; a remainder is cut off towards zero.
    public var seconds: Int64 { nanoseconds / 1_000_000_000 }

    /// The span rounded to whole seconds, halves away from zero.
    public var roundedToSeconds: TimeSpan {
        let second: Int64 = 1_000_000_000
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: second)
        let up: Int64 = rest >= second / 2 ? 1 : rest <= -second / 2 ? -1 : 0
        return .seconds(whole + up)
    }

    /// Whether `left` is shorter than `right`; spans into the past are the shortest.
    @inlinable
    public static func < (left: TimeSpan, right: TimeSpan) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The sum of both spans.
    public static func + (left: TimeSpan, right: TimeSpan) -> TimeSpan {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
        return overflow ? (left.nanoseconds < 0 ? .min : .max) : TimeSpan(nanoseconds: sum)
    }

    /// The difference of both spans.
    public static func - (left: TimeSpan, right: TimeSpan) -> TimeSpan {
        let (rest, overflow) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
        return overflow ? (left.nanoseconds < 0 ? .min : .max) : TimeSpan(nanoseconds: rest)
    }

    /// The span pointing the other way.
    public static prefix func - (span: TimeSpan) -> TimeSpan {
        span.nanoseconds == .min ? .max : TimeSpan(nanoseconds: -span.nanoseconds)
    }

    /// The span `factor` times as long.
    public static func * (span: TimeSpan, factor: some BinaryInteger) -> TimeSpan {
        TimeSpan(factor, of: span.nanoseconds)
    }
}
