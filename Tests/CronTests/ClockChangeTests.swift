import ApusCron
import Testing

/// What happens when clocks change. All starts and times are in UTC.
@Suite("Changes of the clock")
struct ClockChangeTests {
    static let rows: [ScheduleExample] = [
        // Berlin skips 02:00 to 03:00 and repeats 02:00 to 03:00.
        .init(1, "TZ=Europe/Berlin 0 2 * * *", "2024-03-30T12:00", "04-01 00:00, 04-02 00:00"),
        .init(2, "TZ=Europe/Berlin 0 3 * * *", "2024-03-30T12:00", "03-31 01:00, 04-01 01:00"),
        .init(3, "TZ=Europe/Berlin */30 * * * *", "2024-03-31T00:00", "00:30, 01:00, 01:30"),
        .init(4, "TZ=Europe/Berlin */30 2 * * *", "2024-10-27T00:00", "00:30, 01:00, 01:30"),
        .init(5, "TZ=Europe/Berlin 0 */2 * * *", "2024-03-30T22:00", "03-30 23:00, 03-31 02:00, 03-31 04:00"),
        .init(6, "TZ=Europe/Berlin 30 2 31 3 *", "2023-06-01", "2025-03-31 00:30, 2026-03-31 00:30"),
        // London changes at 01:00.
        .init(7, "TZ=Europe/London 30 1 * * *", "2025-03-29T12:00", "03-31 00:30, 04-01 00:30"),
        .init(8, "TZ=Europe/London 0 1 * * 0", "2025-10-25T12:00", "10-26 00:00, 10-26 01:00, 11-02 01:00"),
        // New York, minute by minute into and out of the gap.
        .init(9, "NY 59 1 * * *", "2024-03-10T00:00", "03-10 06:59, 03-11 05:59"),
        .init(10, "NY * * * * *", "2024-03-10T06:58", "06:59, 07:00, 07:01"),
        .init(11, "NY 0 0-3 3 11 *", "2024-11-03T00:00", "04:00, 05:00, 06:00, 07:00, 08:00"),
        // Lord Howe shifts by half an hour: 02:00 to 02:30 is skipped, 01:30 to 02:00 repeated.
        .init(12, "TZ=Australia/Lord_Howe 15 2 * * *", "2024-10-05T00:00", "10-06 15:15, 10-07 15:15"),
        .init(13, "TZ=Australia/Lord_Howe 30 2 * * *", "2024-10-05T00:00", "10-05 15:30, 10-06 15:30"),
        .init(14, "TZ=Australia/Lord_Howe 0 3 * * *", "2024-10-05T00:00", "10-05 16:00, 10-06 16:00"),
        .init(15, "TZ=Australia/Lord_Howe 0 2 * * *", "2024-04-05T20:00", "04-06 15:30, 04-07 15:30"),
        .init(16, "TZ=Australia/Lord_Howe 30 * * * *", "2024-04-06T13:00", "13:30, 14:30, 15:00, 16:00"),
        .init(17, "TZ=Australia/Lord_Howe 15 1 * * *", "2024-04-05T20:00", "04-06 14:15, 04-07 14:45"),
        // Sao Paulo had no midnight on 2018-11-04 and two 23 o'clock hours on 2018-02-17.
        .init(18, "TZ=America/Sao_Paulo 30 0 * * *", "2018-11-03T12:00", "11-05 02:30, 11-06 02:30"),
        .init(19, "TZ=America/Sao_Paulo 0 1 * * *", "2018-11-03T12:00", "11-04 03:00, 11-05 03:00"),
        .init(20, "TZ=America/Sao_Paulo 30 23 * * *", "2018-02-17T12:00", "02-18 01:30, 02-18 02:30, 02-19 02:30"),
        .init(21, "TZ=America/Sao_Paulo 0 0 4 11 *", "2018-01-01", "2019-11-04 03:00, 2020-11-04 03:00"),
        // Kolkata has no changes but half an hour.
        .init(22, "TZ=Asia/Kolkata 0 0 1 1 *", "2023-06-01", "2023-12-31 18:30, 2024-12-31 18:30"),
        // Casablanca turns its clock back for Ramadan: 03:00 to 02:00 on 2024-03-10, 02:00 to 03:00 on 2024-04-14.
        .init(23, "TZ=Africa/Casablanca 30 2 * * *", "2024-03-09T12:00", "03-10 01:30, 03-10 02:30, 03-11 02:30"),
        .init(24, "TZ=Africa/Casablanca 30 2 * * *", "2024-04-13T12:00", "04-15 01:30, 04-16 01:30"),
        // Apia left out 2011-12-30.
        .init(25, "TZ=Pacific/Apia 0 12 * * *", "2011-12-29T00:00", "12-29 22:00, 12-30 22:00, 12-31 22:00"),
        .init(26, "TZ=Pacific/Apia 0 12 30 12 *", "2011-12-01", "2012-12-29 22:00, 2013-12-29 22:00"),
        .init(27, "TZ=Pacific/Apia 0 0 * * 5", "2011-12-28T00:00", "2012-01-05 10:00, 2012-01-12 10:00"),
        // Havana and Gaza change at midnight.
        .init(28, "TZ=America/Havana 0 0 * * *", "2024-11-02T12:00", "11-03 04:00, 11-03 05:00, 11-04 05:00"),
        .init(29, "TZ=America/Havana 0 0 * * *", "2024-03-09T12:00", "03-11 04:00, 03-12 04:00"),
        // Dublin counts its winter as the saving; the clock is London's.
        .init(30, "TZ=Europe/Dublin 30 1 * * *", "2025-03-29T12:00", "03-31 00:30, 04-01 00:30"),
        // Chatham is 45 minutes off and changes at 02:45.
        .init(31, "TZ=Pacific/Chatham 0 3 * * *", "2024-09-27T12:00", "09-27 14:15, 09-29 13:15"),
        // Beyond 2037, where compiled tables end.
        .init(32, "TZ=Europe/Berlin 0 12 * * *", "2050-03-26T00:00", "03-26 11:00, 03-27 10:00"),
        .init(33, "NY 30 2 * * *", "2099-03-07T12:00", "03-09 06:30, 03-10 06:30"),
        .init(34, "TZ=Europe/Berlin 30 2 * * *", "2400-10-28T12:00", "10-29 00:30, 10-29 01:30, 10-30 01:30"),
        .init(35, "TZ=Europe/Berlin 30 2 * * *", "2800-10-28T12:00", "10-29 00:30, 10-29 01:30, 10-30 01:30"),
        .init(36, "TZ=Europe/Berlin 0 12 1 1,7 *", "9998-12-31", "9999-01-01 11:00, 9999-07-01 10:00"),
    ]

    @Test("skipped times are dropped and repeated times fire twice", arguments: rows)
    func changes(_ row: ScheduleExample) throws {
        let schedule = try CronSchedule(row.expression)
        let times = schedule.upcoming(from: utc(row.from), count: row.times.count)
        #expect(times.map(utcText) == row.times)

        // The same times backwards.
        var backwards: [Int64] = []
        var last = (times.last ?? 0) + 1
        for _ in times {
            guard let time = schedule.previous(before: last) else { break }
            backwards.append(time)
            last = time
        }
        #expect(backwards.reversed() == times)
    }

    @Test("UTC has no changes, and Local and no zone mean UTC")
    func local() throws {
        let start = utc("2024-03-30")
        let expected = try CronSchedule("TZ=UTC 30 2 * * *").upcoming(from: start, count: 400)
        for zone in ["", "TZ=Local ", "TZ= ", "CRON_TZ=UTC ", "TZ=Etc/UTC "] {
            #expect(try CronSchedule("\(zone)30 2 * * *").upcoming(from: start, count: 400) == expected)
        }
        #expect(try CronSchedule("TZ=Local 0 0 * * *").zoneName == "UTC")
        #expect(try CronSchedule("TZ=EST 0 0 * * *").next(after: start) == start + 5 * 3_600_000)
    }
}
