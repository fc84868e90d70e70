/// The rule at the end of a TZif file: a POSIX `TZ` string with the extensions of RFC 9636, for example
/// `CET-1CEST,M3.5.0,M10.5.0/3`.
struct PosixRule: Hashable, Sendable {
    /// The standard offset in seconds, positive east of Greenwich.
    let offset: Int32
    private var saving: Saving?

    private struct Saving: Hashable, Sendable {
        var offset: Int32
        var start: YearDay
        var end: YearDay
    }

    /// A moment that comes once a year, on the wall clock.
    private struct YearDay: Hashable, Sendable {
        enum Day: Hashable, Sendable {
            /// `Jn`: day 1 to 365, where 29 February is never counted.
            case withoutLeapDay(Int)
            /// `n`: day 0 to 365, where 29 February is counted.
            case withLeapDay(Int)
            /// `Mm.w.d`: the w-th weekday d of month m; the fifth is the last.
            case weekday(month: Int, week: Int, day: Int)
        }

        var day: Day
        /// Seconds after midnight; may be negative or beyond a day.
        var time: Int64

        /// Seconds since 1970-01-01 00:00 on the wall clock.
        func wallSecond(in year: Int64) -> Int64 {
            let newYear = CivilDay(year: year, month: 1, day: 1).daysSinceEpoch
            let dayNumber: Int64
            switch day {
            case .withoutLeapDay(let number):
                dayNumber = newYear + Int64(number - 1) + (CivilDay.isLeap(year) && number > 59 ? 1 : 0)
            case .withLeapDay(let number):
                dayNumber = newYear + Int64(number)
            case .weekday(let month, let week, let day):
                let first = CivilDay(year: year, month: month, day: 1).daysSinceEpoch
                let inFirstWeek = (day - CivilDay.weekday(ofDay: first) + 7) % 7
                let length = CivilDay.length(ofMonth: month, in: year)
                let offset = inFirstWeek + (week - 1) * 7
                dayNumber = first + Int64(offset < length ? offset : offset - 7)
            }
            return dayNumber * 86_400 + time
        }
    }

    /// The changes whose wall date belongs to a year, in ascending order.
    func changes(in year: Int64) -> [Zone.Change] {
        guard let saving else { return [] }
        let start = Zone.Change(
            second: saving.start.wallSecond(in: year) - Int64(offset),
            offset: saving.offset
        )
        let end = Zone.Change(
            second: saving.end.wallSecond(in: year) - Int64(saving.offset),
            offset: offset
        )
        return start.second < end.second ? [start, end] : [end, start]
    }
}

// MARK: - Parsing

extension PosixRule {
    /// Nil if the text does not follow the grammar.
    init?(_ text: some Collection<UInt8>) {
        var reader = Reader(rest: Array(text)[...])
        guard reader.skipName(), let offset = reader.readOffset() else { return nil }
        self.offset = offset
        guard !reader.rest.isEmpty else { return }
        guard reader.skipName() else { return nil }
        var savingOffset = offset + 3_600
        if let first = reader.rest.first, first != UInt8(ascii: ",") {
            guard let explicit = reader.readOffset() else { return nil }
            savingOffset = explicit
        }
        guard reader.skip(","), let start = reader.readYearDay(), reader.skip(","), let end = reader.readYearDay(),
            reader.rest.isEmpty
        else { return nil }
        saving = Saving(offset: savingOffset, start: start, end: end)
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: character) else { return false }
            rest.removeFirst()
            return true
        }

        /// Skips an abbreviation such as `CET` or `<+03>`.
        mutating func skipName() -> Bool {
            if skip("<") {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
                rest = rest[(end + 1)...]
                return true
            }
            let letters = rest.prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
            rest = rest[letters.endIndex...]
            return letters.count >= 3
        }

        /// An offset, which the notation counts positive west of Greenwich.
        mutating func readOffset() -> Int32? {
            readTime(maximumHours: 24).map { Int32(-$0) }
        }

        mutating func readYearDay() -> YearDay? {
            let day: YearDay.Day
            if skip("M") {
                guard let month = readNumber(1...12), skip("."), let week = readNumber(1...5), skip("."),
                    let weekday = readNumber(0...6)
                else { return nil }
                day = .weekday(month: month, week: week, day: weekday)
            } else if skip("J") {
                guard let number = readNumber(1...365) else { return nil }
                day = .withoutLeapDay(number)
            } else {
                guard let number = readNumber(0...365) else { return nil }
                day = .withLeapDay(number)
            }
            guard skip("/") else { return YearDay(day: day, time: 7_200) }
            return readTime(maximumHours: 167).map { YearDay(day: day, time: $0) }
        }

        /// `[+-]hh[:mm[:ss]]` in seconds.
        private mutating func readTime(maximumHours: Int) -> Int64? {
            let negative = skip("-")
            if !negative {
                _ = skip("+")
            }
            guard let hours = readNumber(0...maximumHours) else { return nil }
            var seconds = hours * 3_600
            for unit in [60, 1] where skip(":") {
                guard let number = readNumber(0...59) else { return nil }
                seconds += number * unit
            }
            return Int64(negative ? -seconds : seconds)
        }

        private mutating func readNumber(_ range: ClosedRange<Int>) -> Int? {
            var number = 0
            var count = 0
            while let byte = rest.first, case let digit = byte &- UInt8(ascii: "0"), digit < 10, count < 4 {
                number = number * 10 + Int(digit)
                count += 1
                rest.removeFirst()
            }
            return count > 0 && range.contains(number) ? number : nil
        }
    }
}
