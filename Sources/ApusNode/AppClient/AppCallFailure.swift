/// Why a call brought no response.
///
/// Texts are for people (run history, logs) and begin in lower case; decisions are made on the case alone.
package enum AppCallFailure: Error, Hashable, Sendable {
    /// The app did not answer: no such host, no connection, or a connection lost before the head of the response.
    case unreachable(String)
    /// The host has no address that the client may connect to; the text says which rule it breaks. Nothing was sent.
    case refused(String)
    /// The TLS handshake failed, most often because the certificate could not be verified.
    case tls(String)
    /// The deadline of the call passed, wherever the call was by then.
    case timeout
    /// The response body, or its decoded form, has more than `limit` bytes.
    case responseTooLarge(limit: Int)
    /// The response has a `Content-Encoding` other than `identity` or `gzip`; the payload is its value.
    case unsupportedEncoding(String)
    /// The response is not HTTP/1, ends before its end, or holds corrupt gzip data.
    case protocolViolation(String)
    /// More redirects than the configuration allows.
    case tooManyRedirects
    /// A redirect to something that is not an `http` or `https` URL.
    case badRedirect(String)
    /// The call was cancelled, or the client was shut down.
    case cancelled
    /// All connections are busy and as many calls as allowed wait for one. Nothing was sent.
    case overloaded
    /// The request cannot be written as HTTP/1: a bad method, header name or header value. Nothing was sent.
    case invalidRequest(String)
}

extension AppCallFailure {
    /// What it means for a call that its connection could not be opened.
    init(opening fault: ConnectionFault) {
        self =
            switch fault {
            case .lost(let reason), .malformed(let reason), .corruptBody(let reason): .unreachable(reason)
            case .tls(let reason): .tls(reason)
            case .refused(let reason): .refused(reason)
            case .noDescriptors, .bodyTooLarge: .overloaded
            }
    }
}
