/// Says on which days and in which months a schedule fires.
struct DayWords {
    private let days: ValueShape
    private let weekdays: ValueShape
    private let months: ValueShape

    /// The sets of a schedule that fires sometimes.
    init(_ pattern: CalendarPattern) {
        let isEither = !pattern.days.isStar && !pattern.weekdays.isStar
        var days = DayWords.shape(pattern.days, of: .dayOfMonth)
        var weekdays = DayWords.shape(pattern.weekdays, of: .dayOfWeek)
        if isEither {
            // One of two fields is enough: all days of either are all days, and no days of one leave the other.
            if days == .all || weekdays == .all {
                (days, weekdays) = (.all, .all)
            }
            days = days ?? .all
            weekdays = weekdays ?? .all
        }
        self.days = days ?? .all
        self.weekdays = weekdays ?? .all
        months = DayWords.shape(pattern.months, of: .month) ?? .all
    }

    private static func shape(_ values: FieldValues, of field: CronField) -> ValueShape? {
        let list = values.values
        return list.isEmpty ? nil : ValueShape(list, of: field)
    }

    /// A sentence of the times and these days: `every Friday at 09:00`, `every 15 minutes in May`.
    func sentence(_ time: TimeWords) -> String {
        switch (days, weekdays) {
        case (.all, .all):
            time.namesTimes ? "every day \(time.text)\(inMonths)" : time.text + inMonths
        case (.all, _):
            time.namesTimes ? "\(everyWeekday) \(time.text)\(inMonths)" : "\(time.text) on \(plainWeekdays)\(inMonths)"
        case (_, .all):
            "\(time.text) on \(daysOfMonth) \(ofMonths)"
        default:
            "\(time.text) on \(daysOfMonth) \(ofMonths) and also on \(everyWeekday)\(inMonths)"
        }
    }
}

// MARK: - Parts

extension DayWords {
    /// `every weekday`, `every Monday and Friday`, `every day from Monday to Thursday`.
    private var everyWeekday: String {
        switch weekdays {
        case .all: "every day"
        case .range(1...5): "every weekday"
        case .range(let range): "every day from \(name(range.lowerBound)) to \(name(range.upperBound))"
        default: "every " + Phrases.list(values(weekdays).map(name))
        }
    }

    /// `weekdays`, `Mondays and Fridays`, `the days from Monday to Thursday`.
    private var plainWeekdays: String {
        switch weekdays {
        case .all: "all days"
        case .range(1...5): "weekdays"
        case .range(let range): "the days from \(name(range.lowerBound)) to \(name(range.upperBound))"
        default: Phrases.list(values(weekdays).map { name($0) + "s" })
        }
    }

    /// `the 1st and 15th`, `the 1st to 7th`, `every 2nd day from the 1st to the 31st`.
    private var daysOfMonth: String {
        switch days {
        case .all:
            "every day"
        case .single(let day):
            "the " + Phrases.ordinal(day)
        case .range(let range):
            "the \(Phrases.ordinal(range.lowerBound)) to \(Phrases.ordinal(range.upperBound))"
        case .progression(let first, let step, let last) where (last - first) / step > 3:
            "every \(Phrases.ordinal(step)) day from the \(Phrases.ordinal(first)) to the \(Phrases.ordinal(last))"
        case .progression, .cycle, .list:
            "the " + Phrases.list(values(days).map(Phrases.ordinal))
        }
    }

    /// `of every month`, `of January and July`.
    private var ofMonths: String {
        months == .all ? "of every month" : "of " + namesOfMonths
    }

    /// Nothing, ` in January and July`.
    private var inMonths: String {
        months == .all ? "" : " in " + namesOfMonths
    }

    private var namesOfMonths: String {
        Phrases.list(values(months).map { Phrases.months[$0 - 1] })
    }

    private func name(_ weekday: Int) -> String {
        Phrases.weekdays[weekday]
    }

    private func values(_ shape: ValueShape) -> [Int] {
        switch shape {
        case .all: []
        case .single(let value): [value]
        case .range(let range): Array(range)
        case .cycle(let first, let step): [first, first + step]
        case .progression(let first, let step, let last): Array(stride(from: first, through: last, by: step))
        case .list(let values): values
        }
    }
}
