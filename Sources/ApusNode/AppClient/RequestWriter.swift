import NIOCore

/// Turns requests into HTTP/1.1 messages, with buffers that are used again and again.
final class RequestWriter {
    /// A body above this size is written from its own buffer instead of being copied behind the head. It may also
    /// stay in the channel for a while, whereas anything smaller fits into the send buffer of a socket, which is
    /// empty when a request starts.
    static let largeBody = 16 * 1024

    private var head: [UInt8] = []
    private var message = ByteBuffer()

    /// The head of one hop of a call, and its body unless that is large.
    ///
    /// - Parameters:
    ///   - request: checked by ``AppRequest/firstFlaw()``.
    ///   - url: where this hop goes.
    ///
    /// Once a redirect has left the origin of the request, fields with credentials of the caller are not sent any
    /// more. `X-Inngest-Signature` is: it signs the body, which is the same, and reveals nothing about the key.
    func message(_ request: AppRequest, to url: AppURL) -> ByteBuffer {
        Self.writeHead(request, to: url, into: &head)
        let length = request.body.readableBytes
        message.clear()
        message.writeBytes(head)
        if length <= Self.largeBody { message.writeImmutableBuffer(request.body) }
        return message
    }

    private static func writeHead(_ request: AppRequest, to url: AppURL, into head: inout [UInt8]) {
        let leftOrigin = url.origin != request.url.origin
        head.removeAll(keepingCapacity: true)
        head += request.method.utf8
        head += " ".utf8
        head += url.target.utf8
        head += " HTTP/1.1\r\nHost: ".utf8
        head += url.hostHeader.utf8
        head += "\r\nAccept-Encoding: gzip\r\n".utf8
        var hasUserAgent = false
        for (name, value) in request.headers {
            switch RequestField(name) {
            case .connection: continue
            case .credentials: if leftOrigin { continue }
            case .userAgent: hasUserAgent = true
            case .other: break
            }
            head += name.utf8
            head += ": ".utf8
            head += value.utf8
            head += "\r\n".utf8
        }
        if !hasUserAgent { head += "User-Agent: Apus\r\n".utf8 }
        let length = request.body.readableBytes
        if length > 0 || request.methodMayHaveBody {
            head += "Content-Length: ".utf8
            head += String(length).utf8
            head += "\r\n".utf8
        }
        head += "\r\n".utf8
    }
}

/// Who decides about a request header field.
enum RequestField {
    /// It frames the message or steers the connection: the client sets it or it is not sent at all.
    case connection
    /// It holds credentials, meant for the origin that the caller named.
    case credentials
    /// The caller's name instead of the client's.
    case userAgent
    /// It means nothing to the client.
    case other

    /// Sorts a field by its name.
    init(_ name: String) {
        // By length first: most names are decided without comparing a byte.
        switch name.utf8.count {
        case 2 where name.isField("te"), 4 where name.isField("host"), 6 where name.isField("expect"),
            7 where name.isField("upgrade") || name.isField("trailer"),
            10 where name.isField("connection") || name.isField("keep-alive"),
            14 where name.isField("content-length"), 15 where name.isField("accept-encoding"),
            16 where name.isField("proxy-connection"), 17 where name.isField("transfer-encoding"):
            self = .connection
        case 6 where name.isField("cookie"), 13 where name.isField("authorization"),
            19 where name.isField("proxy-authorization"):
            self = .credentials
        case 10 where name.isField("user-agent"):
            self = .userAgent
        default:
            self = .other
        }
    }
}

extension String {
    /// Equality without regard to ASCII case; both have the same length.
    fileprivate func isField(_ lowercase: String) -> Bool {
        utf8.elementsEqual(lowercase.utf8) { $0 | 0x20 == $1 | 0x20 }
    }
}
