import ApusCore

/// What the app says of itself when it registers.
enum BenchmarkRegistration {
    /// - Parameter others: slugs of functions besides those that the app runs.
    static func body(url: String, others: [String] = []) -> [UInt8] {
        var writer = JSONWriter(reserving: 2_048)
        writer.beginObject()
        for (key, value) in [
            ("appName", BenchmarkFunction.appName), ("url", url), ("v", "0.1"), ("deployType", "ping"),
            ("sdk", "bench:v1"), ("framework", "none"),
        ] {
            writer.key(key)
            writer.value(value)
        }
        writer.key("functions")
        writer.beginArray()
        for function in BenchmarkFunction.allCases { write(function.slug, function.event, url: url, to: &writer) }
        write(WaitingFunction.slug, WaitingFunction.event, url: url, to: &writer)
        write(LimitedFunction.slug, LimitedFunction.event, url: url, key: LimitedFunction.key, to: &writer)
        for slug in others { write(slug, "bench/\(slug)", url: url, to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// - Parameter key: of a limit of one call at a time; `nil` for no limit.
    private static func write(
        _ slug: String, _ event: String, url: String, key: String? = nil, to writer: inout JSONWriter
    ) {
        writer.beginObject()
        if let key {
            writer.key("concurrency")
            writer.beginObject()
            writer.key("limit")
            writer.value(1)
            writer.key("key")
            writer.value(key)
            writer.endObject()
        }
        writer.key("id")
        writer.value(slug)
        writer.key("name")
        writer.value(slug)
        writer.key("triggers")
        writer.beginArray()
        writer.beginObject()
        writer.key("event")
        writer.value(event)
        writer.endObject()
        writer.endArray()
        writer.key("steps")
        writer.beginObject()
        writer.key("step")
        writer.beginObject()
        writer.key("id")
        writer.value("step")
        writer.key("name")
        writer.value("step")
        writer.key("runtime")
        writer.beginObject()
        writer.key("type")
        writer.value("http")
        writer.key("url")
        writer.value("\(url)?fnId=\(slug)&stepId=step")
        writer.endObject()
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }
}
