import ApusCore

/// A time by calendar and clock, in UTC or shifted by a zone's offset.
///
/// The calendar is the proleptic Gregorian one.
struct CivilTime {
    let year: Int64
    /// 1 to 12
    let month: Int64
    /// 1 to 31
    let day: Int64
    /// 1 to 366
    let dayOfYear: Int64
    /// 0 is Sunday
    let dayOfWeek: Int64
    let hour: Int64
    let minute: Int64
    let second: Int64
    let millisecond: Int64

    /// The times that the language has: the years 1 to 9999.
    static let range = Timestamp(milliseconds: -62_135_596_800_000)...Timestamp.distantFuture

    /// Splits a time that a zone shows so many seconds ahead of UTC.
    init(_ time: Timestamp, offset seconds: Int = 0) {
        let shifted = time.milliseconds.addingReportingOverflow(Int64(seconds) * 1_000).partialValue
        let (days, rest) = shifted.flooredDivision(by: 86_400_000)
        let date = CivilDate(daysSinceEpoch: days)
        (year, month, day) = (date.year, date.month, date.day)
        dayOfYear = days - CivilDate(year: year, month: 1, day: 1).daysSinceEpoch + 1
        dayOfWeek = (days + 4).flooredDivision(by: 7).remainder
        hour = rest / 3_600_000
        minute = rest / 60_000 % 60
        second = rest / 1_000 % 60
        millisecond = rest % 1_000
    }

    /// For example `2024-01-02 03:04:05.25 +0000 UTC`; only for times in UTC.
    var keyText: String {
        "\(date) \(clock)\(fraction) +0000 UTC"
    }

    /// For example `2024-01-02T03:04:05.25Z` (RFC 3339); only for times in UTC.
    var rfc3339: String {
        "\(date)T\(clock)\(fraction)Z"
    }

    private var date: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }

    private var clock: String { "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))" }

    private var fraction: String {
        guard millisecond > 0 else { return "" }
        var digits = padded(millisecond, 3)
        while digits.hasSuffix("0") {
            digits.removeLast()
        }
        return "." + digits
    }

    private func padded(_ number: Int64, _ count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(count - digits.count, 0)) + digits
    }
}
