import ApusCore

extension Value {
    /// The value as the text of a key, which is also what `+` appends to a text; nil when it is longer
    /// than some bytes.
    ///
    /// Two events share a key exactly when their texts are equal, so this form never changes:
    /// strings are themselves, doubles lose a trailing `.0`, null is `NULL_VALUE`, lists are
    /// `[1 a <nil>]` and maps `map[a:1 b:2]` with sorted keys.
    package func keyText(limit: Int) -> String? {
        if case .null = self {
            return "NULL_VALUE"
        }
        var text = ""
        appendKeyText(to: &text, limit: limit)
        return text.utf8.count <= limit ? text : nil
    }

    /// Appends the text as it is inside of a list, where null is `<nil>`; stops beyond the limit.
    ///
    /// A list may hold one value many times over, and so be far larger than the memory it takes.
    private func appendKeyText(to text: inout String, limit: Int) {
        switch self {
        case .null: text += "<nil>"
        case .bool(let value): text += value ? "true" : "false"
        case .int(let value): text += String(value)
        case .uint(let value): text += String(value)
        case .double(let value): text += DoubleText.text(of: value)
        case .string(let value): text += value
        case .bytes(let bytes): text += "[" + bytes.map { String($0) }.joined(separator: " ") + "]"
        case .timestamp(let time): text += CivilTime(time).keyText
        case .duration(let span): text += span.description
        case .type(let type): text += type.rawValue
        case .list, .map, .json:
            if let elements {
                appendElements(elements, to: &text, limit: limit)
            } else if let entries {
                appendEntries(entries, to: &text, limit: limit)
            } else {
                text += self.text ?? ""
            }
        }
    }

    private func appendElements(_ elements: ValueElements, to text: inout String, limit: Int) {
        text += "["
        var isFirst = true
        for element in elements where text.utf8.count <= limit {
            text += isFirst ? "" : " "
            isFirst = false
            element.appendKeyText(to: &text, limit: limit)
        }
        text += "]"
    }

    private func appendEntries(_ entries: ValueEntries, to text: inout String, limit: Int) {
        let sorted = entries.map { (key: $0.key.keyText(limit: limit) ?? "", value: $0.value) }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        text += "map["
        for (index, entry) in sorted.enumerated() where text.utf8.count <= limit {
            text += index == 0 ? "" : " "
            text += entry.key + ":"
            entry.value.appendKeyText(to: &text, limit: limit)
        }
        text += "]"
    }
}
