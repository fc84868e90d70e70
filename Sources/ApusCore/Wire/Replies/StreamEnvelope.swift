/// The object in which an SDK wraps an answer that it streams, sent with status 201.
///
/// Spaces that kept the connection alive come before it. TypeScript and Python put the inner body
/// into a string, Go writes it as it is.
struct StreamEnvelope {
    /// The status of the answer inside.
    let status: Int
    /// The header fields of the answer inside; they replace those of the HTTP answer.
    let headers: [(name: String, value: String)]
    /// The body of the answer inside, a string already resolved.
    let body: [UInt8]

    /// Reads the envelope.
    ///
    /// - Throws: ``StreamError``.
    init(parsing text: [UInt8]) throws(StreamError) {
        let envelope: JSONView
        do {
            envelope = try RawJSON(parsing: text).view
        } catch {
            throw .malformed(error.description)
        }
        guard envelope.kind == .object else { throw .malformed("the body is not an object") }
        if let error = envelope["error"]?.string, !error.isEmpty {
            throw .reported(error)
        }
        guard let status = envelope["status"]?.int, (100...599).contains(status) else {
            throw .malformed("the envelope has no HTTP status")
        }
        self.status = Int(status)
        headers = StreamEnvelope.headers(of: envelope)
        body = StreamEnvelope.contents(of: envelope["body"])
    }

    private static func headers(of envelope: JSONView) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        // Go has fields of its own where the others use headers; a header outranks them.
        if envelope["noRetry"]?.bool == true {
            headers.append((name: "X-Inngest-No-Retry", value: "true"))
        }
        if let time = envelope["retryAt"]?.string {
            headers.append((name: "Retry-After", value: time))
        }
        for member in envelope["headers"]?.members ?? JSONMembers(JSONView(.null)) {
            guard let name = member.key.string else { continue }
            switch member.value.kind {
            case .string: headers.append((name: name, value: member.value.string ?? ""))
            case .number, .bool: headers.append((name: name, value: member.value.raw.description))
            case .object, .array, .null: break
            }
        }
        return headers
    }

    private static func contents(of body: JSONView?) -> [UInt8] {
        guard let body else { return [] }
        return body.string.map { Array($0.utf8) } ?? Array(body.slice)
    }
}

/// Why a streamed answer cannot be used. The texts are those of the protocol's other server.
enum StreamError: Error, Hashable, CustomStringConvertible {
    /// The SDK put an error into the envelope.
    case reported(String)
    /// The body is no envelope.
    case malformed(String)

    var description: String {
        switch self {
        case .reported(let text):
            "error parsing stream: \(text.excerpt(bytes: 8_192))"
        case .malformed(let detail):
            "error parsing stream: error reading response body to check for status code: \(detail)"
        }
    }
}
