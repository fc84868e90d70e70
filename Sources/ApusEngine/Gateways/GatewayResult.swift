import ApusCore

/// The answer to a gateway request.
package struct GatewayResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Where it came from, after redirects.
    package var url: String

    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8], url: String) {
        self.status = status
        self.headers = headers
        self.body = body
        self.url = url
    }
}

/// Why a gateway request brought no answer.
package enum GatewayFault: Error, Hashable, Sendable {
    case unreachable(String)
    /// It will be the same whenever it is tried again.
    case refused(String)
    case other(String)
}

/// What became of a gateway request.
package enum GatewayResult: Hashable, Sendable {
    /// The step has its result, in the shape in which apps get it back.
    case completed(memo: RawJSON)
    case failed(GatewayFailure)
    /// It was not made, or was broken off: the app is called again after this time.
    case notMade(retryIn: TimeSpan)

    /// - Parameter now: the time from which `Retry-After` counts.
    package init(_ answer: Result<GatewayResponse, GatewayFault>, to request: GatewayRequest, now: Timestamp) {
        switch answer {
        case .success(let response):
            switch request.kind {
            case .http: self = .completed(memo: Self.fetched(response))
            case .ai where response.status <= 299: self = .completed(memo: Memo.data(Self.json(response.body)))
            case .ai: self = .failed(GatewayFailure(response, to: request, now: now))
            }
        case .failure(let fault): self = .failed(GatewayFailure(fault, of: request))
        }
    }

    /// The text of what is no JSON, such as a stream of events.
    fileprivate static func json(_ body: [UInt8]) -> RawJSON {
        (try? RawJSON(parsing: body)) ?? .string(String(decoding: body, as: UTF8.self))
    }

    private static func fetched(_ response: GatewayResponse) -> RawJSON {
        var writer = JSONWriter(reserving: response.body.count + 512)
        writer.beginObject()
        writer.member("body", String(decoding: response.body, as: UTF8.self))
        writer.key("headers")
        writer.object(of: headers(of: response)) { $1.value($0) }
        writer.member("status_code", response.status)
        writer.member("url", GatewayURL.answered(response.url))
        writer.endObject()
        return Memo.data(writer.finish())
    }

    /// By canonical name, several values of one joined, without those that describe a coded body that has been decoded.
    private static func headers(of response: GatewayResponse) -> [String: String] {
        var values: [String: String] = [:]
        for header in response.headers {
            let name = canonical(header.name)
            values[name] = values[name].map { "\($0),\(header.value)" } ?? header.value
        }
        values["Transfer-Encoding"] = nil
        if let coding = values["Content-Encoding"], coding.lowercased() != "identity" {
            values["Content-Encoding"] = nil
            values["Content-Length"] = nil
        }
        return values
    }

    /// `content-type` becomes `Content-Type`.
    private static func canonical(_ name: String) -> String {
        var isFirst = true
        return String(
            name.map { character in
                defer { isFirst = character == "-" }
                return isFirst ? Character(character.uppercased()) : Character(character.lowercased())
            }
        )
    }
}

/// A gateway request that did not succeed.
package struct GatewayFailure: Hashable, Sendable {
    /// `{"name","message","data"?,"stack"?}`.
    package var error: RawJSON
    /// The same with long parts cut, for the history of attempts.
    package var shortError: RawJSON
    package var cause: String
    package var isFinal: Bool
    package var retryAfter: Timestamp?

    private static let aiMessage = "Error making AI request"
    /// Bytes of a body that an error holds at most.
    private static let longestBody = 1 << 20
    private static let shortBody = 4 << 10

    init(_ response: GatewayResponse, to request: GatewayRequest, now: Timestamp) {
        let text = Self.text(of: response.body, withoutSecrets: request.secrets)
        let message = "\(Self.aiMessage): unsuccessful status code: \(response.status)"
        func error(_ limit: Int) -> RawJSON {
            guard !text.isEmpty else {
                return Self.error(.ai, message, data: Self.noData, stack: Self.noData.description)
            }
            let cut = text.excerpt(bytes: limit)
            return Self.error(.ai, message, data: GatewayResult.json(Array(cut.utf8)), stack: cut)
        }
        self.error = error(Self.longestBody)
        shortError = error(Self.shortBody)
        cause = "AIGatewayError: \(message)"
        isFinal = false
        let header = response.headers.first { $0.name.lowercased() == "retry-after" }?.value
        retryAfter = header.flatMap { RetryAfter.parse($0, now: now) }
    }

    init(_ fault: GatewayFault, of request: GatewayRequest) {
        let detail =
            switch fault {
            case .unreachable(let reason): "Unable to reach SDK URL (\(reason))"
            case .refused(let reason), .other(let reason): reason
            }
        let text = Self.withoutSecrets(detail, request.secrets)
        switch request.kind {
        case .ai:
            let message = "\(Self.aiMessage): \(text)"
            error = Self.error(.ai, message, data: Self.noData, stack: Self.noData.description)
            cause = "AIGatewayError: \(message)"
        case .http:
            let message = "Error making gateway request: \(text)"
            error = Self.error(.http, message, data: nil, stack: nil)
            cause = "GatewayError: \(message)"
        }
        shortError = error
        isFinal = if case .refused = fault { true } else { false }
        retryAfter = nil
    }

    /// A result that cannot be kept.
    package static func unstorable(_ reason: String) -> GatewayFailure {
        let message = "The answer to the request cannot be stored: \(reason)"
        let error = error(.http, message, data: nil, stack: nil)
        return GatewayFailure(error: error, shortError: error, cause: message, isFinal: true)
    }

    private init(error: RawJSON, shortError: RawJSON, cause: String, isFinal: Bool) {
        self.error = error
        self.shortError = shortError
        self.cause = cause
        self.isFinal = isFinal
    }

    /// What stands where a provider said nothing.
    private static let noData: RawJSON = {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("error", aiMessage)
        writer.endObject()
        return writer.finish()
    }()

    private static func error(
        _ kind: GatewayRequest.Kind, _ message: String, data: RawJSON?, stack: String?
    ) -> RawJSON {
        var writer = JSONWriter()
        writer.beginObject()
        if let data { writer.member("data", data) }
        writer.member("message", message)
        writer.member("name", kind == .ai ? "AIGatewayError" : "GatewayError")
        if let stack { writer.member("stack", stack) }
        writer.endObject()
        return writer.finish()
    }

    /// A long one is cut first, because secrets are looked for one by one; without the beginning of a secret at its end.
    private static func text(of body: [UInt8], withoutSecrets secrets: [String]) -> String {
        guard body.count > longestBody else {
            return withoutSecrets(String(decoding: body, as: UTF8.self), secrets)
        }
        let text = withoutSecrets(String(decoding: body.prefix(longestBody), as: UTF8.self), secrets)
        let longest = secrets.map(\.utf8.count).max() ?? 0
        return text.prefix(bytes: max(text.utf8.count - longest, 0)) + "..."
    }

    /// Providers like to repeat a key that they do not accept.
    private static func withoutSecrets(_ text: String, _ secrets: [String]) -> String {
        var text = text
        for secret in Set(secrets).sorted(by: { $0.utf8.count > $1.utf8.count }) where secret.utf8.count >= 6 {
            text = text.replacing(secret, with: SecretParameters.mark)
        }
        return text
    }
}

/// One request of a call has ended.
package struct GatewayReport: Hashable, Sendable {
    package var call: CallID
    package var step: StepID
    package var result: GatewayResult
    /// No other request of the call is open.
    package var isLast: Bool

    package init(call: CallID, step: StepID, result: GatewayResult, isLast: Bool) {
        self.call = call
        self.step = step
        self.result = result
        self.isLast = isLast
    }
}
