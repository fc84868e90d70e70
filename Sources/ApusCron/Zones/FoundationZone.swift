import Foundation

extension Zone {
    /// The names of the database without a slash that are still in use.
    private static let namesWithoutSlash: Set<String> = [
        "CET", "CST6CDT", "EET", "EST", "EST5EDT", "GMT", "HST", "MET", "MST", "MST7MDT", "PST8PDT", "WET",
    ]

    /// Tabulates a zone that Foundation knows, by asking for its offset once a week and closing in on the changes.
    ///
    /// No zone has kept an offset for less than a week since 1970, where the table begins. Offsets of
    /// parts of a minute are exact.
    convenience init?(foundationName name: String) {
        // Foundation also takes offsets such as `GMT+2` and abbreviations such as `PST`, which are not zones.
        guard name.contains("/") || Zone.namesWithoutSlash.contains(name), let timeZone = TimeZone(identifier: name),
            timeZone.identifier == name
        else { return nil }
        let offset = { (second: Int64) in
            Int32(timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(second))))
        }
        // Rules that are tabulated year by year, such as Morocco's, have come to their end by 2100.
        let cycleStart = CivilDay(year: 2100, month: 1, day: 1).daysSinceEpoch * 86_400
        let end = cycleStart + Zone.cycleLength + 400 * 86_400
        let week: Int64 = 7 * 86_400

        let initial = offset(0)
        var changes: [Change] = []
        var last = initial
        for second in stride(from: week, through: end, by: Int(week)) {
            let current = offset(second)
            guard current != last else { continue }
            var (before, after) = (second - week, second)
            while after - before > 1 {
                let middle = (before + after) / 2
                if offset(middle) == last {
                    before = middle
                } else {
                    after = middle
                }
            }
            changes.append(Change(second: after, offset: current))
            last = current
        }
        self.init(name: name, initialOffset: initial, changes: changes, cycleStart: cycleStart)
    }
}
