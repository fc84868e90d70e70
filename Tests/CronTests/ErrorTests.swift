import ApusCron
import Testing

@Suite("Errors")
struct ErrorTests {
    struct Row: CustomTestStringConvertible {
        var text: String
        var kind: CronError.Kind
        var message: String

        init(_ text: String, _ kind: CronError.Kind, _ problem: String, _ advice: String) {
            self.text = text
            self.kind = kind
            message = "\(problem); \(advice)"
        }

        var testDescription: String { text }
    }

    private static let order = "write minute, hour, day of month, month and day of week"

    static let rows: [Row] = [
        .init("", .empty, "column 1: the expression is empty", "write five fields, for example `0 9 * * *`"),
        .init(" \t\n", .empty, "column 1: the expression is empty", "write five fields, for example `0 9 * * *`"),
        .init("*", .fieldCount, "column 2: there is 1 field", order),
        .init("0 9 * *", .fieldCount, "column 8: there are 4 fields", order),
        .init(
            "0 0 9 * * *", .fieldCount, "column 11: there are 6 fields",
            "\(order); there is no field for seconds, so leave the first one out"
        ),
        .init(
            "0 0 9 * * * 2024", .fieldCount, "column 11: there are 7 fields",
            "\(order); there are none for seconds and the year, so leave the first and the last one out"
        ),
        .init("60 * * * *", .outOfRange, "minute, column 1: `60` is out of range", "use 0 to 59"),
        .init("0 24 * * *", .outOfRange, "hour, column 3: `24` is out of range", "use 0 to 23"),
        .init("0 0 0 * *", .outOfRange, "day of month, column 5: `0` is out of range", "use 1 to 31"),
        .init("0 0 32 * *", .outOfRange, "day of month, column 5: `32` is out of range", "use 1 to 31"),
        .init("0 0 1 0 *", .outOfRange, "month, column 7: `0` is out of range", "use 1 to 12 or jan to dec"),
        .init("0 0 * 13 *", .outOfRange, "month, column 7: `13` is out of range", "use 1 to 12 or jan to dec"),
        .init("0 0 * * 7", .outOfRange, "day of week, column 9: `7` is out of range", "write 0 or sun for Sunday"),
        .init("0 0 * * 5-7", .outOfRange, "day of week, column 11: `7` is out of range", "write 0 or sun for Sunday"),
        .init("0 0 * * 8", .outOfRange, "day of week, column 9: `8` is out of range", "use 0 to 6 or sun to sat"),
        .init("1,60 * * * *", .outOfRange, "minute, column 3: `60` is out of range", "use 0 to 59"),
        .init("x * * * *", .value, "minute, column 1: `x` is not a value", "use 0 to 59"),
        .init("-1 * * * *", .value, "minute, column 1: a value is missing", "use 0 to 59"),
        .init("1- * * * *", .value, "minute, column 3: a value is missing", "use 0 to 59"),
        .init("/5 * * * *", .value, "minute, column 1: a value is missing", "use 0 to 59"),
        .init("++5 * * * *", .value, "minute, column 1: `++5` is not a value", "use 0 to 59"),
        .init("1.5 * * * *", .value, "minute, column 1: `1.5` is not a value", "use 0 to 59"),
        .init("٣ * * * *", .value, "minute, column 1: `٣` is not a value", "use 0 to 59"),
        .init("**/2 * * * *", .value, "minute, column 1: `**` is not a value", "use 0 to 59"),
        .init(
            "99999999999999999999 * * * *", .value, "minute, column 1: `99999999999999999999` is not a value",
            "use 0 to 59"
        ),
        .init(
            "0 0 * * sunday", .value, "day of week, column 9: `sunday` is not a value", "names have three letters: sun"),
        .init("0 0 1 January *", .value, "month, column 7: `January` is not a value", "names have three letters: jan"),
        .init("0 0 * mon *", .value, "month, column 7: `mon` is not a value", "use 1 to 12 or jan to dec"),
        .init(
            "0 9 * * 1–5", .value, "day of week, column 9: `1–5` is not a value",
            "write ranges with the hyphen of the keyboard, `-`"
        ),
        .init("5\u{200B} * * * *", .value, "minute, column 1: `5\\u{200B}` is not a value", "use 0 to 59"),
        .init("*-x * * * *", .value, "minute, column 3: `x` is not a value", "use 0 to 59"),
        .init("5-* * * * *", .range, "minute, column 3: a range cannot end with `*`", "end it with 59"),
        .init(
            "1-2-3 * * * *", .range, "minute, column 4: `1-2-3` has too many hyphens",
            "use one between two values, for example `1-5`"
        ),
        .init(
            "0 22-2 * * *", .range, "hour, column 3: the range `22-2` runs backwards",
            "write it as two parts: `22-23,0-2`"
        ),
        .init(
            "0 23-0 * * *", .range, "hour, column 3: the range `23-0` runs backwards",
            "write it as two parts: `23,0`"
        ),
        .init(
            "0 0 * * fri-mon", .range, "day of week, column 9: the range `fri-mon` runs backwards",
            "write it as two parts: `5-6,0-1`"
        ),
        .init("*/0 * * * *", .step, "minute, column 3: a step cannot be 0", "use a number from 1 on"),
        .init("*/ * * * *", .step, "minute, column 3: a step is missing", "use a number from 1 on"),
        .init("*/x * * * *", .step, "minute, column 3: `x` is not a step", "use a number from 1 on"),
        .init("*/-2 * * * *", .step, "minute, column 3: `-2` is not a step", "use a number from 1 on"),
        .init("1/2/3 * * * *", .step, "minute, column 4: `1/2/3` has two steps", "use one `/`, for example `*/2`"),
        .init(
            "0 0 L * *", .unsupported, "day of month, column 5: `L` (the last day) is not supported",
            "use `28-31` and check in the function that tomorrow is the 1st, or run on the 1st"
        ),
        .init(
            "0 0 * * L", .unsupported, "day of week, column 9: `L` (the last day) is not supported",
            "write 6 or sat for Saturday"
        ),
        .init(
            "0 0 1,15W * *", .unsupported, "day of month, column 7: `W` (the nearest weekday) is not supported",
            "name the days that may be meant and check the weekday in the function"
        ),
        .init(
            "0 0 LW * *", .unsupported, "day of month, column 5: `W` (the nearest weekday) is not supported",
            "name the days that may be meant and check the weekday in the function"
        ),
        .init(
            "0 0 * * 5#2", .unsupported, "day of week, column 9: `#` (the n-th weekday of a month) is not supported",
            "name the weekday and check the date in the function"
        ),
        .init(
            "0 0 * * friL", .unsupported,
            "day of week, column 9: `L` (the last such weekday of a month) is not supported",
            "name the weekday and check the date in the "
                + "function"
        ),
        .init(
            "H * * * *", .unsupported, "minute, column 1: `H` (a hashed value) is not supported",
            "name a value, and use jitter to spread the runs"
        ),
        .init(
            "@every 1h", .descriptor, "column 1: `@every` is not supported, because a schedule follows the clock",
            "use steps, for example `*/15 * * * *` for every 15 minutes or `0 */2 * * *` for every 2 hours"
        ),
        .init(
            "@reboot", .descriptor, "column 1: `@reboot` is not supported, because schedules outlive restarts",
            "send an event when your app starts"
        ),
        .init(
            "TZ=UTC @often", .descriptor, "column 8: `@often` is unknown",
            "use @hourly, @daily, @midnight, @weekly, @monthly, @yearly or @annually, or five fields"
        ),
        .init("@daily 5", .fieldCount, "column 8: something follows `@daily`", "remove it"),
        .init(
            "0 0 30 2 *", .neverFires, "day of month, column 5: none of the months has such a day",
            "use a day that exists, for example 28"
        ),
        .init(
            "0 0 31 feb,apr,jun *", .neverFires, "day of month, column 5: none of the months has such a day",
            "use a day that exists, for example 28"
        ),
        .init(
            "0 0 30 2 ,", .neverFires, "day of month, column 5: none of the months has such a day",
            "use a day that exists, for example 28"
        ),
        .init("* , * * *", .neverFires, "hour, column 3: the field has no values", "use `*` or 0 to 23"),
        .init("* * , * *", .neverFires, "day of month, column 5: the field has no values", "use `*` or 1 to 31"),
        .init("* * * , *", .neverFires, "month, column 7: the field has no values", "use `*` or 1 to 12 or jan to dec"),
        .init(
            "* * * * ,", .neverFires, "day of week, column 9: the field has no values",
            "use `*` or 0 to 6 or sun to sat"
        ),
        .init(
            "tz=UTC 0 9 * * *", .zone, "column 1: the zone's prefix is not in capitals",
            "begin with `TZ=` or `CRON_TZ=`"
        ),
        .init(
            " TZ=UTC 0 9 * * *", .zone, "column 2: white space stands before the zone",
            "begin with `TZ=` or `CRON_TZ=`"
        ),
        .init(
            "TZ=UTC", .zone, "column 7: nothing follows the zone",
            "write a space and five fields behind it, for example `TZ=UTC 0 9 * * *`"
        ),
        .init("TZ=UTC ", .fieldCount, "column 8: there are 0 fields", order),
        .init(
            "TZ=+02:00 0 9 * * *", .zone, "column 4: `+02:00` is an offset, not a zone",
            "use the name of a zone, for example `Europe/Berlin`"
        ),
        .init(
            "CRON_TZ=Nowhere/None 0 9 * * *", .zone, "column 9: the zone `Nowhere/None` is unknown",
            "use a name of the IANA time zone database, for example `Europe/Berlin`"
        ),
        .init(
            "TZ=europe/berlin 0 9 * * *", .zone, "column 4: the zone `europe/berlin` is unknown",
            "did you mean `Europe/Berlin`?"
        ),
        .init("TZ=Berlin 0 9 * * *", .zone, "column 4: the zone `Berlin` is unknown", "did you mean `Europe/Berlin`?"),
        .init(
            "TZ=Europe/Belrin 0 9 * * *", .zone, "column 4: the zone `Europe/Belrin` is unknown",
            "did you mean `Europe/Berlin`?"
        ),
        .init("TZ=CEST 0 9 * * *", .zone, "column 4: the zone `CEST` is unknown", "did you mean `Europe/Berlin`?"),
        .init(
            "TZ=Brazil/Sao_Paulo 0 9 * * *", .zone, "column 4: the zone `Brazil/Sao_Paulo` is unknown",
            "did you mean `America/Sao_Paulo`?"
        ),
        .init("x\u{7}y * * * *", .value, "minute, column 1: `x\\u{07}y` is not a value", "use 0 to 59"),
    ]

    @Test("an error says where, what is wrong and what to write", arguments: rows)
    func messages(_ row: Row) {
        let error = #expect(throws: CronError.self) { try CronSchedule(row.text) }
        #expect(error?.description == row.message)
        #expect(error?.kind == row.kind)
        #expect(error?.expression == row.text)
    }

    @Test("every kind of error has an example")
    func kinds() {
        let seen = Set(ErrorTests.rows.map(\.kind))
        #expect(seen.union([.tooLong]) == Set(CronError.Kind.allCases))
    }

    @Test(
        "names of zones cannot leave their directory",
        arguments: [
            "../../etc/passwd", "/etc/passwd", "Europe/../Europe/Berlin", "Europe//Berlin", "Europe/Berlin/", "Europe",
            "right/Europe/Berlin", "zone.tab", "tzdata.zi", "localtime", "posixrules", "GMT+2", "UTC+2", ".", "~",
            "Europe/Berlin\0", "Europe/Bérlin", "-Europe", "PST", String(repeating: "a/", count: 60) + "a",
        ]
    )
    func unsafeZones(name: String) {
        let error = #expect(throws: CronError.self) { try CronSchedule("TZ=\(name) 0 9 * * *") }
        #expect(error?.kind == .zone)
    }
}
