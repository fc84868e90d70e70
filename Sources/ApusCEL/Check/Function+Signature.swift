extension Function {
    /// Whether `x.f()` is declared.
    var isMethod: Bool {
        switch self {
        case .size, .contains, .startsWith, .endsWith, .matches, .getFullYear, .getMonth, .getDate, .getDayOfMonth,
            .getDayOfWeek, .getDayOfYear, .getHours, .getMinutes, .getSeconds, .getMilliseconds:
            true
        default: false
        }
    }

    /// Whether `f(x)` is declared.
    var isGlobal: Bool {
        !isMethod || self == .size || self == .matches
    }

    /// The types that each argument may have; all of them where the list is empty.
    var argumentTypes: [[ValueType?]] {
        switch self {
        case .size: [[.string, .bytes, .list, .map]]
        case .contains, .startsWith, .endsWith, .matches: [[.string], [.string]]
        case .getHours, .getMinutes, .getSeconds, .getMilliseconds: [[.timestamp, .duration], [.string]]
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear:
            [[.timestamp], [.string]]
        default: []
        }
    }

    /// The type of the result; nil when it depends on the argument.
    var resultType: ValueType? {
        switch self {
        case .size, .int: .int
        case .dyn: nil
        case .type: .type
        case .uint: .uint
        case .double: .double
        case .string, .lowercase, .uppercase, .b64decode: .string
        case .bool, .contains, .startsWith, .endsWith, .matches: .bool
        case .bytes: .bytes
        case .timestamp, .date, .now, .nowPlus, .nowMinus: .timestamp
        case .duration: .duration
        case .jsonParse: .map
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear, .getHours, .getMinutes,
            .getSeconds, .getMilliseconds:
            .int
        }
    }
}
