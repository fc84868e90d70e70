import ApusCore
import Testing

@testable import ApusEngine

@Suite("The clock of throttles and rate limits")
struct RateClockTests {
    private typealias Throttle = FlowControl.Throttle
    private typealias RateLimit = FlowControl.RateLimit

    /// The seconds at which `count` are admitted that all come at once and wait.
    private func starts(_ clock: RateClock, count: Int) -> [Double] {
        var arrival: Int64?
        var now: Int64 = 0
        var times: [Double] = []
        for _ in 0..<count {
            now = max(now, clock.opening(after: arrival))
            times.append(Double(now) / 1e9)
            arrival = clock.arrival(after: arrival, admittedAt: now)
        }
        return times
    }

    @Test(
        "a throttle lets limit and burst start at once, then one after the other",
        arguments: [
            (1, 60, 0, [0, 60, 120]),
            (1, 60, 1, [0, 0, 60, 120]),
            (3, 60, 0, [0, 0, 0, 20, 40, 60]),
            (10, 60, 2, Array(repeating: 0, count: 12) + [6, 12, 18]),
            (1, 604_800, 0, [0, 604_800, 1_209_600]),
        ] as [(Int, Int, Int, [Double])]
    )
    func throttle(limit: Int, seconds: Int, burst: Int, expected: [Double]) {
        let clock = RateClock(Throttle(limit: limit, period: .seconds(seconds), burst: burst))
        #expect(starts(clock, count: expected.count) == expected)
    }

    @Test(
        "a rate limit admits a tenth of the limit at once beyond the first, then at an even pace",
        arguments: [
            (1, 10, 1, 10), (2, 10, 1, 5), (9, 9, 1, 1), (10, 10, 2, 1), (100, 60, 11, 0.6), (5, 60, 1, 12),
        ] as [(Int, Int, Int, Double)]
    )
    func rateLimit(limit: Int, seconds: Int, atOnce: Int, distance: Double) {
        let clock = RateClock(RateLimit(limit: limit, period: .seconds(seconds)))
        var arrival: Int64?
        var admitted = 0
        while admitted < 1_000, clock.admits(at: 0, arrival: arrival) {
            arrival = clock.arrival(after: arrival, admittedAt: 0)
            admitted += 1
        }
        #expect(admitted == atOnce)
        let next = Int64(distance * 1e9)
        #expect(!clock.admits(at: next - 1, arrival: arrival))
        #expect(clock.admits(at: next, arrival: arrival))
    }

    @Test("what has not come is made up for only as far as the tolerance goes")
    func silence() {
        let clock = RateClock(Throttle(limit: 2, period: .seconds(10)))
        var arrival = clock.arrival(after: nil, admittedAt: 0)
        let later: Int64 = 1_000_000_000_000
        for _ in 0..<2 {
            #expect(clock.admits(at: later, arrival: arrival))
            arrival = clock.arrival(after: arrival, admittedAt: later)
        }
        #expect(!clock.admits(at: later, arrival: arrival))
    }

    @Test("numbers at the edge saturate instead of trapping")
    func saturation() {
        let never = RateClock(limit: 1, period: .max, ahead: 0)
        #expect(never.arrival(after: nil, admittedAt: 1) == .max)
        #expect(!never.admits(at: .max - 1, arrival: .max))
        let all = RateClock(limit: 1, period: .max, ahead: .max)
        #expect(all.tolerance == .max)
        #expect(all.admits(at: 0, arrival: .max))
        #expect(all.opening(after: .min) == .min)
        let most = RateClock(Throttle(limit: .max, period: .seconds(1), burst: .max))
        #expect(most.interval == 1, "an interval is never shorter than a nanosecond")
        #expect(most.tolerance == .max)
        #expect(
            RateClock(limit: 0, period: .seconds(1), ahead: -1) == RateClock(limit: 1, period: .seconds(1), ahead: 0))
    }

    @Test("a time in nanoseconds becomes the first millisecond that is not before it")
    func rounding() {
        #expect(Timestamp(nanosecondsRoundedUp: 1_000_000).milliseconds == 1)
        #expect(Timestamp(nanosecondsRoundedUp: 1_000_001).milliseconds == 2)
        #expect(Timestamp(nanosecondsRoundedUp: -1).milliseconds == 0)
        #expect(Timestamp(milliseconds: .max).nanoseconds == .max)
        #expect(Timestamp(milliseconds: .min).nanoseconds == .min)
    }

    @Test("one time remembers as much as the list of all that were admitted")
    func model() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            let limit = 1 + Int(random.below(12))
            let ahead = Int(random.below(6))
            let clock = RateClock(limit: limit, period: .milliseconds(1 + random.below(5_000)), ahead: ahead)
            var admitted: [Int64] = []
            var arrival: Int64?
            var now: Int64 = 0
            for _ in 0..<80 {
                now += Int64(random.below(UInt64(clock.interval) * 2))
                // However long one looks back, no more than the pace allows and `ahead` beyond it.
                let fits = admitted.indices.allSatisfy { first in
                    let allowed = Int64(ahead) + (now - admitted[first]) / clock.interval
                    return Int64(admitted.count - first) <= allowed
                }
                #expect(clock.admits(at: now, arrival: arrival) == fits, "seed \(seed)")
                guard fits else { continue }
                arrival = clock.arrival(after: arrival, admittedAt: now)
                admitted.append(now)
            }
        }
    }
}
