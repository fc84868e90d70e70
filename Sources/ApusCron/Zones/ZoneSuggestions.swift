/// Finds the names of zones that somebody may have meant.
struct ZoneSuggestions: Sendable {
    /// The names that exist, in alphabetical order.
    let names: [String]
    private let spellings: [(name: String, letters: [UInt8], city: [UInt8])]

    /// The most names that are suggested.
    static let limit = 3

    /// Abbreviations that people write for zones which have no such name.
    private static let abbreviations = [
        "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "PT": "America/Los_Angeles",
        "MDT": "America/Denver", "CST": "America/Chicago", "CDT": "America/Chicago", "EDT": "America/New_York",
        "ET": "America/New_York", "BST": "Europe/London", "CEST": "Europe/Berlin", "MEZ": "Europe/Berlin",
        "MESZ": "Europe/Berlin", "EEST": "Europe/Athens", "MSK": "Europe/Moscow", "IST": "Asia/Kolkata",
        "JST": "Asia/Tokyo", "KST": "Asia/Seoul", "SGT": "Asia/Singapore", "AEST": "Australia/Sydney",
        "AEDT": "Australia/Sydney", "NZST": "Pacific/Auckland", "BRT": "America/Sao_Paulo", "Z": "UTC",
    ]

    /// Prepares the names, which are in alphabetical order.
    init(names: [String]) {
        self.names = names
        spellings = names.map { name in
            (name, ZoneSuggestions.letters(name), ZoneSuggestions.letters(ZoneSuggestions.city(name)))
        }
    }

    /// Up to three names, the most similar first: other spellings, the city alone, then slips of the pen.
    func similar(to text: String) -> [String] {
        if let zone = ZoneSuggestions.abbreviations[text.uppercased()] {
            return [zone]
        }
        guard text.utf8.count <= 64 else { return [] }
        let wanted = ZoneSuggestions.letters(text)
        let wantedCity = ZoneSuggestions.letters(ZoneSuggestions.city(text))
        // Two slips in a longer word, one in a short one.
        let tolerance = wantedCity.count >= 6 ? 2 : 1
        var ranked: [(rank: Int, name: String)] = []
        for (name, letters, city) in spellings {
            if letters == wanted {
                ranked.append((0, name))
            } else if city == wantedCity {
                ranked.append((1, name))
            } else {
                let slips = min(
                    ZoneSuggestions.distance(letters, wanted, atMost: tolerance) ?? .max,
                    ZoneSuggestions.distance(city, wantedCity, atMost: tolerance) ?? .max
                )
                if slips <= tolerance, wantedCity.count > 4 {
                    ranked.append((1 + slips, name))
                }
            }
        }
        // A name in another spelling, or with another region, makes guesses needless.
        let best = ranked.map(\.rank).min() ?? 0
        return ranked.filter { best > 1 || $0.rank == best }
            .sorted { ($0.rank, $0.name) < ($1.rank, $1.name) }
            .prefix(ZoneSuggestions.limit)
            .map(\.name)
    }

    /// The part behind the last slash.
    private static func city(_ name: String) -> Substring {
        name[(name.lastIndex(of: "/").map(name.index(after:)) ?? name.startIndex)...]
    }

    /// The text in lower case without spaces, hyphens and underscores.
    private static func letters(_ text: some StringProtocol) -> [UInt8] {
        text.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }
    }

    /// The number of insertions, removals and replacements between two texts; nil above `limit`.
    private static func distance(_ left: [UInt8], _ right: [UInt8], atMost limit: Int) -> Int? {
        guard abs(left.count - right.count) <= limit else { return nil }
        var row = Array(0...right.count)
        for (index, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let replaced = diagonal + (byte == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[right.count] <= limit ? row[right.count] : nil
    }
}
