/// Which minutes of a wall calendar an expression names. It knows nothing of zones or instants.
///
/// A wall minute is the number of minutes since 1970-01-01 00:00 on the wall clock, as if every day
/// had 24 hours. The searches step from field to field and never minute by minute.
struct CalendarPattern: Hashable, Sendable {
    var minutes: FieldValues
    var hours: FieldValues
    var days: FieldValues
    var months: FieldValues
    var weekdays: FieldValues

    /// How many years past the year of its start a search goes: further than the eight years between the leap
    /// days around 2100, and one leap day more in case that one falls into a gap of the clock.
    static let searchedYears: Int64 = 12

    /// Whether a day must match both day fields. Otherwise one of the two is enough.
    @inline(__always)
    private var needsBothDays: Bool { days.isStar || weekdays.isStar }

    /// Whether some minute of some year matches.
    var everMatches: Bool {
        guard minutes.bits != 0, hours.bits != 0, months.bits != 0 else { return false }
        // 2000 is a leap year. A star holds all values, so where both fields count, one of them does not restrict.
        let someDay = months.values.contains { month in
            (1...CivilDay.length(ofMonth: month, in: 2000)).contains(where: days.contains)
        }
        let someWeekday = weekdays.bits != 0
        return needsBothDays ? someDay && someWeekday : someDay || someWeekday
    }

    /// The days of a month that match; bit n stands for day n.
    ///
    /// - Parameters:
    ///   - first: The number of the month's first day, counted from 1970-01-01.
    ///   - length: The number of the month's days.
    @inline(__always)
    private func matchingDays(from first: Int64, length: Int) -> UInt64 {
        let weekday = UInt64(truncatingIfNeeded: CivilDay.weekday(ofDay: first))
        // The week turned so that bit 0 is the weekday of the first, then repeated over five weeks.
        let week = (weekdays.bits &>> weekday | weekdays.bits &<< (7 - weekday)) & 0x7F
        let byWeekday = (week &* 0x1020_4081) &<< 1
        let matching = needsBothDays ? days.bits & byWeekday : days.bits | byWeekday
        return matching & (2 &<< UInt64(truncatingIfNeeded: length) &- 2)
    }
}

// MARK: - Forwards

extension CalendarPattern {
    /// The first matching wall minute that is not before `minute`; nil if the next ``searchedYears`` years have none.
    func first(atOrAfter minute: Int64) -> Int64? {
        let (dayNumber, time) = minute.flooredDivision(by: 1_440)
        let date = CivilDay(daysSinceEpoch: dayNumber)
        if months.contains(date.month) {
            let length = CivilDay.length(ofMonth: date.month, in: date.year)
            let matching = matchingDays(from: dayNumber - Int64(date.day - 1), length: length)
            if matching & (1 << UInt64(date.day)) != 0, let time = firstTime(atOrAfter: Int(time)) {
                return dayNumber * 1_440 + Int64(time)
            }
            if let day = matching.firstBit(atOrAfter: date.day + 1) {
                return (dayNumber + Int64(day - date.day)) * 1_440 + Int64(earliestTime)
            }
        }
        var (year, month) = (date.year, date.month)
        let lastYear = year + CalendarPattern.searchedYears
        while true {
            if let next = months.bits.firstBit(atOrAfter: month + 1) {
                month = next
            } else {
                year += 1
                month = months.bits.trailingZeroBitCount
                guard year <= lastYear, month <= 12 else { return nil }
            }
            let first = CivilDay(year: year, month: month, day: 1).daysSinceEpoch
            let length = CivilDay.length(ofMonth: month, in: year)
            if let day = matchingDays(from: first, length: length).firstBit(atOrAfter: 1) {
                return (first + Int64(day - 1)) * 1_440 + Int64(earliestTime)
            }
        }
    }

    /// The first time of day, in minutes since midnight; the sets must not be empty.
    private var earliestTime: Int {
        hours.bits.trailingZeroBitCount * 60 + minutes.bits.trailingZeroBitCount
    }

    private func firstTime(atOrAfter time: Int) -> Int? {
        let hour = time / 60
        if hours.contains(hour), let minute = minutes.bits.firstBit(atOrAfter: time % 60) {
            return hour * 60 + minute
        }
        return hours.bits.firstBit(atOrAfter: hour + 1).map { $0 * 60 + minutes.bits.trailingZeroBitCount }
    }
}

// MARK: - Backwards

extension CalendarPattern {
    /// The last matching wall minute that is not after `minute`; nil if the ``searchedYears`` years before have none.
    func last(atOrBefore minute: Int64) -> Int64? {
        let (dayNumber, time) = minute.flooredDivision(by: 1_440)
        let date = CivilDay(daysSinceEpoch: dayNumber)
        if months.contains(date.month) {
            let length = CivilDay.length(ofMonth: date.month, in: date.year)
            let matching = matchingDays(from: dayNumber - Int64(date.day - 1), length: length)
            if matching & (1 << UInt64(date.day)) != 0, let time = lastTime(atOrBefore: Int(time)) {
                return dayNumber * 1_440 + Int64(time)
            }
            if let day = matching.lastBit(atOrBefore: date.day - 1) {
                return (dayNumber - Int64(date.day - day)) * 1_440 + Int64(latestTime)
            }
        }
        var (year, month) = (date.year, date.month)
        let firstYear = year - CalendarPattern.searchedYears
        while true {
            if let next = months.bits.lastBit(atOrBefore: month - 1) {
                month = next
            } else {
                year -= 1
                month = 63 - months.bits.leadingZeroBitCount
                guard year >= firstYear, month >= 1 else { return nil }
            }
            let first = CivilDay(year: year, month: month, day: 1).daysSinceEpoch
            let length = CivilDay.length(ofMonth: month, in: year)
            if let day = matchingDays(from: first, length: length).lastBit(atOrBefore: 31) {
                return (first + Int64(day - 1)) * 1_440 + Int64(latestTime)
            }
        }
    }

    /// The last time of day, in minutes since midnight; the sets must not be empty.
    private var latestTime: Int {
        (63 - hours.bits.leadingZeroBitCount) * 60 + 63 - minutes.bits.leadingZeroBitCount
    }

    private func lastTime(atOrBefore time: Int) -> Int? {
        let hour = time / 60
        if hours.contains(hour), let minute = minutes.bits.lastBit(atOrBefore: time % 60) {
            return hour * 60 + minute
        }
        guard hour > 0, let earlier = hours.bits.lastBit(atOrBefore: hour - 1) else { return nil }
        return earlier * 60 + 63 - minutes.bits.leadingZeroBitCount
    }
}
