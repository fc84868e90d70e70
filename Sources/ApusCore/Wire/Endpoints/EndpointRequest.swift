/// The HTTP request in whose handling a run began, and with which the run is entered again.
public struct EndpointRequest: Hashable, Sendable {
    /// In capitals.
    public var method: String
    /// With the query.
    public var url: String
    /// Empty when the request had none.
    public var contentType: String
    /// As the app received it.
    public var body: [UInt8]
    /// What the app expects to be signed when it is entered again.
    public var signature: Signature

    /// What a signature covers.
    public enum Signature: Hashable, Sendable {
        /// The body, as for any call.
        case body
        /// The run's id: the Go SDK looks at nothing else.
        case run
    }

    /// The event with which the Go SDK begins a run. It sends bodies in Base64 and paths without escapes; the
    /// TypeScript SDK, whose event has another name, sends both as they are.
    public static let goEvent = "http/run.started"

    /// Reads a request out of the event that a run began with.
    ///
    /// - Parameters:
    ///   - name: the event's name.
    ///   - data: the event's `data`.
    /// - Throws: ``EndpointProblem`` when it is about no request.
    public init(eventName name: String, data: JSONView) throws(EndpointProblem) {
        guard data.kind == .object else { throw .malformed("event.data is not an object") }
        let isGo = name == EndpointRequest.goEvent
        func text(_ key: StaticString) throws(EndpointProblem) -> String {
            guard let value = data[key], !value.isNull else { return "" }
            guard let text = value.string else { throw .malformed("event.data.\(key) is not a string") }
            return text
        }
        let domain = try EndpointRequest.domain(try text("domain"))
        let method = try text("method").uppercased()
        guard EndpointRequest.isMethod(method) else { throw .malformed("event.data.method is no HTTP method") }
        var path = try text("path")
        if path.isEmpty { path = "/" }
        guard path.hasPrefix("/") else { throw .malformed("event.data.path does not begin with /") }
        let query = try text("query_params")
        self.method = method
        url =
            domain + EndpointRequest.escaped(path, isPlain: isGo)
            + (query.isEmpty ? "" : "?" + EndpointRequest.escaped(query, isPlain: false))
        contentType = try text("content_type").filter { !$0.isNewline }
        let body = try text("body")
        self.body = isGo ? Base64Text.decode(body) ?? Array(body.utf8) : Array(body.utf8)
        signature = isGo ? .run : .body
    }

    /// Scheme, host and port.
    static func domain(_ text: String) throws(EndpointProblem) -> String {
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        do {
            let url = try EndpointURL(text)
            guard url.scheme == .http || url.scheme == .https else { throw EndpointURLError.unsupportedScheme }
        } catch {
            throw .malformed("event.data.domain is no address: \(error)")
        }
        guard text.utf8.count(where: { $0 == UInt8(ascii: "/") }) == 2, !text.contains("?"), !text.contains("#") else {
            throw .malformed("event.data.domain has more than a scheme, a host and a port")
        }
        return text
    }

    private static func isMethod(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count) && text != "CONNECT"
            && text.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || $0 == UInt8(ascii: "-") }
    }

    /// - Parameter isPlain: the text has no escapes, so that `%`, `?` and `#` stand for themselves.
    private static func escaped(_ text: String, isPlain: Bool) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let isSyntax = byte == UInt8(ascii: "%") || byte == UInt8(ascii: "?")
            if byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "#"), !(isPlain && isSyntax) {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                Hexadecimal.append(UInt64(byte), digits: 2, to: &bytes)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Why a run cannot begin or go on inside an app.
public enum EndpointProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case malformed(String)
    /// The output of a step is beyond the limit.
    case tooLarge(step: String)

    /// For the app, in the words of the protocol's other server.
    public var description: String {
        switch self {
        case .malformed(let detail): "Invalid request body: \(detail)"
        case .tooLarge(let step): CheckpointRequestError.tooLarge(step: step).description
        }
    }
}
