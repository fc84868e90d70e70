extension SpanExport {
    /// Reads the JSON form: `{"resourceSpans":[{"scopeSpans":[{"scope":{…},"spans":[…]}]}]}`.
    public init(json body: [UInt8]) throws(SpanExportError) {
        let json: RawJSON
        do {
            json = try RawJSON(parsing: body)
        } catch {
            throw SpanExportError(error.description)
        }
        guard json.view.kind == .object else { throw SpanExportError("it is not a JSON object") }
        self.init()
        for resource in try Self.array(json.view["resourceSpans"], "resourceSpans") {
            for group in try Self.array(resource["scopeSpans"], "scopeSpans") {
                let scope = group["scope"]?["name"]?.string ?? ""
                for span in try Self.array(group["spans"], "spans") { try add(Self.sent(span, scope: scope)) }
            }
        }
    }

    private static func array(_ view: JSONView?, _ name: String) throws(SpanExportError) -> [JSONView] {
        guard let view, !view.isNull else { return [] }
        guard view.kind == .array else { throw SpanExportError("\(name) is not an array") }
        return Array(view.elements)
    }

    private static func sent(_ view: JSONView, scope: String) throws(SpanExportError) -> Sent {
        guard view.kind == .object else { throw SpanExportError("a span is not an object") }
        var span = AppSpan(
            id: id(view["spanId"]) ?? 0, name: cut(view["name"]?.string ?? ""),
            startedAt: nanoseconds(view["startTimeUnixNano"]), endedAt: nanoseconds(view["endTimeUnixNano"])
        )
        span.parent = id(view["parentSpanId"])
        span.kind = view["kind"]?.int.flatMap { AppSpan.Kind(rawValue: Int(clamping: $0)) } ?? .unspecified
        let status = view["status"]
        span.status = status?["code"]?.int.flatMap { AppSpan.Status(rawValue: Int(clamping: $0)) } ?? .unset
        span.message = cut(status?["message"]?.string ?? "")
        span.scope = cut(scope)
        var sent = Sent(span: span)
        for attribute in try array(view["attributes"], "attributes") {
            guard let key = attribute["key"]?.string else { throw SpanExportError("an attribute has no key") }
            sent.attributes.append((key, value(attribute["value"], depth: 0)))
        }
        return sent
    }

    private static func id(_ view: JSONView?) -> UInt64? {
        view?.string.flatMap { UInt64($0, radix: 16) }.flatMap { $0 == 0 ? nil : $0 }
    }

    /// A text by the standard, a number by some exporters.
    private static func nanoseconds(_ view: JSONView?) -> Int64 {
        view?.string.flatMap { Int64($0) } ?? view?.int ?? 0
    }

    /// An `AnyValue` as plain JSON.
    private static func value(_ view: JSONView?, depth: Int) -> RawJSON {
        var writer = JSONWriter()
        guard let view, view.kind == .object, depth < depthLimit else { return .null }
        if let text = view["stringValue"] {
            return text.raw
        } else if let flag = view["boolValue"] {
            return flag.raw
        } else if let number = view["intValue"] {
            guard let value = number.int ?? number.string.flatMap({ Int64($0) }) else { return .null }
            writer.value(value)
        } else if let number = view["doubleValue"] {
            return number.raw
        } else if let bytes = view["bytesValue"] {
            return bytes.raw
        } else if let list = view["arrayValue"]?["values"], list.kind == .array {
            writer.array(Array(list.elements)) { $1.raw(value($0, depth: depth + 1)) }
        } else if let list = view["kvlistValue"]?["values"], list.kind == .array {
            let members = list.elements.map { ($0["key"]?.string ?? "", value($0["value"], depth: depth + 1)) }
            return object(members)
        } else {
            return .null
        }
        return writer.finish()
    }
}
