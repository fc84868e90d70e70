import ApusCore

/// A time by calendar and clock, in UTC or shifted by a zone's offset.
///
/// The calendar is the proleptic Gregorian one; the conversion is Howard Hinnant's `civil_from_days`.
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
        let (days, rest) = CivilTime.floored(shifted, by: 86_400_000)
        let (era, dayOfEra) = CivilTime.floored(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        // Years of this algorithm start in March.
        let dayOfShiftedYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfShiftedYear + 2) / 153
        day = dayOfShiftedYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        dayOfYear = month <= 2 ? dayOfShiftedYear - 305 : dayOfShiftedYear + (isLeap ? 61 : 60)
        dayOfWeek = CivilTime.floored(days + 4, by: 7).remainder
        hour = rest / 3_600_000
        minute = rest / 60_000 % 60
        second = rest / 1_000 % 60
        millisecond = rest % 1_000
    }

    private static func floored(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
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
