import ApusCore

/// An even rate with room for a few at once: the generic cell rate algorithm.
///
/// All it has to remember of a key is one time, the *theoretical arrival*: when everything admitted so
/// far would have arrived at an even pace. Times are nanoseconds since 1970.
package struct RateClock: Hashable, Sendable {
    /// The distance between two at the even pace.
    package let interval: Int64
    /// How far the theoretical arrival may lie ahead of the clock.
    package let tolerance: Int64

    /// - Parameter ahead: how many may come at once beyond the first.
    package init(limit: Int, period: TimeSpan, ahead: Int) {
        let interval = max(period.nanoseconds / Int64(max(limit, 1)), 1)
        self.interval = interval
        let (tolerance, overflowed) = interval.multipliedReportingOverflow(by: Int64(max(ahead, 0)))
        self.tolerance = overflowed ? .max : tolerance
    }

    /// The clock of a rate limit: a tenth of the limit may come at once beyond the first.
    package init(_ limit: FlowControl.RateLimit) {
        self.init(limit: limit.limit, period: limit.period, ahead: limit.limit / 10)
    }

    /// The clock of a throttle: limit and burst together may come at once.
    package init(_ throttle: FlowControl.Throttle) {
        let (most, overflowed) = throttle.limit.addingReportingOverflow(throttle.burst)
        self.init(limit: throttle.limit, period: throttle.period, ahead: overflowed ? .max : most - 1)
    }

    /// When the next one may come.
    /// - Parameter arrival: the theoretical arrival; `nil` when nothing is remembered.
    package func opening(after arrival: Int64?) -> Int64 {
        guard let arrival else { return .min }
        let (opening, overflowed) = arrival.subtractingReportingOverflow(tolerance)
        return overflowed ? .min : opening
    }

    /// Whether one may come now.
    package func admits(at now: Int64, arrival: Int64?) -> Bool {
        opening(after: arrival) <= now
    }

    /// The theoretical arrival after some have been admitted. Once that time has passed, it may be forgotten.
    package func arrival(after arrival: Int64?, admittedAt now: Int64, count: Int = 1) -> Int64 {
        let (distance, isTooLong) = interval.multipliedReportingOverflow(by: Int64(count))
        let (next, overflowed) = max(arrival ?? now, now).addingReportingOverflow(distance)
        return isTooLong || overflowed ? .max : next
    }
}

extension Timestamp {
    /// Nanoseconds since 1970; saturates.
    var nanoseconds: Int64 {
        let (product, overflowed) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return overflowed ? (milliseconds < 0 ? .min : .max) : product
    }

    /// The first millisecond that is not before.
    init(nanosecondsRoundedUp nanoseconds: Int64) {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
        self.init(milliseconds: quotient + (remainder > 0 ? 1 : 0))
    }
}
