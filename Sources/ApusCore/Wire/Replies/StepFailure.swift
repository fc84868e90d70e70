/// The error object of a failed step.
enum StepFailure {
    /// What is kept of an error as an app sent it; nil for null.
    ///
    /// Of an object only `name`, `message`, `stack`, `data` and `cause` are kept, and of these the ones
    /// that are set. `data` stays exactly as it was, even null, because the Go SDK insists on finding
    /// it again. Anything that is no object is taken for the message.
    static func reduced(_ error: JSONView) -> RawJSON? {
        if error.isNull {
            return nil
        }
        var writer = JSONWriter(reserving: error.slice.count)
        writer.beginObject()
        if error.kind == .object {
            write(error["cause"].flatMap { $0.isNull ? nil : $0 }, as: "cause", to: &writer)
            write(error["data"], as: "data", to: &writer)
            writeText(error["message"], as: "message", to: &writer)
            writeText(error["name"], as: "name", to: &writer)
            writeText(error["stack"], as: "stack", to: &writer)
        } else {
            writeText(error, as: "message", to: &writer)
            writer.key("name")
            writer.value("Error")
        }
        writer.endObject()
        return writer.finish()
    }

    private static func write(_ value: JSONView?, as key: StaticString, to writer: inout JSONWriter) {
        guard let value else { return }
        writer.key(key)
        writer.raw(value)
    }

    /// SDKs refuse an error whose texts are not strings, so other values are written as their JSON.
    private static func writeText(_ value: JSONView?, as key: StaticString, to writer: inout JSONWriter) {
        guard let value, !value.isNull else { return }
        writer.key(key)
        if value.kind == .string {
            writer.raw(value)
        } else {
            writer.value(value.raw.description)
        }
    }
}
