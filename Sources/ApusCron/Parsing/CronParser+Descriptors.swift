extension CronParser {
    /// The words that stand for five fields.
    private static let descriptors: [String: CalendarPattern] = [
        "@hourly": pattern(hours: nil),
        "@daily": pattern(),
        "@midnight": pattern(),
        "@weekly": pattern(weekday: 0),
        "@monthly": pattern(day: 1),
        "@yearly": pattern(day: 1, month: 1),
        "@annually": pattern(day: 1, month: 1),
    ]

    /// Reads a text whose first word begins with `@`.
    ///
    /// - Throws: ``CronError`` of the kinds `descriptor` and `fieldCount`.
    func parseDescriptor(_ tokens: [Token]) throws(CronError) -> CalendarPattern {
        let word = tokens[0]
        let start = word.startIndex
        let name = String(String.UnicodeScalarView(word))
        switch name.lowercased() {
        case "@every":
            throw error(
                .descriptor, at: start, "`@every` is not supported, because a schedule follows the clock",
                "use steps, for example `*/15 * * * *` for every 15 minutes or `0 */2 * * *` for every 2 hours"
            )
        case "@reboot":
            throw error(
                .descriptor, at: start, "`@reboot` is not supported, because schedules outlive restarts",
                "send an event when your app starts"
            )
        default:
            break
        }
        guard let pattern = CronParser.descriptors[name] else {
            let known = "@hourly, @daily, @midnight, @weekly, @monthly, @yearly or @annually"
            throw error(
                .descriptor, at: start, "\(Quoted.text(word)) is unknown",
                allowsDescriptors ? "use \(known), or five fields" : "write five fields, for example `0 9 * * *`"
            )
        }
        guard allowsDescriptors else {
            throw error(
                .descriptor, at: start, "\(Quoted.text(word)) is not allowed here",
                "write five fields, for example `0 0 * * *` for every day"
            )
        }
        guard tokens.count == 1 else {
            throw error(.fieldCount, at: tokens[1].startIndex, "something follows \(Quoted.text(word))", "remove it")
        }
        return pattern
    }

    /// Midnight or, without hours, every full hour of the given days.
    private static func pattern(
        hours: Int? = 0,
        day: Int? = nil,
        month: Int? = nil,
        weekday: Int? = nil
    ) -> CalendarPattern {
        CalendarPattern(
            minutes: values(0, of: .minute),
            hours: values(hours, of: .hour),
            days: values(day, of: .dayOfMonth),
            months: values(month, of: .month),
            weekdays: values(weekday, of: .dayOfWeek)
        )
    }

    private static func values(_ value: Int?, of field: CronField) -> FieldValues {
        var values = FieldValues(bits: 0, isStar: value == nil)
        values.insert(value.map { $0...$0 } ?? field.range, step: 1)
        return values
    }
}
