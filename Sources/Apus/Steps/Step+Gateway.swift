import ApusCore

/// An HTTP request that the server makes for a step, so that nothing of the app waits for it.
public struct FetchRequest: Sendable {
    /// Where to.
    public var url: String
    /// `GET` unless said otherwise.
    public var method: String
    /// By their names.
    public var headers: [String: String]
    /// A text, or nothing.
    public var body: String?

    /// Makes a request.
    public init(_ url: String, method: String = "GET", headers: [String: String] = [:], body: String? = nil) {
        self.url = url
        self.method = method
        self.headers = headers
        self.body = body
    }
}

/// The answer to a ``FetchRequest``, whatever its status.
public struct FetchResponse: Codable, Sendable {
    /// The status.
    public let status: Int
    /// By their canonical names; several values are joined by commas.
    public let headers: [String: String]
    /// The text.
    public let body: String

    /// Makes an answer, for tests.
    public init(status: Int = 200, headers: [String: String] = [:], body: String = "") {
        self.status = status
        self.headers = headers
        self.body = body
    }

    enum CodingKeys: String, CodingKey {
        case status = "status_code"
        case headers
        case body
    }
}

/// A request to a model provider that the server makes for a step.
public struct InferenceRequest: Sendable {
    /// Which provider's rules the request follows.
    public enum Format: String, Sendable {
        /// The key is a bearer token.
        case openAI = "openai-chat"
        /// The key is `x-api-key`.
        case anthropic = "anthropic"
        /// The key is in the query.
        case gemini = "gemini"
    }

    let url: String
    let key: String
    let format: Format
    let headers: [String: String]
    let body: @Sendable () throws -> RawJSON

    /// Makes a request.
    public init(
        url: String, key: String, format: Format, headers: [String: String] = [:], body: some Encodable & Sendable
    ) {
        self.url = url
        self.key = key
        self.format = format
        self.headers = headers
        self.body = { try Coding.encode(body) }
    }
}

extension Step {
    /// Lets the server make an HTTP request.
    /// - Throws: ``StepError`` when there was no connection, after all attempts.
    public func fetch(_ name: String, _ fetch: FetchRequest, file: String = #fileID, line: Int = #line) async throws
        -> FetchResponse
    {
        let memo = try await request(name, SourceLine(file: file, line: line)) {
            var writer = JSONWriter()
            writer.object { writer in
                if let body = fetch.body { writer.member("body", body) }
                writer.headers(fetch.headers)
                writer.member("method", fetch.method)
                writer.member("url", fetch.url)
            }
            return StepOrder(kind: .gateway, options: writer.finish())
        }
        return try result(of: name, memo) { try Coding.decode(from: $0) }
    }

    /// Lets the server ask a model.
    /// - Returns: the provider's answer.
    /// - Throws: ``StepError`` when there was none with a good status, after all attempts.
    public func infer<Output: Decodable & Sendable>(
        _ name: String, _ inference: InferenceRequest, returning type: Output.Type = Output.self,
        file: String = #fileID, line: Int = #line
    ) async throws -> Output {
        let memo = try await request(name, SourceLine(file: file, line: line)) {
            let body = try inference.body()
            var writer = JSONWriter(reserving: body.bytes.count + 200)
            writer.object { writer in
                writer.member("auth_key", inference.key)
                writer.member("body", body)
                writer.member("format", inference.format.rawValue)
                writer.headers(inference.headers)
                writer.member("type", "step.ai.infer")
                writer.member("url", inference.url)
            }
            return StepOrder(kind: .aiGateway, options: writer.finish())
        }
        return try result(of: name, memo) { try Coding.decode(type, from: $0) }
    }
}

extension JSONWriter {
    fileprivate mutating func headers(_ headers: [String: String]) {
        key("headers")
        object(of: headers) { $1.value($0) }
    }
}
