/// A day of the proleptic Gregorian calendar, and its number in days since 1970-01-01.
///
/// The conversions count from 1 March, so that the leap day is the last day of a shifted year; every
/// 400 years have the same 146,097 days.
struct CivilDay: Hashable, Sendable {
    /// The year; 0 is 1 BC.
    var year: Int64
    /// The month, 1 to 12.
    var month: Int
    /// The day of the month, 1 to 31.
    var day: Int

    /// Makes a day from its parts, which the caller has checked.
    init(year: Int64, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day that lies `days` after 1970-01-01; within ± 10^12 days.
    init(daysSinceEpoch days: Int64) {
        let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = Int(dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100))
        let monthsAfterMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthsAfterMarch + 2) / 5 + 1
        month = monthsAfterMarch < 10 ? monthsAfterMarch + 3 : monthsAfterMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01; the year must be within ± 10^9.
    var daysSinceEpoch: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shiftedYear.flooredDivision(by: 400)
        let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The day of the week of the day with this number, 0 for Sunday.
    static func weekday(ofDay daysSinceEpoch: Int64) -> Int {
        // 1970-01-01 was a Thursday.
        Int((daysSinceEpoch + 4).flooredDivision(by: 7).remainder)
    }

    /// The number of days in a month, 1 to 12, of a year.
    static func length(ofMonth month: Int, in year: Int64) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Whether the year has a 29 February.
    static func isLeap(_ year: Int64) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }
}

extension Int64 {
    /// The quotient rounded towards minus infinity, and the remainder from 0 up to below the positive divisor.
    @inline(__always)
    func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
