/// Dates as people and SDKs write them.
///
/// The accepted forms and their tolerance (one-digit hours, a fraction after any seconds, a comma as
/// decimal point, runs of spaces, names in any case) are those of the protocol's other server.
public enum DateText {
    /// The longest text that is looked at, in bytes; no accepted form needs half of it.
    public static let limit = 128

    /// Parses a date in the first form that fits, or answers nil.
    ///
    /// 1. RFC 3339, with fraction and offset, or the same without a zone (UTC)
    /// 2. `Mon, 02 Jan 2006 15:04:05 MST`, `Monday, 02-Jan-06 15:04:05 MST`
    /// 3. `02 Jan 06 15:04 MST`, `02 Jan 06 15:04 -0700`
    /// 4. `Mon Jan 02 15:04:05 -0700 2006`, `Mon Jan _2 15:04:05 MST 2006`, `Mon Jan _2 15:04:05 2006`
    /// 5. `Jan _2 15:04:05`, which means the year 0
    /// 6. `2006-01-02`, `2006-01-02 15:04:05.999999999 -0700 MST`
    ///
    /// A zone given by name only has no effect: the time is taken as UTC. Two-digit years from 69 on
    /// belong to the 20th century. Fractions below a millisecond are cut off.
    public static func parse(_ text: String) -> Timestamp? {
        parse(text, as: layouts)
    }

    /// Parses an RFC 3339 date, for example `2026-11-21T07:18:45.923+01:00`, or answers nil.
    public static func parseRFC3339(_ text: String) -> Timestamp? {
        parse(text, as: layouts[...0])
    }

    private static func parse(_ text: String, as layouts: some Sequence<DateLayout>) -> Timestamp? {
        let bytes = Array(text.utf8.prefix(limit + 1))
        guard bytes.count <= limit else { return nil }
        for layout in layouts {
            var reader = DateReader(bytes)
            if let time = reader.read(layout) {
                return time
            }
        }
        return nil
    }

    private static let layouts: [DateLayout] = [
        [.year, "-", .month, "-", .day, "T", .time, .colonOffset],
        [.year, "-", .month, "-", .day, "T", .time],
        [.shortWeekday, ", ", .day, " ", .monthName, " ", .year, " ", .time, " ", .zoneName],
        [.day, " ", .monthName, " ", .shortYear, " ", .hourAndMinute, " ", .zoneName],
        [.day, " ", .monthName, " ", .shortYear, " ", .hourAndMinute, " ", .plainOffset],
        [.longWeekday, ", ", .day, "-", .monthName, "-", .shortYear, " ", .time, " ", .zoneName],
        [.shortWeekday, " ", .monthName, " ", .day, " ", .time, " ", .plainOffset, " ", .year],
        [.shortWeekday, " ", .monthName, " ", .looseDay, " ", .time, " ", .zoneName, " ", .year],
        [.shortWeekday, " ", .monthName, " ", .looseDay, " ", .time, " ", .year],
        [.monthName, " ", .looseDay, " ", .time],
        [.year, "-", .month, "-", .day],
        [.year, "-", .month, "-", .day, " ", .time, " ", .plainOffset, " ", .zoneName],
    ]
}

/// A form of dates: fields and the text between them, in order.
typealias DateLayout = [DateField]

/// One piece of a ``DateLayout``.
enum DateField: ExpressibleByStringLiteral, Sendable {
    /// Text that must appear; a space stands for any number of spaces, at the end also none.
    case text(StaticString)
    /// Four digits.
    case year
    /// Two digits; 69 to 99 mean 19xx, others 20xx.
    case shortYear
    /// Two digits, 1 to 12.
    case month
    /// `Jan` to `Dec`, in any case.
    case monthName
    /// Two digits, at most the days of the month.
    case day
    /// One or two digits.
    case looseDay
    /// `Mon` to `Sun`; not compared with the date.
    case shortWeekday
    /// `Monday` to `Sunday`; not compared with the date.
    case longWeekday
    /// One or two digits of hours, and minutes.
    case hourAndMinute
    /// The same with seconds and an optional fraction.
    case time
    /// `Z` or `+01:00`.
    case colonOffset
    /// `+0100`.
    case plainOffset
    /// An abbreviation such as `UTC`, `EST` or `GMT+2`; see ``DateText/parse(_:)``.
    case zoneName

    init(stringLiteral value: StaticString) {
        self = .text(value)
    }
}
