/// A request that the SDK makes of a server.
public struct TransportRequest: Sendable {
    /// `GET` or `POST`.
    public var method: String
    /// With scheme and host.
    public var url: String
    /// By their names.
    public var headers: [(name: String, value: String)]
    /// Nothing for `GET`.
    public var body: [UInt8]
}

/// A server's answer.
public struct TransportResponse: Sendable {
    /// The status.
    public var status: Int
    /// The bytes, decompressed.
    public var body: [UInt8]

    /// Makes an answer.
    public init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// What takes the place of every client's transport while a test runs a function.
package enum TestTransport {
    @TaskLocal package static var current: (any HTTPTransport)?
}

/// How the SDK reaches a server. ``URLSessionTransport`` needs no other package; an app that has an HTTP client of its
/// own can use that one instead.
public protocol HTTPTransport: Sendable {
    /// Makes a request once, with a time limit of about 30 seconds.
    /// - Throws: anything when there is no answer.
    func send(_ request: TransportRequest) async throws -> TransportResponse
}
