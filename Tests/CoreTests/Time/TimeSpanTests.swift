import ApusCore
import Testing

@Suite("Time spans")
struct TimeSpanTests {
    @Test(
        "durations are parsed",
        arguments: [
            ("0", 0), ("+0", 0), ("-0", 0), ("0s", 0), ("5s", 5_000_000_000), ("30s", 30_000_000_000),
            ("1478s", 1_478_000_000_000), ("-5s", -5_000_000_000), ("+5s", 5_000_000_000), ("5.0s", 5_000_000_000),
            ("5.6s", 5_600_000_000), ("5.s", 5_000_000_000), (".5s", 500_000_000), ("1.004s", 1_004_000_000),
            ("100.00100s", 100_001_000_000), ("10ns", 10), ("11us", 11_000), ("12µs", 12_000), ("12μs", 12_000),
            ("13ms", 13_000_000), ("14s", 14_000_000_000), ("15m", 900_000_000_000), ("16h", 57_600_000_000_000),
            ("3h30m", 12_600_000_000_000), ("30m1h", 5_400_000_000_000), ("1m1m", 120_000_000_000),
            ("10.5s4m", 250_500_000_000), ("-2m3.4s", -123_400_000_000), ("1h2m3s4ms5us6ns", 3_723_004_005_006),
            ("52763797000ns", 52_763_797_000), ("0.3333333333333333333h", 1_200_000_000_000),
            ("9007199254740993ns", 9_007_199_254_740_993), ("9223372036854775807ns", .max),
            ("9223372036854775.807us", .max), ("9223372036s854ms775us807ns", .max), ("-9223372036854775808ns", .min),
            ("-9223372036854775.808us", .min), ("0.100000000000000000000h", 360_000_000_000),
            ("0.830103483285477580700h", 2_988_372_539_827), ("1.5h", 5_400_000_000_000), ("0.0000000001s", 0),
            ("1d", 86_400_000_000_000), ("1w", 604_800_000_000_000), ("1w2d3h4m5s6ms", 788_645_006_000_000),
            ("1.5d", 129_600_000_000_000), ("366d", 31_622_400_000_000_000), ("1d1d", 172_800_000_000_000),
        ] as [(String, Int64)]
    )
    func parsing(text: String, nanoseconds: Int64) throws {
        #expect(try TimeSpan(parsing: text).nanoseconds == nanoseconds)
        if text.contains(where: { "dw".contains($0) }) {
            #expect(throws: TimeSpanError.self) { try TimeSpan(parsing: text, units: .go) }
        } else {
            #expect(try TimeSpan(parsing: text, units: .go).nanoseconds == nanoseconds)
        }
    }

    @Test(
        "other texts are refused with the protocol's messages",
        arguments: [
            ("", #"time: invalid duration """#), ("3", #"time: missing unit in duration "3""#),
            ("10", #"time: missing unit in duration "10""#), ("-", #"time: invalid duration "-""#),
            ("s", #"time: invalid duration "s""#), (".", #"time: invalid duration ".""#),
            ("-.", #"time: invalid duration "-.""#), (".s", #"time: invalid duration ".s""#),
            ("+.s", #"time: invalid duration "+.s""#), ("1x", #"time: unknown unit "x" in duration "1x""#),
            ("1S", #"time: unknown unit "S" in duration "1S""#),
            ("1h 5m", #"time: unknown unit "h " in duration "1h 5m""#),
            (" 1h", #"time: invalid duration " 1h""#), ("1h5", #"time: missing unit in duration "1h5""#),
            ("00", #"time: missing unit in duration "00""#), ("--1s", #"time: invalid duration "--1s""#),
            ("1.2.3s", #"time: missing unit in duration "1.2.3s""#), ("x", #"time: invalid duration "x""#),
            ("9223372036854775808ns", #"time: invalid duration "9223372036854775808ns""#),
            ("9223372036854775.808us", #"time: invalid duration "9223372036854775.808us""#),
            ("3000000h", #"time: invalid duration "3000000h""#), ("20000w", #"time: invalid duration "20000w""#),
            ("-9223372036854775809ns", #"time: invalid duration "-9223372036854775809ns""#),
            ("99999999999999999999s", #"time: invalid duration "99999999999999999999s""#),
            ("1é", #"time: unknown unit "\xc3\xa9" in duration "1\xc3\xa9""#),
            (#"1""#, #"time: unknown unit "\"" in duration "1\"""#),
        ]
    )
    func refused(text: String, message: String) {
        let error = #expect(throws: TimeSpanError.self) { try TimeSpan(parsing: text) }
        #expect(error?.description == message)
    }

    @Test("the message shortens a long text")
    func longText() {
        let error = #expect(throws: TimeSpanError.self) {
            try TimeSpan(parsing: String(repeating: "x", count: 1_000_000))
        }
        #expect((error?.description.utf8.count ?? 0) < 300)
    }

    @Test(
        "the text is Go's and reads back",
        arguments: [
            (0, "0s"), (1, "1ns"), (1_100, "1.1µs"), (2_200_000, "2.2ms"), (3_300_000_000, "3.3s"),
            (60_000_000_000, "1m0s"),
            (245_000_000_000, "4m5s"), (245_001_000_000, "4m5.001s"), (3_600_000_000_000, "1h0m0s"),
            (18_367_001_000_000, "5h6m7.001s"), (480_000_000_001, "8m0.000000001s"), (86_400_000_000_000, "24h0m0s"),
            (.max, "2562047h47m16.854775807s"), (.min, "-2562047h47m16.854775808s"), (-1_500_000_000, "-1.5s"),
            (999, "999ns"),
            (1_000_000, "1ms"), (1_000_000_000, "1s"), (100_000_000_000, "1m40s"),
        ] as [(Int64, String)]
    )
    func text(nanoseconds: Int64, expected: String) throws {
        let span = TimeSpan(nanoseconds: nanoseconds)
        #expect(span.description == expected)
        #expect(try TimeSpan(parsing: expected, units: .go) == span)
    }

    @Test("no arithmetic overflows")
    func saturating() {
        #expect(TimeSpan.days(Int.max) == .max && TimeSpan.days(Int.min) == .min)
        #expect(TimeSpan.seconds(UInt64.max) == .max)
        #expect(TimeSpan.max + .nanoseconds(1) == .max && TimeSpan.min - .nanoseconds(1) == .min)
        #expect(-TimeSpan.min == .max && -TimeSpan.max > .min)
        #expect(TimeSpan.min * 2 == .min && TimeSpan.min * -2 == .max && TimeSpan.max * -2 == .min)
        #expect(TimeSpan.max.roundedToSeconds == .max && TimeSpan.min.roundedToSeconds == .min)
    }

    @Test("units convert, cutting off towards zero")
    func units() {
        #expect(TimeSpan.milliseconds(1_999).seconds == 1 && TimeSpan.milliseconds(-1_999).seconds == -1)
        #expect(TimeSpan.nanoseconds(1_999_999).milliseconds == 1)
        #expect(TimeSpan.minutes(2) == .seconds(120) && TimeSpan.hours(24) == .days(1))
        #expect(TimeSpan.seconds(2) * 3 == .seconds(6) && TimeSpan.seconds(5) - .seconds(7) == .seconds(-2))
    }

    @Test("rounding to seconds takes halves away from zero")
    func rounding() {
        #expect(TimeSpan.milliseconds(2_400).roundedToSeconds == .seconds(2))
        #expect(TimeSpan.milliseconds(2_500).roundedToSeconds == .seconds(3))
        #expect(TimeSpan.milliseconds(-2_500).roundedToSeconds == .seconds(-3))
        #expect(TimeSpan.milliseconds(-2_499).roundedToSeconds == .seconds(-2))
    }
}
