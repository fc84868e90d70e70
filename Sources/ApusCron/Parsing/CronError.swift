/// Why a text is no schedule: where, what is wrong, and what to write instead.
public struct CronError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, as a stable code.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The text is empty or blank.
        case empty
        /// The text has more than 255 bytes.
        case tooLong = "too_long"
        /// There are fewer or more than five fields.
        case fieldCount = "field_count"
        /// The zone is unknown, or its prefix is written wrongly.
        case zone
        /// A word with `@` that is not supported here.
        case descriptor
        /// A value or step is neither a number nor a name.
        case value
        /// A value lies outside the range of its field.
        case outOfRange = "out_of_range"
        /// A range runs backwards or has more than two ends.
        case range
        /// A step is zero or there are two of them.
        case step
        /// Notation of other cron dialects, such as `L`, `W` and `#`.
        case unsupported
        /// The text follows the grammar, but no date ever matches it.
        case neverFires = "never_fires"
    }

    /// What is wrong.
    public var kind: Kind
    /// The field in which it is wrong; nil if it concerns the zone or the whole text.
    public var field: CronField?
    /// The column of the first character that is wrong, from 1, counted in Unicode scalars.
    public var column: Int
    /// What is wrong, for example `24 is above the maximum`.
    public var problem: String
    /// What is allowed or should be written instead, for example `use 0 to 23`.
    public var advice: String
    /// The expression that was read; of one that is too long only the beginning.
    public var expression: String

    /// For example `hour, column 3: 24 is out of range; use 0 to 23`.
    public var description: String {
        let place = field.map { "\($0), column \(column)" } ?? "column \(column)"
        return "\(place): \(problem); \(advice)"
    }

    /// The message that the protocol's other server gives at registration. It has none for
    /// ``Kind/neverFires``, because it accepts such schedules and never runs them.
    public var protocolMessage: String {
        switch kind {
        case .tooLong: "cron is too long. maximum length is \(CronSchedule.maximumLength) characters"
        default: "'\(expression)' isn't a valid cron schedule"
        }
    }
}

/// Texts from outside, quoted for an error message.
enum Quoted {
    /// `text` in backquotes, with what cannot be seen as `\u{…}`, and at most 64 scalars of it.
    static func text(_ text: some Sequence<Unicode.Scalar>) -> String {
        var quoted = String.UnicodeScalarView()
        for (index, scalar) in text.enumerated() {
            guard index < 64 else {
                quoted.append("…")
                break
            }
            quoted.append(contentsOf: scalar.escaped(asASCII: !isVisible(scalar)).unicodeScalars)
        }
        return "`\(String(quoted))`"
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: false
        default: true
        }
    }
}
