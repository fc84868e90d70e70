import ApusCore
import ApusEngine
import HTTPTypes
import Hummingbird

/// Query parameters of the v2 API, whose names may be written `includeOutput` or `include_output`.
struct V2Query {
    private let request: Request

    init(_ request: Request) {
        self.request = request
    }

    func values(_ name: String) -> [String] {
        let query = request.uri.queryParameters
        return
            (query[values: Substring(name)]
            + (Self.snake(name) == name ? [] : query[values: Substring(Self.snake(name))]))
            .map(String.init).filter { !$0.isEmpty }
    }

    func value(_ name: String) -> String? { values(name).first }

    func flag(_ name: String) throws(V2Problem) -> Bool {
        switch value(name) {
        case nil, "false", "0": return false
        case "true", "1": return true
        case let text?: throw V2Problem(.form, "parsing field \"\(name)\": \(text.excerpt()) is neither true nor false")
        }
    }

    /// `nil` when it is not given.
    func givenFlag(_ name: String) throws(V2Problem) -> Bool? {
        value(name) == nil ? nil : try flag(name)
    }

    func time(_ name: String) throws(V2Problem) -> Timestamp? {
        guard let text = value(name) else { return nil }
        guard let time = DateText.parse(text) else {
            throw V2Problem(.form, "parsing field \"\(name)\": \(text.excerpt()) is no RFC 3339 time")
        }
        return time
    }

    func limit(most: Int) throws(V2Problem) -> Int {
        let usual = 20
        guard let text = value("limit") else { return usual }
        guard let number = Int(text) else {
            throw V2Problem(.form, "parsing field \"limit\": \(text.excerpt()) is no number")
        }
        guard number <= most else { throw V2Problem(.invalidField, "Limit cannot exceed \(most)") }
        guard number >= 0 else { throw V2Problem(.invalidField, "Limit must be at least 1") }
        return number == 0 ? usual : number
    }

    /// One of some words, in any case.
    func word<Word>(_ name: String, _ words: [String: Word]) throws(V2Problem) -> Word? {
        guard let text = value(name) else { return nil }
        guard let word = words[text.uppercased()] else { throw V2Problem(.invalidField, "\(name) is invalid") }
        return word
    }

    private static func snake(_ name: String) -> String {
        name.reduce(into: "") { text, letter in text += letter.isUppercase ? "_\(letter.lowercased())" : "\(letter)" }
    }
}

/// Adds routes of the v2 API, which stands under two prefixes.
struct V2Table {
    static let prefix = "/v2"
    /// The second name of everything.
    static let alias = "/api/v2"

    private(set) var routes: RouteTable

    init(_ routes: RouteTable) {
        self.routes = routes
    }

    mutating func on(
        _ method: HTTPRequest.Method, _ path: String,
        _ handler: @escaping @Sendable (Request, RouteContext) async throws -> Response
    ) {
        for prefix in [Self.prefix, Self.alias] {
            routes.on(method, prefix + path) { request, context in
                try await V2Answers.guarded { try await handler(request, context) }
            }
        }
    }
}

extension RouteContext {
    /// A part of the path, decoded.
    func v2Parameter(_ name: String) throws(V2Problem) -> String {
        guard let text = try? EventRequest.decodeSlug(parameters.get(name) ?? "") else {
            throw V2Problem(.form, "the path must be UTF-8, percent-encoded")
        }
        return text
    }
}
