import ApusCore

/// The delay before a failed call is repeated.
package enum Backoff {
    /// By the number of the attempt that failed, 0 for the first; later ones wait as long as the last.
    private static let delays: [TimeSpan] = [
        .seconds(15), .seconds(30), .minutes(1), .minutes(2), .minutes(5),
        .minutes(10), .minutes(20), .minutes(40), .hours(1), .hours(2),
    ]

    /// Up to 30 s are added at random, so that runs that failed together do not come back together.
    package static func delay(
        afterAttempt attempt: Int,
        configuration: EngineConfiguration,
        random: inout SplitMix64
    ) -> TimeSpan {
        if let fixed = configuration.retryInterval { return fixed }
        let base = delays[min(max(attempt, 0), delays.count - 1)]
        return .milliseconds(base.milliseconds + Int64.random(in: 0..<30_000, using: &random))
    }
}
