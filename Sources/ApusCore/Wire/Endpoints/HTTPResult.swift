/// What an endpoint answered: the result of a run that began with an HTTP request.
public struct HTTPResult: Sendable {
    /// 200…599.
    public var status: Int
    /// Of fields with the same name all count.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]

    /// An answer.
    public init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Reads the output of a run: `{"status","headers","body"}`, which may lie inside of `data`.
    ///
    /// - Parameter eventName: of the event with which the run began; it says which SDK wrote the output. The Go SDK
    ///   writes bodies in Base64, and the status as `status_code`.
    /// - Returns: nil for any other output.
    public init?(output: JSONView, eventName: String) {
        var view = output
        if HTTPResult.status(of: view) == nil, let inner = view["data"], inner.kind == .object { view = inner }
        guard let status = HTTPResult.status(of: view) else { return nil }
        self.status = status
        headers = []
        for (key, value) in view["headers"]?.members ?? JSONMembers(JSONView(.null)) {
            guard let name = key.string else { continue }
            if let text = value.string { headers.append((name, text)) }
            for element in value.elements { if let text = element.string { headers.append((name, text)) } }
        }
        body = HTTPResult.body(view, isGo: eventName == EndpointRequest.goEvent)
    }

    /// The status of an output, by itself.
    public static func status(of output: JSONView) -> Int? {
        guard let number = (output["status"] ?? output["status_code"])?.int, (200...599).contains(number) else {
            return nil
        }
        return Int(number)
    }

    private static func body(_ view: JSONView, isGo: Bool) -> [UInt8] {
        guard let body = view["body"], !body.isNull else { return [] }
        guard let text = body.string else { return Array(body.slice) }
        let encoding = view["encoding"]
        let isBase64 = encoding.map { $0.stringEquals("base64") } ?? isGo
        return isBase64 ? Base64Text.decode(text) ?? Array(text.utf8) : Array(text.utf8)
    }

    /// The output of a run whose app has answered plainly.
    ///
    /// - Parameter error: what an error answer says of itself, for people and failure handlers.
    public func output(error: RawJSON? = nil) -> RawJSON {
        let text = String(validating: body, as: UTF8.self)
        var writer = JSONWriter(reserving: body.count + 512)
        writer.beginObject()
        writer.member("body", text ?? Base64Text.encode(body))
        writer.member("encoding", text == nil ? "base64" : "utf-8")
        if let error { writer.member("error", error) }
        writer.key("headers")
        var seen: [String: [String]] = [:]
        for header in headers { seen[header.name.lowercased(), default: []].append(header.value) }
        writer.object(of: seen) { $1.value($0.joined(separator: ", ")) }
        writer.member("status", status)
        writer.endObject()
        return writer.finish()
    }
}
