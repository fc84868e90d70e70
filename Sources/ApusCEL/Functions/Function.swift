/// The functions that exist; the raw value is the name in the language.
///
/// Each can be called as `f(x)` or `x.f()`. Where types are checked, only the usual form is accepted.
enum Function: String, Hashable, Sendable, CaseIterable {
    // Of any value
    case size, dyn, type
    // Conversions
    case int, uint, double, string, bool, bytes, timestamp, duration
    // Texts
    case contains, startsWith, endsWith, matches, lowercase, uppercase, b64decode
    case jsonParse = "json_parse"
    // Times
    case date, now
    case nowPlus = "now_plus"
    case nowMinus = "now_minus"
    // Parts of times and durations
    case getFullYear, getMonth, getDate, getDayOfMonth, getDayOfWeek, getDayOfYear
    case getHours, getMinutes, getSeconds, getMilliseconds

    /// How many arguments the function takes, a receiver counted.
    var arity: ClosedRange<Int> {
        switch self {
        case .now: 0...0
        case .contains, .startsWith, .endsWith, .matches: 2...2
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear, .getHours, .getMinutes,
            .getSeconds, .getMilliseconds:
            1...2
        default: 1...1
        }
    }

    /// Whether the function's failure ends the whole evaluation.
    var mayAbort: Bool {
        switch self {
        case .date, .nowPlus, .nowMinus: true
        default: false
        }
    }

    /// Whether the result depends on when it is asked for.
    var isOfNow: Bool {
        switch self {
        case .now, .nowPlus, .nowMinus: true
        default: false
        }
    }
}
