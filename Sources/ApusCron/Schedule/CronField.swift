/// One of the five fields of an expression, in the order in which they are written.
public enum CronField: Int, CaseIterable, Hashable, Sendable, CustomStringConvertible {
    /// Minute of the hour, 0 to 59.
    case minute
    /// Hour of the day, 0 to 23.
    case hour
    /// Day of the month, 1 to 31.
    case dayOfMonth
    /// Month, 1 to 12 or `jan` to `dec`.
    case month
    /// Day of the week, 0 to 6 or `sun` to `sat`.
    case dayOfWeek

    /// The values that the field may have.
    public var range: ClosedRange<Int> {
        switch self {
        case .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...6
        }
    }

    /// The field's name in messages, for example `day of month`.
    public var description: String {
        switch self {
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day of month"
        case .month: "month"
        case .dayOfWeek: "day of week"
        }
    }

    /// The names of the field's values in lower case, the first for the lowest value; empty where there are none.
    var names: [String] {
        switch self {
        case .minute, .hour, .dayOfMonth:
            []
        case .month:
            ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        case .dayOfWeek:
            ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
        }
    }

    /// What the field accepts, for messages: `1 to 12 or jan to dec`.
    var allowed: String {
        let numbers = "\(range.lowerBound) to \(range.upperBound)"
        guard let first = names.first, let last = names.last else { return numbers }
        return "\(numbers) or \(first) to \(last)"
    }
}
