/// Says at which times of a day a schedule fires.
struct TimeWords {
    /// The sentence's part about times.
    let text: String
    /// Whether the text names single times, `at 09:00`, and not a rhythm, `every 15 minutes`.
    let namesTimes: Bool

    /// The most times that are listed one by one.
    private static let listed = 8

    /// Both sets must not be empty.
    init(minutes: [Int], hours: [Int]) {
        let minuteShape = ValueShape(minutes, of: .minute)
        let hourShape = ValueShape(hours, of: .hour)
        let rhythm =
            switch (minuteShape, hourShape) {
            case (.single(let minute), _): TimeWords.hourly(minute, hourShape)
            case (.all, _): TimeWords.throughout(hourShape, step: 1, first: 0)
            case (.cycle(let first, let step), _): TimeWords.throughout(hourShape, step: step, first: first)
            default: nil as String?
            }
        if let rhythm {
            text = rhythm
            namesTimes = false
        } else if minutes.count * hours.count <= TimeWords.listed {
            let times = hours.flatMap { hour in minutes.map { Phrases.time(hour: hour, minute: $0) } }
            text = "at " + Phrases.list(times)
            namesTimes = true
        } else {
            text = TimeWords.minutes(minuteShape) + " past " + TimeWords.hours(hourShape)
            namesTimes = false
        }
    }

    /// One minute of a rhythm of hours; nil if the hours have none.
    private static func hourly(_ minute: Int, _ hours: ValueShape) -> String? {
        let at = { (hour: Int) in Phrases.time(hour: hour, minute: minute) }
        switch hours {
        case .all:
            return minute == 0 ? "every hour" : "every hour at minute \(minute)"
        case .range(let range):
            return "every hour from \(at(range.lowerBound)) to \(at(range.upperBound))"
        case .cycle(let first, let step) where step < 12:
            let rhythm = Phrases.every(step, "hour")
            return first == 0 && minute == 0 ? rhythm : "\(rhythm) from \(at(first)) to \(at(24 - step + first))"
        case .progression(let first, let step, let last):
            return "\(Phrases.every(step, "hour")) from \(at(first)) to \(at(last))"
        case .single, .cycle, .list:
            return nil
        }
    }

    /// Minutes that go on evenly from hour to hour; nil if the hours have gaps.
    private static func throughout(_ hours: ValueShape, step: Int, first: Int) -> String? {
        let rhythm = Phrases.every(step, "minute")
        let last = 60 - step + first
        let between = { (start: Int, end: Int) in
            "\(rhythm) from \(Phrases.time(hour: start, minute: first)) to \(Phrases.time(hour: end, minute: last))"
        }
        switch hours {
        case .all:
            return first == 0 ? rhythm : "\(rhythm) from minute \(first) of every hour"
        case .single where step >= 20:
            // Two or three times are clearer one by one.
            return nil
        case .single(let hour):
            return between(hour, hour)
        case .range(let range):
            return between(range.lowerBound, range.upperBound)
        case .cycle, .progression, .list:
            return nil
        }
    }

    private static func minutes(_ shape: ValueShape) -> String {
        switch shape {
        case .all:
            "every minute"
        case .single(let minute):
            "at minute \(minute)"
        case .range(let range):
            "every minute from \(range.lowerBound) to \(range.upperBound)"
        case .cycle(let first, let step):
            "every \(Phrases.ordinal(step)) minute from \(first) to \(60 - step + first)"
        case .progression(let first, let step, let last):
            "every \(Phrases.ordinal(step)) minute from \(first) to \(last)"
        case .list(let minutes):
            "at minutes " + Phrases.list(minutes.map(String.init))
        }
    }

    private static func hours(_ shape: ValueShape) -> String {
        switch shape {
        case .all:
            "every hour"
        case .single(let hour):
            "hour \(hour)"
        case .range(let range):
            "every hour from \(range.lowerBound) to \(range.upperBound)"
        case .cycle(let first, let step):
            step == 12
                ? "hours \(first) and \(first + 12)"
                : "every \(Phrases.ordinal(step)) hour from \(first) to \(24 - step + first)"
        case .progression(let first, let step, let last):
            "every \(Phrases.ordinal(step)) hour from \(first) to \(last)"
        case .list(let hours):
            "hours " + Phrases.list(hours.map(String.init))
        }
    }
}
