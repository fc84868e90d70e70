import NIOCore
import NIOHTTP1

/// The answer of an app.
package struct AppResponse: Sendable {
    /// The status code as received, never 1xx except for 101.
    package var status: Int
    /// The header fields as received; `Content-Encoding` and `Content-Length` still describe the encoded body.
    package var headers: AppHeaders
    /// The body after decoding.
    package var body: ByteBuffer
    /// Where it came from, after redirects; `nil` for one made by a test.
    package var url: AppURL?

    /// A response, made by the client or by a test.
    package init(status: Int, headers: AppHeaders, body: ByteBuffer) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Header fields of a response, in order, found by name without regard to case.
package struct AppHeaders: Sendable, ExpressibleByDictionaryLiteral {
    private let fields: HTTPHeaders

    /// Fields as the decoder delivers them.
    init(_ fields: HTTPHeaders) {
        self.fields = fields
    }

    /// Fields in the given order; a name may occur more than once.
    package init(_ fields: [(name: String, value: String)]) {
        self.fields = HTTPHeaders(fields.map { ($0.name, $0.value) })
    }

    /// Fields in the given order, for tests: `["X-Inngest-SDK": "go:v0.16.0"]`.
    package init(dictionaryLiteral elements: (String, String)...) {
        self.fields = HTTPHeaders(elements)
    }

    /// The value of the first field of that name, or `nil`.
    package func first(name: String) -> String? {
        fields.first(name: name)
    }

    /// Calls `body` with each field in the order of arrival.
    package func forEach(_ body: (_ name: String, _ value: String) throws -> Void) rethrows {
        for field in fields { try body(field.name, field.value) }
    }
}
