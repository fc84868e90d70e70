import ApusCore

extension Value {
    /// The value as JSON, for tools that show it; nil when that is longer than some bytes.
    ///
    /// Times are RFC 3339 texts, durations their text, bytes Base64, types their name; what JSON cannot
    /// write as a number is null. Keys that are no strings become their text.
    package func json(limit: Int = 4 << 20) -> RawJSON? {
        if case .json(let view) = self {
            return view.range.count <= limit ? view.raw : nil
        }
        var writer = JSONWriter()
        write(to: &writer, limit: limit)
        guard writer.bytes.count <= limit else { return nil }
        // Keys come in the order of the source and are brought into theirs by parsing.
        return try? RawJSON(parsing: writer.bytes)
    }

    /// Stops beyond the limit, as a list may hold one value many times over.
    private func write(to writer: inout JSONWriter, limit: Int) {
        switch self {
        case .null: writer.null()
        case .bool(let value): writer.value(value)
        case .int(let value): writer.value(value)
        case .uint(let value): writer.raw(Array(String(value).utf8))
        case .double(let value): writer.value(value)
        case .string(let value): writer.value(value)
        case .bytes(let bytes): writer.value(Base64Text.encode(bytes))
        case .timestamp(let time): writer.value(time)
        case .duration(let span): writer.value(span.description)
        case .type(let type): writer.value(type.rawValue)
        case .json(let view): writer.raw(view)
        case .list(let elements):
            writer.beginArray()
            for element in elements where writer.bytes.count <= limit {
                element.write(to: &writer, limit: limit)
            }
            writer.endArray()
        case .map(let map):
            writer.beginObject()
            for entry in map.entries where writer.bytes.count <= limit {
                writer.key(entry.key.keyText(limit: limit) ?? "")
                entry.value.write(to: &writer, limit: limit)
            }
            writer.endObject()
        }
    }
}
