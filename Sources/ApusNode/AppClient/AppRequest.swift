import NIOCore

/// One HTTP request to an app.
package struct AppRequest: Sendable {
    /// The method in capitals, such as `POST`. Anything that is not an HTTP token fails the call, and so does
    /// `CONNECT`, which would turn the connection into a tunnel.
    package var method: String
    /// Where the request goes.
    package var url: AppURL
    /// Header fields in the order in which they are sent, after those that the client sets itself.
    ///
    /// The client owns the fields that frame the message or steer the connection (`Host`, `Content-Length`,
    /// `Transfer-Encoding`, `Connection`, `Accept-Encoding`, …): they are left out when given here.
    package var headers: [(name: String, value: String)]
    /// The body, sent with its `Content-Length`.
    package var body: ByteBuffer

    /// A request to `url`.
    package init(
        method: String = "POST",
        url: AppURL,
        headers: [(name: String, value: String)] = [],
        body: ByteBuffer = ByteBuffer()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}
