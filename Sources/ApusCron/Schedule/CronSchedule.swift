/// A schedule in cron's notation: five fields, and optionally the zone whose wall clock they read.
///
///     let schedule = try CronSchedule("TZ=Europe/Berlin 0 9 * * mon-fri")
///     schedule.next(after: now)   // milliseconds since the Unix epoch
///     schedule.words              // "every weekday at 09:00, Europe/Berlin"
///
/// The fields are minute, hour, day of month, month and day of week. Each is a list of values, names,
/// ranges and steps: `0,30`, `mon-fri`, `*/15`, `10-50/20`. If both day fields are restricted, a day
/// that matches either of them matches. A schedule without a zone reads UTC. `@daily` and its
/// relatives stand for the fields they abbreviate.
///
/// A schedule is a plain value; asking it for times takes no lock and allocates nothing.
public struct CronSchedule: Sendable {
    /// The expression as it was written.
    public let text: String
    /// The name of the zone as written, `UTC` where none or `Local` is written.
    public var zoneName: String { zone.name }
    /// Whether the expression begins with `TZ=` or `CRON_TZ=`.
    public let namesZone: Bool

    let pattern: CalendarPattern
    let zone: Zone

    /// The most bytes that an expression may have.
    public static let maximumLength = 255

    /// Reads an expression.
    ///
    /// - Parameters:
    ///   - text: The expression, up to 255 bytes.
    ///   - allowsDescriptors: Whether `@daily`, `@hourly` and the like are accepted. The reference server
    ///     refuses them.
    /// - Throws: ``CronError`` with the field, the column and what would be allowed. An expression that follows
    ///   the grammar but names no date that exists, such as `0 0 30 2 *`, is the kind ``CronError/Kind/neverFires``.
    public init(_ text: String, allowsDescriptors: Bool = true) throws(CronError) {
        try self.init(text, allowsDescriptors: allowsDescriptors, zones: .system)
    }

    /// Reads an expression with zones from a catalog of the caller's.
    package init(_ text: String, allowsDescriptors: Bool = true, zones: ZoneCatalog) throws(CronError) {
        var parser = try CronParser(text, allowsDescriptors: allowsDescriptors)
        zone = try parser.parseZone(from: zones)
        namesZone = parser.namesZone
        pattern = try parser.parseFields()
        self.text = text
    }

    /// The values that a field allows, in ascending order. Whether the day fields are joined by "and" or
    /// "or" is not visible here; see ``words``.
    public func values(of field: CronField) -> [Int] {
        switch field {
        case .minute: pattern.minutes.values
        case .hour: pattern.hours.values
        case .dayOfMonth: pattern.days.values
        case .month: pattern.months.values
        case .dayOfWeek: pattern.weekdays.values
        }
    }
}

extension CronSchedule: Hashable, CustomStringConvertible {
    /// Whether both were written with the same bytes.
    public static func == (left: CronSchedule, right: CronSchedule) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// Hashes the text.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(text)
    }

    /// The expression as it was written.
    public var description: String { text }
}
