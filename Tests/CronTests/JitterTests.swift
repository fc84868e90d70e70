import ApusCron
import Testing

@Suite("Jitter")
struct JitterTests {
    @Test(
        "durations",
        arguments: [
            ("", 0), ("  \t", 0), ("0", 0), ("0s", 0), ("-0", 0), ("+0", 0), ("-0s", 0), ("0.0000000001s", 0),
            ("1s", 1_000), ("30s", 30_000), ("5m", 300_000), ("5m0s", 300_000), ("1m30s", 90_000), ("30s1m", 90_000),
            ("1.5s", 1_500), (".5m", 30_000), ("1.s", 1_000), ("+2s", 2_000), ("1000ms", 1_000), ("1s1ms", 1_001),
            ("1000000us", 1_000), ("1000000µs", 1_000), ("1000000μs", 1_000), ("1000000000ns", 1_000),
            ("0.05h", 180_000), ("0.001d", 86_400), ("0.0001w", 60_480), ("1s1s", 2_000), ("1.0005s", 1_000),
            ("1.000000000000000000000000000009s", 1_000), ("0.3333333333333333333m", 20_000 - 1),
        ] as [(String, Int64)]
    )
    func durations(text: String, milliseconds: Int64) throws {
        #expect(try Jitter(text).milliseconds == milliseconds)
    }

    @Test(
        "the protocol's messages",
        arguments: [
            ("soon", "'soon' isn't a valid jitter duration"), ("10", "'10' isn't a valid jitter duration"),
            ("1x", "'1x' isn't a valid jitter duration"), (" 30s", "' 30s' isn't a valid jitter duration"),
            ("1 s", "'1 s' isn't a valid jitter duration"), ("1S", "'1S' isn't a valid jitter duration"),
            ("-", "'-' isn't a valid jitter duration"), (".s", "'.s' isn't a valid jitter duration"),
            ("1.2.3s", "'1.2.3s' isn't a valid jitter duration"), ("s", "'s' isn't a valid jitter duration"),
            ("00", "'00' isn't a valid jitter duration"), ("20000w", "'20000w' isn't a valid jitter duration"),
            ("99999999999999999999s", "'99999999999999999999s' isn't a valid jitter duration"),
            ("-1s", "cron jitter must be greater than or equal to zero"),
            ("-1ns", "cron jitter must be greater than or equal to zero"),
            ("999ms", "cron jitter must be at least 1s"), ("1ns", "cron jitter must be at least 1s"),
            ("5m1s", "cron jitter must be less than or equal to 5m0s"),
            ("5m1ns", "cron jitter must be less than or equal to 5m0s"),
            ("1w", "cron jitter must be less than or equal to 5m0s"),
        ]
    )
    func refused(text: String, message: String) {
        let error = #expect(throws: JitterError.self) { try Jitter(text) }
        #expect(error?.description == message)
    }

    @Test("offsets lie from one second up to below the jitter")
    func bounds() throws {
        var random = SeededGenerator(seed: 1)
        for text in ["1s", "1001ms", "2s", "30s", "5m"] {
            let jitter = try Jitter(text)
            for _ in 0..<2_000 {
                let offset = jitter.offset(
                    seed: random.next(), tick: Int64.random(in: -1_000_000_000_000...4_000_000_000_000, using: &random)
                )
                #expect(offset >= 1_000 && offset < max(jitter.milliseconds, 1_001))
            }
        }
        #expect(try Jitter("1s").offset(seed: 7, tick: 0) == 1_000)
        #expect(Jitter.none.offset(seed: 7, tick: 0) == 0)
    }

    @Test("an offset depends on the seed and the tick alone, and never changes")
    func golden() throws {
        let jitter = try Jitter("5m")
        #expect(jitter.offset(seed: 1, tick: 1_704_067_200_000) == 141_820)
        #expect(jitter.offset(seed: 2, tick: 1_704_067_200_000) == 80_266)
        #expect(jitter.offset(seed: 1, tick: 1_704_067_260_000) == 268_420)
        #expect(try Jitter("30s").offset(seed: .max, tick: .min) == 29_087)
    }

    @Test("offsets spread evenly over seeds and over ticks")
    func spread() throws {
        let jitter = try Jitter("11s")
        var bySeed = Array(repeating: 0, count: 10)
        var byTick = bySeed
        for number in 0..<10_000 {
            bySeed[Int(jitter.offset(seed: UInt64(number), tick: 0) / 1_000) - 1] += 1
            byTick[Int(jitter.offset(seed: 1, tick: Int64(number) * 60_000) / 1_000) - 1] += 1
        }
        #expect((bySeed + byTick).allSatisfy { (850...1_150).contains($0) })
    }
}
