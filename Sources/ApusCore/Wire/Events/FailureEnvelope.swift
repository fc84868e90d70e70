/// The `error` object of lifecycle events and of failed invocations.
///
/// Apps report errors in many shapes; whoever handles a failure sees one:
/// `{"error","message","name","stack"?,"cause"?}`.
public enum FailureEnvelope {
    /// The longest text, in bytes, that is looked into for an error object.
    static let nestedTextBytes = 32 << 10

    /// Makes the object from a failed function's body.
    ///
    /// An object is looked for in the body's `error`, then in its `body` (each may also be a string of
    /// JSON), then the body itself is taken. A string is the message. Where the app said nothing, the
    /// cause stands in.
    ///
    /// - Parameter cause: what the transport saw; see ``AttemptFailure/cause``.
    public static func make(body: RawJSON, cause: String) -> RawJSON {
        let source = source(of: body)
        let text = body.view.string
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        if let cause = source["cause"], !cause.isNull {
            writer.key("cause")
            writer.raw(cause)
        }
        writer.key("error")
        writer.value(nonEmpty(source["error"]) ?? cause)
        writer.key("message")
        writer.value(nonEmpty(source["message"]) ?? text.flatMap { $0.isEmpty ? nil : $0 } ?? cause)
        writer.key("name")
        writer.value(nonEmpty(source["name"]) ?? "Error")
        if let stack = nonEmpty(source["stack"]) {
            writer.key("stack")
            writer.value(stack)
        }
        writer.endObject()
        return writer.finish()
    }

    private static func source(of body: RawJSON) -> JSONView {
        for nested in [body.view["error"], body.view["body"]] {
            if let object = nested.flatMap(object) {
                return object
            }
        }
        return body.view
    }

    private static func object(_ value: JSONView) -> JSONView? {
        if value.kind == .object {
            return value
        }
        guard value.slice.count <= nestedTextBytes, let text = value.string,
            let parsed = try? RawJSON(parsing: text), parsed.view.kind == .object
        else { return nil }
        return parsed.view
    }

    private static func nonEmpty(_ value: JSONView?) -> String? {
        guard let text = value?.string, !text.isEmpty else { return nil }
        return text
    }
}
