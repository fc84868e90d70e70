// Times are found one stretch of constant offset at a time. Within a stretch the wall clock runs evenly,
// so the calendar alone decides. Wall times that a change of the clock skips lie in no stretch and are
// dropped; those that it repeats lie in two and fire twice.

extension CronSchedule {
    /// The first time after an instant.
    ///
    /// - Parameter milliseconds: An instant in milliseconds since the Unix epoch. One before the year 1
    ///   counts as the beginning of that year.
    /// - Returns: A time strictly later, at a full minute of the zone's wall clock; nil if there is none within
    ///   twelve years or before the year 10000.
    public func next(after milliseconds: Int64) -> Int64? {
        guard milliseconds < CronSchedule.latest else { return nil }
        let from = max(milliseconds, CronSchedule.earliest - 1)
        let second = from.flooredDivision(by: 1_000).quotient + 1
        var stretch = zone.stretch(containing: second)
        var start = (second + stretch.offset + 59).flooredDivision(by: 60).quotient
        // The pattern limits its first search itself.
        var limit = Int64.max

        var match = pattern.first(atOrAfter: start)
        while let minute = match, minute < limit {
            let time = minute * 60 - stretch.offset
            if time < stretch.end {
                return time * 1_000 > CronSchedule.latest ? nil : time * 1_000
            }
            if limit == .max {
                limit = CronSchedule.firstMinute(ofYear: start, plus: CalendarPattern.searchedYears + 1)
            }
            stretch = zone.stretch(containing: stretch.end)
            let begin = (stretch.start + stretch.offset + 59).flooredDivision(by: 60).quotient
            // The match is still the first one unless the clock jumped over it or behind the last search.
            if begin < start || begin > minute {
                start = begin
                match = pattern.first(atOrAfter: begin)
            }
        }
        return nil
    }

    /// The last time before an instant.
    ///
    /// - Parameter milliseconds: An instant in milliseconds since the Unix epoch. One after the year 9999
    ///   counts as the end of that year.
    /// - Returns: A time strictly earlier, at a full minute of the zone's wall clock; nil if there is none within
    ///   twelve years or after the beginning of the year 1.
    public func previous(before milliseconds: Int64) -> Int64? {
        guard milliseconds > CronSchedule.earliest else { return nil }
        let from = min(milliseconds, CronSchedule.latest + 1)
        let second = (from - 1).flooredDivision(by: 1_000).quotient
        var stretch = zone.stretch(containing: second)
        var start = (second + stretch.offset).flooredDivision(by: 60).quotient
        var limit = Int64.min

        var match = pattern.last(atOrBefore: start)
        while let minute = match, minute >= limit {
            let time = minute * 60 - stretch.offset
            if time >= stretch.start {
                return time * 1_000 < CronSchedule.earliest ? nil : time * 1_000
            }
            if limit == .min {
                limit = CronSchedule.firstMinute(ofYear: start, plus: -CalendarPattern.searchedYears)
            }
            stretch = zone.stretch(containing: stretch.start - 1)
            let end = (stretch.end - 1 + stretch.offset).flooredDivision(by: 60).quotient
            if end > start || end < minute {
                start = end
                match = pattern.last(atOrBefore: end)
            }
        }
        return nil
    }

    /// 0001-01-01T00:00:00Z, the first time that a schedule can have.
    private static let earliest: Int64 = -62_135_596_800_000
    /// 9999-12-31T23:59:59.999Z, after which a schedule has no times.
    private static let latest: Int64 = 253_402_300_799_999

    /// The first wall minute of the year that lies `years` after the year of `minute`.
    private static func firstMinute(ofYear minute: Int64, plus years: Int64) -> Int64 {
        let year = CivilDay(daysSinceEpoch: minute.flooredDivision(by: 1_440).quotient).year
        return CivilDay(year: year + years, month: 1, day: 1).daysSinceEpoch * 1_440
    }
}

// MARK: - Several times

extension CronSchedule {
    /// The most times that one question answers.
    public static let maximumCount = 10_000

    /// The next times, for a preview.
    ///
    /// - Parameters:
    ///   - milliseconds: The instant after which the first of them lies.
    ///   - count: How many; limited to ``maximumCount``.
    /// - Returns: Ascending instants in milliseconds since the Unix epoch; fewer than `count` if there are no more.
    public func upcoming(from milliseconds: Int64, count: Int) -> [Int64] {
        collect(from: milliseconds, before: nil, limit: count)
    }

    /// The times in a range, for a backfill.
    ///
    /// To go on after `limit` times, ask again from one millisecond past the last of them.
    ///
    /// - Parameters:
    ///   - range: The instants in milliseconds since the Unix epoch; the lower bound is part of it.
    ///   - limit: The most times to return; limited to ``maximumCount``.
    /// - Returns: Ascending instants.
    public func times(in range: Range<Int64>, limit: Int) -> [Int64] {
        guard !range.isEmpty else { return [] }
        return collect(from: max(range.lowerBound, .min + 1) - 1, before: range.upperBound, limit: limit)
    }

    private func collect(from start: Int64, before end: Int64?, limit: Int) -> [Int64] {
        let limit = min(max(limit, 0), CronSchedule.maximumCount)
        var times: [Int64] = []
        var last = start
        while times.count < limit, let time = next(after: last), end.map({ time < $0 }) ?? true {
            times.append(time)
            last = time
        }
        return times
    }
}
