/// The header fields of an answer that mean something to the server.
struct ReplyHeaders {
    /// `X-Inngest-SDK`, for example `inngest-js:v4.18.1`; `nil` when absent or empty.
    private(set) var sdk: String?
    /// `Content-Type`.
    private(set) var contentType: String?
    /// `Retry-After`, as written.
    private(set) var retryAfter: String?
    private var requestVersion: String?
    private var noRetry: String?

    /// Picks the fields; of those with the same name the first counts.
    init(_ fields: [(name: String, value: String)]) {
        for field in fields.reversed() {
            set(field.name, to: field.value)
        }
    }

    /// Sets a field, for example from a streamed envelope.
    mutating func set(_ name: String, to value: String) {
        // The lengths of the names differ, so one comparison is enough.
        switch name.utf8.count {
        case 11 where name.equals("retry-after"): retryAfter = value
        case 12 where name.equals("content-type"): contentType = value
        case 13 where name.equals("x-inngest-sdk"): sdk = value.isEmpty ? nil : value
        case 18 where name.equals("x-inngest-no-retry"): noRetry = value
        case 21 where name.equals("x-inngest-req-version"): requestVersion = value
        default: break
        }
    }

    /// `X-Inngest-Req-Version`; 0 when it is missing or not a number.
    var version: Int { requestVersion.flatMap { Int($0) } ?? 0 }

    /// Whether the app asked not to be called again: exactly `X-Inngest-No-Retry: true`.
    var asksForNoRetry: Bool { noRetry == "true" }

    /// Whether an answer with this status, not a list of ops, is the last word.
    ///
    /// Without the header everything is retried, except that old TypeScript SDKs did not send it and
    /// meant every 4xx to be final.
    func isFinal(status: Int) -> Bool {
        guard noRetry == nil else { return asksForNoRetry }
        return (400...499).contains(status) && (sdk.map(ReplyHeaders.predatesNoRetry) ?? false)
    }

    /// Whether this is `inngest-js` before 1.10.1, or of major version 2 before 2.4.1.
    private static func predatesNoRetry(_ sdk: String) -> Bool {
        let name = "inngest-js:v"
        guard sdk.hasPrefix(name) else { return false }
        let version = sdk.utf8.dropFirst(name.utf8.count).prefix { $0 != UInt8(ascii: "+") }
        let isPrerelease = version.contains(UInt8(ascii: "-"))
        let parts = version.prefix { $0 != UInt8(ascii: "-") }
            .split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { Int(Substring($0)) ?? -1 }
        guard parts.count == 3, parts.allSatisfy({ $0 >= 0 }) else { return false }
        let first: (Int, Int, Int)
        switch parts[0] {
        case 1: first = (1, 10, 1)
        case 2: first = (2, 4, 1)
        default: return false
        }
        let own = (parts[0], parts[1], parts[2])
        return own < first || (own == first && isPrerelease)
    }
}

extension String {
    /// Whether the text equals an ASCII text but for the case of letters.
    fileprivate func equals(_ name: StaticString) -> Bool {
        name.withUTF8Buffer { utf8.elementsEqual($0, by: JSONText.sameLetter) }
    }
}
