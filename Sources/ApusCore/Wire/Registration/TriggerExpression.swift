/// The one trigger expression that needs no evaluation: the filter that SDKs write for failure handlers.
enum TriggerExpression {
    /// The slug in `event.data.function_id == '<slug>'`, with either kind of quotes and any spacing; nil
    /// for every other expression.
    static func functionID(_ expression: String) -> String? {
        var rest = expression.utf8[...]
        for token in ["event", ".", "data", ".", "function_id", "=="] {
            skipSpaces(&rest)
            guard rest.starts(with: token.utf8) else { return nil }
            rest = rest.dropFirst(token.utf8.count)
        }
        skipSpaces(&rest)
        guard let quote = rest.popFirst(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
        let slug = rest.prefix { $0 != quote && $0 != UInt8(ascii: "\\") }
        rest = rest.dropFirst(slug.count)
        guard rest.popFirst() == quote else { return nil }
        skipSpaces(&rest)
        return rest.isEmpty ? String(Substring(slug)) : nil
    }

    private static func skipSpaces(_ text: inout Substring.UTF8View) {
        while let byte = text.first, byte == 0x20 || (0x09...0x0D).contains(byte) {
            text.removeFirst()
        }
    }
}
