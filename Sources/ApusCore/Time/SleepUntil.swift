/// Why a sleep cannot be planned.
public enum SleepError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sleep would last more than ``SleepUntil/longest``: the run fails.
    case tooLong(text: String)
    /// The text is neither a date nor a duration: the attempt fails and is retried.
    case invalid(TimeSpanError)

    /// The sentence that the run's error carries; long texts are shortened.
    public var description: String {
        switch self {
        case .tooLong(let text):
            "The sleep \(QuotedText.quote(text)) ends more than one year in the future; "
                + "sleeps may last at most one year."
        case .invalid(let error):
            error.description
        }
    }
}

/// The text of a sleep step: a duration or a date.
public enum SleepUntil {
    /// The longest sleep, 366 days.
    public static let longest = TimeSpan.days(366)

    /// When a sleep that is asked for at `now` ends.
    ///
    /// A text of at least 10 bytes is first tried as a date (``DateText``); the distance to it is
    /// rounded to whole seconds. Otherwise it is a duration with all units. Nothing, and everything
    /// in the past, ends at once.
    ///
    /// - Throws: ``SleepError``.
    public static func parse(_ text: String, now: Timestamp) throws(SleepError) -> Timestamp {
        if text.isEmpty {
            return now
        }
        let span: TimeSpan
        if text.utf8.count >= 10, let date = DateText.parse(text) {
            span = (date - now).roundedToSeconds
        } else {
            do {
                span = try TimeSpan(parsing: text)
            } catch {
                throw .invalid(error)
            }
        }
        guard span <= longest else { throw .tooLong(text: text) }
        return now + max(span, .zero)
    }
}
