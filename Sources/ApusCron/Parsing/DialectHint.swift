/// Recognises the notation of other cron dialects, to say what to write instead.
struct DialectHint {
    /// What the notation is.
    let problem: String
    /// What to do without it.
    let advice: String

    /// Nil if the item has nothing of `L`, `W`, `#` and `H`.
    init?(_ token: CronParser.Token, of field: CronField) {
        let word = String(String.UnicodeScalarView(token)).uppercased()
        let isDay = field == .dayOfMonth || field == .dayOfWeek
        if isDay, word.contains("#") {
            problem = "`#` (the n-th weekday of a month) is not supported"
            advice = "name the weekday and check the date in the function"
        } else if isDay, word == "L" || word.hasPrefix("L-") {
            problem = "`L` (the last day) is not supported"
            advice =
                field == .dayOfMonth
                ? "use `28-31` and check in the function that tomorrow is the 1st, or run on the 1st"
                : "write 6 or sat for Saturday"
        } else if isDay, word.hasSuffix("L"), DialectHint.isValue(word.dropLast(), of: field) {
            problem = "`L` (the last such weekday of a month) is not supported"
            advice = "name the weekday and check the date in the function"
        } else if field == .dayOfMonth, word.hasSuffix("W"), DialectHint.isValue(word.dropLast(), of: field) {
            problem = "`W` (the nearest weekday) is not supported"
            advice = "name the days that may be meant and check the weekday in the function"
        } else if word == "H" || word.hasPrefix("H/") || word.hasPrefix("H(") {
            problem = "`H` (a hashed value) is not supported"
            advice = "name a value, and use jitter to spread the runs"
        } else {
            return nil
        }
    }

    /// Whether `L` or `W` may follow this text: a number, a name or, for `LW`, an `L`.
    private static func isValue(_ text: Substring, of field: CronField) -> Bool {
        guard !text.isEmpty else { return field == .dayOfMonth }
        return text.allSatisfy { $0.isASCII && $0.isNumber } || text == "L" || field.names.contains(text.lowercased())
    }
}
