/// The `Retry-After` header of an app's answer.
public enum RetryAfter {
    /// The shortest delay that a header can ask for.
    public static let shortest = TimeSpan.seconds(1)
    /// The longest delay that a header can ask for.
    public static let longest = TimeSpan.hours(24)

    /// When the call may be repeated, or nil when the header makes no sense and is ignored.
    ///
    /// A positive whole number of at most 7 digits counts seconds from `now`; anything else is tried
    /// as a date (``DateText``). The result lies between ``shortest`` and ``longest`` from `now`.
    public static func parse(_ header: String, now: Timestamp) -> Timestamp? {
        if let seconds = seconds(header) {
            return now + min(max(.seconds(seconds), shortest), longest)
        }
        guard let date = DateText.parse(header) else { return nil }
        return min(max(date, now + shortest), now + longest)
    }

    private static func seconds(_ header: String) -> Int64? {
        let text = header.utf8
        guard (1...7).contains(text.count), text.allSatisfy({ decimalDigit($0) != nil }) else { return nil }
        let number = text.reduce(Int64(0)) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        return number > 0 ? number : nil
    }
}
