/// What tells two registrations apart.
///
/// It covers everything of the body that the server knows, in the order and form in which it is
/// understood, so that neither unknown keys nor the parameters of the request that made an app
/// register make a difference.
enum RegistrationChecksum {
    /// The options of a function whose text goes in as it is.
    static let functionFields = ["id", "name", "triggers"] + FunctionDecoder.options + ["checkpoint"]

    /// 64 lower-case hexadecimal digits of SHA-256.
    ///
    /// - Parameter extra: fields of the body that have no place in the value.
    static func make(_ registration: Registration, extra: [(name: String, value: JSONView?)]) -> String {
        var writer = JSONWriter(reserving: 4_096)
        writer.beginObject()
        writer.key("app")
        writer.beginArray()
        writer.value(registration.appName)
        writer.value(registration.url)
        writer.value(registration.sdkLanguage)
        writer.value(registration.sdkVersion)
        writer.value(registration.framework)
        writer.value(registration.appVersion)
        writer.endArray()
        for (name, value) in extra {
            guard let value else { continue }
            writer.key(name)
            writer.raw(value)
        }
        writer.key("functions")
        writer.beginArray()
        for function in registration.functions {
            write(function, to: &writer)
        }
        writer.endArray()
        writer.endObject()
        return SHA256.hash(writer.bytes).text
    }

    private static func write(_ function: FunctionConfiguration, to writer: inout JSONWriter) {
        let fields = RegistrationFields(function.source.view, path: "", known: functionFields)
        writer.beginObject()
        for name in functionFields {
            guard let value = fields[name] else { continue }
            writer.key(name)
            writer.raw(value)
        }
        writer.key("step")
        writer.beginArray()
        writer.value(function.stepURL)
        writer.value(function.retries ?? -1)
        writer.endArray()
        writer.endObject()
    }
}
