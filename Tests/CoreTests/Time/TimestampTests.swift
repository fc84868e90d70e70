import ApusCore
import Testing

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "the text is RFC 3339 in UTC with milliseconds",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (1_795_245_525_923, "2026-11-21T07:18:45.923Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
            (.max, "+292278994-08-17T07:12:55.807Z"), (.min, "-292275055-05-16T16:47:04.192Z"),
        ] as [(Int64, String)]
    )
    func text(milliseconds: Int64, expected: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == expected)
        #expect("\(Timestamp(milliseconds: milliseconds))" == expected)
    }

    @Test("every day of four centuries has its own date, which reads back")
    func calendar() throws {
        var last = ""
        for day in -100_000...60_000 where day % 29 == 0 || (0..<1_500).contains(day) {
            let time = Timestamp(milliseconds: Int64(day) * 86_400_000 + 1)
            try #require(DateText.parse(time.rfc3339) == time)
            try #require(last < time.rfc3339)
            last = time.rfc3339
        }
    }

    @Test("adding a span rounds a part of a millisecond up, so that no wait is cut short")
    func adding() {
        let time = Timestamp(milliseconds: 1_000)
        #expect(time + .milliseconds(5) == Timestamp(milliseconds: 1_005))
        #expect(time + .nanoseconds(1) == Timestamp(milliseconds: 1_001))
        #expect(time + .nanoseconds(-1) == time)
        #expect(time - .seconds(2) == Timestamp(milliseconds: -1_000))
        #expect(Timestamp(milliseconds: 3_500) - time == .milliseconds(2_500))
        var moved = time
        moved += .hours(1)
        #expect(moved.milliseconds == 3_601_000)
    }

    @Test("no arithmetic overflows")
    func saturating() {
        let first = Timestamp(milliseconds: .min)
        let last = Timestamp(milliseconds: .max)
        #expect(last + .max == last && first + .min == first)
        #expect(last - .min == last && first - .max == first)
        #expect(last - first == .max && first - last == .min)
        #expect(Timestamp.distantFuture - .epoch == .max)
        #expect(Timestamp.distantFuture > Timestamp(milliseconds: 4_102_444_800_000))
    }
}
