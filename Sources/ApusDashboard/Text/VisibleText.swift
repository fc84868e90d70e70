extension String {
    /// The text with pictures in place of control characters, and without overrides of the direction of writing.
    /// - Parameter keepsLines: whether line ends and tabs stay, for texts in `<pre>`.
    func visible(keepsLines: Bool = false) -> String {
        guard unicodeScalars.contains(where: { Self.isHidden($0) }) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            switch scalar.value {
            case 0x09,
                0x0A where keepsLines:
                text.unicodeScalars.append(scalar)
            case 0x00...0x1F: text.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? " ")
            case 0x7F: text.unicodeScalars.append("\u{2421}")
            default: if !Self.isHidden(scalar) { text.unicodeScalars.append(scalar) }
            }
        }
        return text
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C: true
        default: false
        }
    }

    /// The end of an id, which differs more than its beginning.
    var shortID: String { count > 9 ? "…" + suffix(7) : self }
}
