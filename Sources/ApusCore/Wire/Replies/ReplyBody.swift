/// The body of an answer that is no list of ops: a function's result or its error.
enum ReplyBody {
    /// The most bytes of a foreign answer that are kept to explain a failure.
    static let excerptBytes = 8_192

    /// The value of a body; nil when it is empty.
    ///
    /// JSON is taken as it is, except that a string which holds an object stands for that object,
    /// because some frameworks encode twice. Anything else is text and becomes a JSON string.
    static func parse(_ body: [UInt8]) -> RawJSON? {
        if body.isEmpty {
            return nil
        }
        return json(body) ?? .string(String(decoding: body, as: UTF8.self))
    }

    /// The same for an answer that no SDK wrote: text beyond ``excerptBytes`` is cut off.
    static func parseForeign(_ body: [UInt8]) -> RawJSON? {
        if body.isEmpty {
            return nil
        }
        return json(body) ?? .string(excerpt(body))
    }

    /// The beginning of a body as text; bytes that are not UTF-8 become U+FFFD.
    static func excerpt(_ body: [UInt8]) -> String {
        String(decoding: body.prefix(excerptBytes), as: UTF8.self)
    }

    private static func json(_ body: [UInt8]) -> RawJSON? {
        guard let value = try? RawJSON(parsing: body) else { return nil }
        guard value.view.kind == .string else { return value }
        let text = value.view.string ?? ""
        guard text.utf8.contains(UInt8(ascii: "{")), let inner = try? RawJSON(parsing: text),
            inner.view.kind == .object
        else { return value }
        return inner
    }
}
