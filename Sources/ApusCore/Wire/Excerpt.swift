extension String {
    /// The most bytes of a text from outside that an error message repeats.
    package static let excerptLimit = 256

    /// The text itself, or when it is longer its first `limit` bytes, cut between characters, and three dots.
    package func excerpt(bytes limit: Int = String.excerptLimit) -> String {
        utf8.count <= limit ? self : prefix(bytes: limit) + "..."
    }

    /// The longest beginning of at most `limit` bytes that does not cut a character's UTF-8 in two.
    package func prefix(bytes limit: Int) -> String {
        var end = utf8.index(startIndex, offsetBy: max(limit, 0), limitedBy: utf8.endIndex) ?? utf8.endIndex
        while end.samePosition(in: unicodeScalars) == nil {
            end = utf8.index(before: end)
        }
        return String(self[..<end])
    }
}
