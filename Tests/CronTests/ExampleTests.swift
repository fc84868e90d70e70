import ApusCron
import Testing

/// One row: an expression, where the search begins, and the next times. Later times may leave out the
/// parts that they share with the start.
struct ScheduleExample: CustomTestStringConvertible {
    var number: Int
    var expression: String
    var from: String
    var times: [String]

    init(_ number: Int, _ expression: String, _ from: String, _ times: String) {
        self.number = number
        self.expression = expression.replacing("NY ", with: "TZ=America/New_York ")
        self.from = from
        self.times = times.split(separator: ", ").map { ScheduleExample.complete(String($0), from: from) }
    }

    var testDescription: String { "\(number): \(expression) from \(from)" }

    /// `00:05` takes its date from the start, `02-01` its year, and a date without a time is midnight.
    private static func complete(_ time: String, from: String) -> String {
        let parts = time.split(separator: " ").map(String.init)
        var date = String(from.prefix(10))
        if let given = parts.first(where: { $0.contains("-") }) {
            date = given.count == 5 ? "\(from.prefix(5))\(given)" : given
        }
        return "\(date)T\(parts.first { $0.contains(":") } ?? "00:00")"
    }
}

@Suite("Examples of the specification")
struct ExampleTests {
    static let calendar: [ScheduleExample] = [
        .init(1, "* * * * *", "2024-01-01T00:00:00", "00:01, 00:02, 00:03"),
        .init(2, "*/15 * * * *", "2024-01-01T00:07:30", "00:15, 00:30, 00:45"),
        .init(3, "0 9 * * 1-5", "2024-01-01T00:00", "01-01 09:00, 01-02 09:00, 01-03 09:00"),
        .init(4, "0 9 * * MON-FRI", "2024-01-05T10:00", "01-08 09:00, 01-09 09:00, 01-10 09:00"),
        .init(5, "0 0 1 * *", "2024-01-01T00:00", "02-01, 03-01, 04-01"),
        .init(6, "0 0 29 2 *", "2024-01-01", "2024-02-29, 2028-02-29, 2032-02-29"),
        .init(7, "0 0 31 * *", "2024-01-01", "01-31, 03-31, 05-31"),
        .init(9, "0 12 13 * 5", "2024-01-01", "01-05 12:00, 01-12 12:00, 01-13 12:00"),
        .init(
            10, "0 12 */2 * 5", "2024-01-01",
            "01-01 12:00, 01-03 12:00, 01-05 12:00, 01-07 12:00, 01-09 12:00, 01-11 12:00, 01-12 12:00, 01-13 12:00"
        ),
        .init(11, "0 12 ? * FRI", "2024-01-01", "01-05 12:00, 01-12 12:00, 01-19 12:00"),
        .init(12, "0 0 1 jan,jul *", "2024-01-01T00:00", "2024-07-01, 2025-01-01, 2025-07-01"),
        .init(13, "0 0 * * SUN", "2024-01-01", "01-07, 01-14, 01-21"),
        .init(13, "0 0 * * 0", "2024-01-01", "01-07, 01-14, 01-21"),
        .init(14, "10/20 * * * *", "2024-01-01T00:00", "00:10, 00:30, 00:50"),
        .init(15, "5-55/10 * * * *", "2024-01-01T00:00", "00:05, 00:15, 00:25"),
        .init(16, "0,30 8-10 * * *", "2024-01-01T00:00", "08:00, 08:30, 09:00"),
        .init(17, "*/7 * * * *", "2024-01-01T00:00", "00:07, 00:14, 00:21"),
        .init(17, "*/7 * * * *", "2024-01-01T00:50", "00:56, 01:00, 01:07"),
        .init(18, "*/90 * * * *", "2024-01-01T00:00", "01:00, 02:00, 03:00"),
        .init(19, "0 */25 * * *", "2024-01-01T00:00", "01-02, 01-03, 01-04"),
        .init(20, "0 0 1,15 * MON", "2024-01-01T00:00", "01-08, 01-15, 01-22"),
        .init(21, "0 0 */10 * *", "2024-01-01T00:00", "01-11, 01-21, 01-31, 02-01"),
        .init(22, "0 0 1 */3 *", "2024-01-01T00:00", "04-01, 07-01, 10-01"),
        .init(23, "0 0 1 2/5 *", "2024-01-01", "02-01, 07-01, 12-01"),
        .init(24, "0 8 ? 6-8 MON,WED", "2024-01-01", "06-03 08:00, 06-05 08:00, 06-10 08:00"),
        .init(25, "0 10 31 * *", "2024-01-31T10:00", "03-31 10:00, 05-31 10:00, 07-31 10:00"),
        .init(
            26, "59 23 31 12 *", "2024-12-31T23:59:59", "2025-12-31 23:59, 2026-12-31 23:59, 2027-12-31 23:59"
        ),
        .init(27, "0 0 * 2 *", "2024-02-28T23:59", "2024-02-29, 2025-02-01, 2025-02-02"),
    ]

    static let zones: [ScheduleExample] = [
        .init(28, "NY 0 9 * * *", "2024-01-01T00:00", "01-01 14:00, 01-02 14:00, 01-03 14:00"),
        .init(29, "TZ=Asia/Kolkata 30 9 * * *", "2024-01-01", "01-01 04:00, 01-02 04:00, 01-03 04:00"),
        .init(30, "NY 30 2 * * *", "2024-03-09T12:00", "03-11 06:30, 03-12 06:30, 03-13 06:30"),
        .init(31, "NY 0 3 * * *", "2024-03-09T12:00", "03-10 07:00, 03-11 07:00, 03-12 07:00"),
        .init(32, "NY */30 * * * *", "2024-03-10T05:00", "05:30, 06:00, 06:30, 07:00"),
        .init(33, "NY 0 1-3 * * *", "2024-03-10T05:00", "06:00, 07:00, 03-11 05:00"),
        .init(34, "NY 30 1 * * *", "2024-11-02T12:00", "11-03 05:30, 11-03 06:30, 11-04 06:30"),
        .init(35, "NY 0 * * * *", "2024-11-03T04:30", "05:00, 06:00, 07:00"),
        .init(36, "NY 0 2 * * *", "2024-11-02T12:00", "11-03 07:00, 11-04 07:00, 11-05 07:00"),
        .init(37, "NY 0 0 * * *", "2024-11-02T12:00", "11-03 04:00, 11-04 05:00, 11-05 05:00"),
        .init(38, "TZ=Europe/Berlin 30 2 * * *", "2024-03-30T12:00", "04-01 00:30, 04-02 00:30, 04-03 00:30"),
        .init(39, "TZ=Europe/Berlin 30 2 * * *", "2024-10-26T12:00", "10-27 00:30, 10-27 01:30, 10-28 01:30"),
        .init(40, "TZ=Europe/London 15 1 * * *", "2024-10-26T12:00", "10-27 00:15, 10-27 01:15, 10-28 01:15"),
        .init(41, "TZ=America/Sao_Paulo 0 0 * * *", "2018-11-02T12:00", "11-03 03:00, 11-05 02:00, 11-06 02:00"),
        .init(
            42, "TZ=America/Sao_Paulo 0 5 4 11 *", "2018-11-03T12:00",
            "2018-11-04 07:00, 2019-11-04 08:00, 2020-11-04 08:00"
        ),
        .init(43, "TZ=Australia/Lord_Howe 0 2 * * *", "2024-10-05T00:00", "10-06 15:00, 10-07 15:00, 10-08 15:00"),
        .init(44, "TZ=Australia/Lord_Howe 45 1 * * *", "2024-04-05T20:00", "04-06 14:45, 04-06 15:15, 04-07 15:15"),
        .init(45, "NY 0 0 10 3 *", "2024-03-08T00:00", "2024-03-10 05:00, 2025-03-10 04:00, 2026-03-10 04:00"),
    ]

    @Test("the next times", arguments: calendar + zones)
    func next(_ example: ScheduleExample) throws {
        let schedule = try CronSchedule(example.expression)
        let times = schedule.upcoming(from: utc(example.from), count: example.times.count)
        #expect(times.map(utcText) == example.times)
    }

    @Test("a date that does not exist is found when the expression is read (row 8)")
    func never() {
        let error = #expect(throws: CronError.self) { try CronSchedule("0 0 30 2 *") }
        #expect(error?.kind == .neverFires)
    }

    @Test(
        "expressions that are refused",
        arguments: [
            "", "0 9 * *", "0 9 * * * *", "60 * * * *", "0 24 * * *", "0 0 0 * *", "0 0 32 * *", "0 0 * 13 *",
            "0 0 * * 7", "0 0 * * sunday", "0 22-2 * * *", "*/0 * * * *", "-1 * * * *", "1-2-3 * * * *",
            "1/2/3 * * * *", "5-* * * * *", "**/2 * * * *", "0 0 L * *", "0 0 15W * *", "0 0 * * 5#2", "0 0 * * 5L",
            "@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually", "@midnight", "@every 1h", "@reboot",
            "tz=UTC 0 9 * * *", " TZ=UTC 0 9 * * *", "TZ=+02:00 0 9 * * *", "TZ=Nowhere/None 0 9 * * *", "TZ=UTC",
            "TZ=Asia/Tokyo @daily",
        ]
    )
    func refused(_ expression: String) {
        let error = #expect(throws: CronError.self) { try CronSchedule(expression, allowsDescriptors: false) }
        #expect(error?.kind != .neverFires)
        #expect(error?.protocolMessage == "'\(expression)' isn't a valid cron schedule")
    }

    @Test(
        "oddities that are accepted",
        arguments: [
            ("1,,2 * * * *", "1,2 * * * *"), ("+5 * * * *", "5 * * * *"), ("05 * * * *", "5 * * * *"),
            ("*-5 * * * *", "* * * * *"), ("0 12 ? * ?", "0 12 * * *"), ("TZ= 0 9 * * *", "0 9 * * *"),
        ]
    )
    func accepted(odd: String, plain: String) throws {
        let start = utc("2024-02-27T23:58")
        #expect(
            try CronSchedule(odd).upcoming(from: start, count: 200)
                == CronSchedule(plain).upcoming(from: start, count: 200)
        )
    }

    @Test("a field of commas follows the grammar but never fires")
    func commas() {
        let error = #expect(throws: CronError.self) { try CronSchedule(", * * * *") }
        #expect(error?.kind == .neverFires)
        #expect(error?.field == .minute)
    }
}
