import ApusCron
import Testing

@Suite("Grammar")
struct GrammarTests {
    @Test(
        "the values of a field",
        arguments: [
            ("* * * * *", .minute, Array(0...59)), ("5 * * * *", .minute, [5]), ("5,7,9 * * * *", .minute, [5, 7, 9]),
            ("9,5,7,5 * * * *", .minute, [5, 7, 9]), ("5-8 * * * *", .minute, [5, 6, 7, 8]),
            ("5-5 * * * *", .minute, [5]), ("*/20 * * * *", .minute, [0, 20, 40]),
            ("?/20 * * * *", .minute, [0, 20, 40]), ("50/3 * * * *", .minute, [50, 53, 56, 59]),
            ("10-20/5 * * * *", .minute, [10, 15, 20]), ("10-19/5 * * * *", .minute, [10, 15]),
            ("*/60 * * * *", .minute, [0]), ("3/9223372036854775807 * * * *", .minute, [3]),
            ("*-5/30 * * * *", .minute, [0, 30]), ("?-5 * * * *", .minute, Array(0...59)),
            ("+5-+8/+2 * * * *", .minute, [5, 7]), ("0000005 * * * *", .minute, [5]),
            (",1,,2, * * * *", .minute, [1, 2]), ("0 */7 * * *", .hour, [0, 7, 14, 21]),
            ("0 22-23,0-2 * * *", .hour, [0, 1, 2, 22, 23]), ("0 0 */10 * *", .dayOfMonth, [1, 11, 21, 31]),
            ("0 0 31 * *", .dayOfMonth, [31]), ("0 0 1 */5 *", .month, [1, 6, 11]),
            ("0 0 1 JAN,feb,Mar *", .month, [1, 2, 3]), ("0 0 1 oct-DEC *", .month, [10, 11, 12]),
            ("0 0 1 nov/1 *", .month, [11, 12]), ("0 0 * * sun-tue", .dayOfWeek, [0, 1, 2]),
            ("0 0 * * 1-fri/2", .dayOfWeek, [1, 3, 5]), ("0 0 * * */2", .dayOfWeek, [0, 2, 4, 6]),
            ("\t0  9\u{0B}*\n* 1 ", .dayOfWeek, [1]), ("\u{A0}0\u{3000}9\u{2003}* * 1", .hour, [9]),
            ("TZ=Europe/Berlin   0 9 * * *  ", .hour, [9]), ("CRON_TZ=UTC\t0 9 * * *", .hour, [9]),
        ] as [(String, CronField, [Int])]
    )
    func values(text: String, field: CronField, values: [Int]) throws {
        #expect(try CronSchedule(text).values(of: field) == values)
    }

    @Test("all names of months and days")
    func names() throws {
        let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        for (index, name) in months.enumerated() {
            #expect(try CronSchedule("0 0 1 \(name) *").values(of: .month) == [index + 1])
        }
        for (index, name) in ["sun", "mon", "tue", "wed", "thu", "fri", "sat"].enumerated() {
            #expect(try CronSchedule("0 0 * * \(name)").values(of: .dayOfWeek) == [index])
        }
    }

    @Test(
        "a day matches both day fields if one of them is a plain star, else either",
        arguments: [
            // 2024-09-13 is a Friday.
            ("0 0 13 * 5", 4), ("0 0 * * 5", 4), ("0 0 13 * *", 1), ("0 0 13 * ?", 1), ("0 0 ? * 5", 4),
            ("0 0 */1 * 5", 4), ("0 0 1-31 * 5", 30), ("0 0 */31 * 5", 5), ("0 0 13 * */7", 6), ("0 0 13 * 0-6", 30),
            ("0 0 13,* * 5", 4), ("0 0 13 * 5,*", 1), ("0 0 */2 * 5", 17), ("0 0 13 * ,", 1), ("0 0 , * 5", 4),
        ]
    )
    func dayRule(text: String, count: Int) throws {
        let september = utc("2024-09-01")..<utc("2024-10-01")
        let times = try CronSchedule(text).times(in: september, limit: 100)
        #expect(times.count == count)
    }

    @Test(
        "descriptors",
        arguments: [
            ("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@weekly", "0 0 * * 0"),
            ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), (" @daily ", "0 0 * * *"),
        ]
    )
    func descriptors(word: String, fields: String) throws {
        let start = utc("2023-02-28T23:59")
        for zone in ["", "TZ=Asia/Tokyo ", "CRON_TZ=America/New_York "] where !(word.hasPrefix(" ") && zone.isEmpty) {
            let schedule = try CronSchedule(zone + word)
            let plain = try CronSchedule(zone + fields)
            #expect(schedule.upcoming(from: start, count: 40) == plain.upcoming(from: start, count: 40))
            #expect(schedule.words == plain.words)
            let error = #expect(throws: CronError.self) { try CronSchedule(zone + word, allowsDescriptors: false) }
            #expect(error?.kind == .descriptor)
        }
    }

    @Test("the zone that an expression names")
    func zoneNames() throws {
        let plain = try CronSchedule("0 9 * * *")
        #expect(plain.zoneName == "UTC" && !plain.namesZone)
        let berlin = try CronSchedule("CRON_TZ=Europe/Berlin 0 9 * * *")
        #expect(berlin.zoneName == "Europe/Berlin" && berlin.namesZone)
        for zone in ["UTC", "EST", "Etc/GMT-14", "America/Argentina/Buenos_Aires", "America/Port-au-Prince", "GMT"] {
            #expect(try CronSchedule("TZ=\(zone) 0 9 * * *").zoneName == zone)
        }
    }

    @Test("schedules are equal if they were written alike")
    func equality() throws {
        let schedule = try CronSchedule("0 9 * * 1")
        #expect(schedule == (try CronSchedule("0 9 * * 1")))
        #expect(schedule != (try CronSchedule("0 9 * * mon")))
        #expect(Set([schedule, try CronSchedule("0 9 * * 1")]).count == 1)
        #expect(schedule.description == "0 9 * * 1" && schedule.text == "0 9 * * 1")
    }

    @Test("the longest expression")
    func length() throws {
        let longest = String(repeating: "1,", count: 123) + "1 * * * *"
        #expect(longest.utf8.count == CronSchedule.maximumLength)
        #expect(try CronSchedule(longest).values(of: .minute) == [1])
        let error = #expect(throws: CronError.self) { try CronSchedule(longest + " ") }
        #expect(error?.kind == .tooLong)
        #expect(error?.protocolMessage == "cron is too long. maximum length is 255 characters")
        let huge = #expect(throws: CronError.self) { try CronSchedule(String(repeating: "é ", count: 1_000_000)) }
        #expect(huge?.kind == .tooLong && (huge?.description.utf8.count ?? 0) < 500)
    }
}
