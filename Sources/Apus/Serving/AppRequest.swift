import ApusCore

/// A request to the app's endpoint, whatever web framework took it.
public struct AppRequest: Sendable {
    /// `GET`, `PUT` or `POST`.
    public var method: String
    /// The path with its query, `/api/inngest?fnId=shop-onboard&stepId=step`.
    public var target: String
    /// By their names, in any case.
    public var headers: [(name: String, value: String)]
    /// The bytes as they came.
    public var body: [UInt8]
    /// `http` or `https`; `X-Forwarded-Proto` comes first.
    public var scheme: String

    /// Makes a request.
    public init(
        method: String, target: String, headers: [(name: String, value: String)], body: [UInt8], scheme: String = "http"
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.scheme = scheme
    }

    /// The first value of a header.
    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }

    var path: String { String(target.prefix { $0 != "?" }) }

    /// A parameter of the query, decoded.
    func query(_ name: StaticString) -> String? {
        QueryString(target.drop { $0 != "?" }.dropFirst()).first(name)
    }
}

/// The app's answer.
public struct AppResponse: Sendable {
    /// The status.
    public var status: Int
    /// By their names.
    public var headers: [(name: String, value: String)]
    /// JSON, or nothing.
    public var body: [UInt8]
}
