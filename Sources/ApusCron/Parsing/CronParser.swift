/// Reads an expression: first its zone, then its fields.
///
/// The text is at most 255 bytes, and every scalar is looked at a fixed number of times.
struct CronParser {
    /// A run of scalars without white space, or a part of one.
    typealias Token = ArraySlice<Unicode.Scalar>

    private let text: String
    private let scalars: [Unicode.Scalar]
    /// Whether `@daily` and the like are accepted.
    let allowsDescriptors: Bool
    /// The scalars behind the zone.
    private var rest: Token
    /// Whether the text begins with a zone.
    private(set) var namesZone = false

    /// Starts at the beginning of a text.
    ///
    /// - Throws: ``CronError`` of the kinds `tooLong` and `empty`.
    init(_ text: String, allowsDescriptors: Bool) throws(CronError) {
        self.text = text
        self.allowsDescriptors = allowsDescriptors
        // A text that is far too long is not even copied.
        guard text.utf8.count <= CronSchedule.maximumLength else {
            throw CronError(
                kind: .tooLong, field: nil, column: CronSchedule.maximumLength + 1,
                problem: "the expression has \(text.utf8.count) bytes",
                advice: "use at most \(CronSchedule.maximumLength)",
                expression: Quoted.text(text.unicodeScalars.prefix(65))
            )
        }
        scalars = Array(text.unicodeScalars)
        rest = scalars[...]
        guard scalars.contains(where: { !$0.properties.isWhitespace }) else {
            throw error(.empty, at: 0, "the expression is empty", "write five fields, for example `0 9 * * *`")
        }
    }

    /// An error about the scalar with this index.
    func error(
        _ kind: CronError.Kind,
        in field: CronField? = nil,
        at index: Int,
        _ problem: String,
        _ advice: String
    ) -> CronError {
        CronError(kind: kind, field: field, column: index + 1, problem: problem, advice: advice, expression: text)
    }
}

// MARK: - Zone

extension CronParser {
    /// Reads `TZ=zone ` or `CRON_TZ=zone ` at the very beginning; UTC if there is none.
    ///
    /// - Throws: ``CronError`` of the kind `zone`.
    mutating func parseZone(from catalog: ZoneCatalog) throws(CronError) -> Zone {
        for prefix in ["TZ=", "CRON_TZ="] where rest.starts(with: prefix.unicodeScalars) {
            namesZone = true
            let name = rest.dropFirst(prefix.unicodeScalars.count).prefix { !$0.properties.isWhitespace }
            guard name.endIndex < rest.endIndex else {
                throw error(
                    .zone, at: name.endIndex, "nothing follows the zone",
                    "write a space and five fields behind it, for example `TZ=UTC 0 9 * * *`"
                )
            }
            rest = rest[name.endIndex...]
            return try zone(named: name, from: catalog)
        }
        let first = rest.prefix { $0.properties.isWhitespace }.endIndex
        let word = rest[first...].prefix { !$0.properties.isWhitespace }
        let start = String(String.UnicodeScalarView(word)).uppercased()
        if start.hasPrefix("TZ=") || start.hasPrefix("CRON_TZ=") {
            let problem = first > 0 ? "white space stands before the zone" : "the zone's prefix is not in capitals"
            throw error(.zone, at: first, problem, "begin with `TZ=` or `CRON_TZ=`")
        }
        return .utc
    }

    private func zone(named name: Token, from catalog: ZoneCatalog) throws(CronError) -> Zone {
        let text = String(String.UnicodeScalarView(name))
        if let zone = catalog.zone(named: text) {
            return zone
        }
        if let first = name.first, "+-0123456789".unicodeScalars.contains(first) {
            throw error(
                .zone, at: name.startIndex, "\(Quoted.text(name)) is an offset, not a zone",
                "use the name of a zone, for example `Europe/Berlin`"
            )
        }
        let similar = catalog.suggestions().similar(to: text)
        let advice =
            similar.isEmpty
            ? "use a name of the IANA time zone database, for example `Europe/Berlin`"
            : "did you mean " + similar.map { "`\($0)`" }.joined(separator: " or ") + "?"
        throw error(.zone, at: name.startIndex, "the zone \(Quoted.text(name)) is unknown", advice)
    }
}

// MARK: - Fields

extension CronParser {
    /// Reads the five fields or the descriptor.
    ///
    /// - Throws: ``CronError`` of every kind but those of the zone.
    func parseFields() throws(CronError) -> CalendarPattern {
        let tokens = rest.split { $0.properties.isWhitespace }
        if let first = tokens.first, first.first == "@" {
            return try parseDescriptor(tokens)
        }
        guard tokens.count == CronField.allCases.count else { throw fieldCountError(tokens) }
        let pattern = CalendarPattern(
            minutes: try parse(tokens[0], as: .minute),
            hours: try parse(tokens[1], as: .hour),
            days: try parse(tokens[2], as: .dayOfMonth),
            months: try parse(tokens[3], as: .month),
            weekdays: try parse(tokens[4], as: .dayOfWeek)
        )
        guard pattern.everMatches else { throw neverFiresError(pattern, tokens) }
        return pattern
    }

    private func parse(_ token: Token, as field: CronField) throws(CronError) -> FieldValues {
        var values = FieldValues()
        for item in token.split(separator: ",") {
            try FieldItem(item, of: field, in: self).insert(into: &values)
        }
        return values
    }

    private func fieldCountError(_ tokens: [Token]) -> CronError {
        let order = "write minute, hour, day of month, month and day of week"
        if tokens.count < 5 {
            let fields = tokens.count == 1 ? "there is 1 field" : "there are \(tokens.count) fields"
            return error(.fieldCount, at: scalars.count, fields, order)
        }
        let advice =
            switch tokens.count {
            case 6: "\(order); there is no field for seconds, so leave the first one out"
            case 7: "\(order); there are none for seconds and the year, so leave the first and the last one out"
            default: order
            }
        return error(.fieldCount, at: tokens[5].startIndex, "there are \(tokens.count) fields", advice)
    }

    private func neverFiresError(_ pattern: CalendarPattern, _ tokens: [Token]) -> CronError {
        for (field, values) in [
            (CronField.minute, pattern.minutes), (.hour, pattern.hours), (.month, pattern.months),
        ] where values.bits == 0 {
            return emptyFieldError(field, tokens)
        }
        if pattern.days.bits == 0 {
            return emptyFieldError(.dayOfMonth, tokens)
        }
        if pattern.weekdays.bits == 0, pattern.days.isStar {
            return emptyFieldError(.dayOfWeek, tokens)
        }
        return error(
            .neverFires, in: .dayOfMonth, at: tokens[2].startIndex, "none of the months has such a day",
            "use a day that exists, for example 28"
        )
    }

    private func emptyFieldError(_ field: CronField, _ tokens: [Token]) -> CronError {
        error(
            .neverFires, in: field, at: tokens[field.rawValue].startIndex, "the field has no values",
            "use `*` or \(field.allowed)"
        )
    }
}
