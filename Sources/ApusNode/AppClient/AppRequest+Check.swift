extension AppRequest {
    /// What makes this request impossible to send, or `nil`.
    ///
    /// Header values may come from the code of users: a line break in one would forge another header (RFC 9112 §11.1).
    func firstFlaw() -> String? {
        guard Self.isToken(method), method != "CONNECT" else { return "method \"\(method.prefix(32))\"" }
        for (name, value) in headers {
            guard Self.isToken(name) else { return "header name \"\(name.prefix(64))\"" }
            guard Self.isFieldValue(value) else { return "value of header \"\(name)\"" }
        }
        return nil
    }

    /// Whether a request without body says `Content-Length: 0` (RFC 9110 §8.6).
    var methodMayHaveBody: Bool {
        switch method {
        case "POST", "PUT", "PATCH": true
        case "GET", "HEAD", "OPTIONS", "TRACE", "DELETE": false
        default: true
        }
    }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ text: String) -> Bool {
        text.withBytes { bytes in
            var isToken = !bytes.isEmpty
            for byte in bytes { isToken = isToken && tokenBytes.contains(byte) }
            return isToken
        }
    }

    /// RFC 9110 §5.5: no control characters except the tab.
    private static func isFieldValue(_ text: String) -> Bool {
        text.withBytes { bytes in
            // No early exit: the loop becomes a few vector instructions.
            var forbidden: UInt8 = 0
            for byte in bytes {
                forbidden |= (byte < 0x20 ? 1 : 0) & (byte == 0x09 ? 0 : 1)
                forbidden |= byte == 0x7F ? 1 : 0
            }
            return forbidden == 0
        }
    }

    private static let tokenBytes = ASCIISet(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    )
}

/// A set of ASCII bytes in two machine words.
private struct ASCIISet: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init(_ members: StaticString) {
        members.withUTF8Buffer { bytes in
            for byte in bytes {
                if byte < 64 { low |= 1 << UInt64(byte) } else if byte < 128 { high |= 1 << UInt64(byte - 64) }
            }
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        byte < 128 && (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 == 1
    }
}

extension String {
    fileprivate func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
        var copy = self
        return copy.withUTF8(body)
    }
}
