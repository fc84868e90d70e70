import ApusCore
import Testing

private let now = Timestamp(milliseconds: 1_795_245_525_923)  // 2026-11-21T07:18:45.923Z

@Suite("Retry-After")
struct RetryAfterTests {
    @Test(
        "seconds and dates, clamped to between one second and 24 hours",
        arguments: [
            ("1", 1_000), ("30", 30_000), ("0007", 7_000), ("86400", 86_400_000), ("9999999", 86_400_000),
            ("2026-11-21T07:19:45.923Z", 60_000), ("Sat, 21 Nov 2026 07:18:55 GMT", 9_077), ("2026-11-22", 60_074_077),
            ("2026-11-21T07:18:45.923Z", 1_000), ("2020-01-01", 1_000), ("2030-01-01", 86_400_000),
            ("Nov 21 07:18:45", 1_000),
        ] as [(String, Int64)]
    )
    func accepted(header: String, milliseconds: Int64) {
        #expect(RetryAfter.parse(header, now: now) == now + .milliseconds(milliseconds))
    }

    @Test(
        "a header that makes no sense is ignored",
        arguments: ["", "0", "-1", "+5", "1.5", "10000000", "99999999999999999999", "soon", "5s", " 5", "0000000"]
    )
    func ignored(header: String) {
        #expect(RetryAfter.parse(header, now: now) == nil)
    }

    @Test("no time of day makes the clamp overflow")
    func extremes() {
        let last = Timestamp(milliseconds: .max)
        #expect(RetryAfter.parse("5", now: last) == last)
        #expect(RetryAfter.parse("2020-01-01", now: last) == last)
    }
}

@Suite("Sleep texts")
struct SleepUntilTests {
    @Test(
        "durations, and dates rounded to the second, never before now",
        arguments: [
            ("", 0), ("0", 0), ("5s", 5_000), ("1w", 604_800_000), ("250ms", 250), ("-1h", 0), ("366d", 31_622_400_000),
            ("2026-11-21T07:18:48.323Z", 2_000), ("2026-11-21T07:18:48.423Z", 3_000),
            ("2026-11-21T07:18:46.423Z", 1_000),
            ("2026-11-21T07:18:46.422Z", 0), ("2020-01-01", 0), ("2026-11-22", 60_074_000),
            ("1h0m0.0000000000s", 3_600_000),
            ("2027-11-22T07:18:45.923Z", 366 * 86_400_000), ("2027-11-22T07:18:46.422Z", 366 * 86_400_000),
            ("Nov 21 07:18:45", 0),
        ] as [(String, Int64)]
    )
    func accepted(text: String, milliseconds: Int64) throws {
        #expect(try SleepUntil.parse(text, now: now) == now + .milliseconds(milliseconds))
    }

    @Test("a sleep of more than 366 days is refused with the protocol's sentence")
    func tooLong() {
        for text in ["366d1ns", "53w", "2027-11-22T07:18:46.424Z", "9999-12-31"] {
            let error = #expect(throws: SleepError.self) { try SleepUntil.parse(text, now: now) }
            #expect(error == .tooLong(text: text))
            #expect(
                error?.description
                    == "The sleep \"\(text)\" ends more than one year in the future; sleeps may last at most one year."
            )
        }
    }

    @Test("a text that is neither is refused as a duration")
    func invalid() {
        for text in ["x", "tomorrow", "2024-01-02 03:04:05", "10"] {
            let error = #expect(throws: SleepError.self) { try SleepUntil.parse(text, now: now) }
            #expect(error?.description.hasPrefix("time: ") == true)
        }
    }
}
