import ApusCore

extension Duration {
    /// So many minutes.
    public static func minutes(_ count: some BinaryInteger) -> Duration { .seconds(Int64(clamping: count)) * 60 }
    /// So many hours.
    public static func hours(_ count: some BinaryInteger) -> Duration { .seconds(Int64(clamping: count)) * 3_600 }
    /// So many days of 24 hours.
    public static func days(_ count: some BinaryInteger) -> Duration { .seconds(Int64(clamping: count)) * 86_400 }
    /// So many weeks.
    public static func weeks(_ count: some BinaryInteger) -> Duration { .seconds(Int64(clamping: count)) * 604_800 }
}

extension TimeSpan {
    /// The same length, cut off at whole nanoseconds and at 292 years.
    package init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000)
    }
}
