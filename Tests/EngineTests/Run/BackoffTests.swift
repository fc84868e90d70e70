import ApusCore
import ApusEngine
import Testing

@Suite("Backoff")
struct BackoffTests {
    @Test(
        "the delay grows with the attempt that failed",
        arguments: [
            (0, 15), (1, 30), (2, 60), (3, 120), (4, 300), (5, 600), (6, 1_200), (7, 2_400), (8, 3_600),
            (9, 7_200), (10, 7_200), (20, 7_200), (-1, 15),
        ]
    )
    func delays(attempt: Int, seconds: Int64) {
        var random = SplitMix64(seed: 1)
        var shortest = Int64.max
        var longest = Int64.min
        for _ in 0..<300 {
            let delay = Backoff.delay(afterAttempt: attempt, configuration: EngineConfiguration(), random: &random)
            shortest = min(shortest, delay.milliseconds)
            longest = max(longest, delay.milliseconds)
        }
        #expect(shortest >= seconds * 1_000)
        #expect(longest <= seconds * 1_000 + 29_999)
        #expect(longest - shortest > 25_000, "the jitter is spread over its 30 s")
    }

    @Test("a fixed interval has no jitter")
    func fixed() {
        var configuration = EngineConfiguration()
        configuration.retryInterval = .seconds(3)
        var random = SplitMix64(seed: 1)
        for attempt in 0..<25 {
            #expect(Backoff.delay(afterAttempt: attempt, configuration: configuration, random: &random) == .seconds(3))
        }
    }
}
