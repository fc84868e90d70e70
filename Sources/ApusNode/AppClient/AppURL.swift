import NIOCore

/// The address of an app: an absolute `http` or `https` URL, parsed and checked once.
///
/// Parsing normalises what RFC 3986 §6.2.2 calls equivalent as far as pooling needs it: scheme and host become lower
/// case, a missing port becomes the default one, a missing path becomes `/`, the fragment is dropped, and bytes that
/// must not stand in a request line (such as `"`, `<` or anything beyond ASCII) are percent-encoded.
package struct AppURL: Hashable, Sendable, CustomStringConvertible {
    /// How the connection is made.
    package enum Scheme: String, Sendable {
        /// Plain TCP, port 80 unless given.
        case http
        /// TLS, port 443 unless given.
        case https

        /// The port that a URL without a port means.
        package var defaultPort: Int { self == .http ? 80 : 443 }
    }

    /// Where connections go: all URLs of one origin share connections.
    package struct Origin: Hashable, Sendable {
        /// How the connection is made.
        package let scheme: Scheme
        /// See ``AppURL/host``.
        package let host: String
        /// See ``AppURL/port``.
        package let port: Int
    }

    /// The longest URL that is accepted, in UTF-8 bytes.
    package static let maxBytes = 8192

    /// Scheme, host and port.
    package let origin: Origin
    /// What the request line carries: path and query, never empty, always beginning with `/`.
    package let target: String
    /// The value of the `Host` header: IPv6 addresses in brackets, the port only where it is not the default one.
    package let hostHeader: String

    /// How the connection is made.
    package var scheme: Scheme { origin.scheme }
    /// A lower-case DNS name or an IP address; IPv6 addresses without brackets.
    package var host: String { origin.host }
    /// 1 to 65535.
    package var port: Int { origin.port }
    /// The URL in its normalised form.
    package var description: String { "\(scheme.rawValue)://\(hostHeader)\(target)" }

    /// Parses an absolute URL.
    ///
    /// - Parameter text: at most ``maxBytes`` bytes.
    /// - Throws: ``AppURLError`` that says what is wrong.
    package init(_ text: String) throws(AppURLError) {
        guard text.utf8.count <= Self.maxBytes else { throw .tooLong(limit: Self.maxBytes) }
        for (offset, byte) in text.utf8.enumerated() where byte <= 0x20 || byte == 0x7F {
            throw .invalidCharacter(offset: offset)
        }
        let (scheme, afterScheme) = try Self.splitScheme(text)
        let authorityEnd = afterScheme.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? afterScheme.endIndex
        let authority = try Authority(afterScheme[..<authorityEnd])
        self.init(
            origin: Origin(scheme: scheme, host: authority.host, port: authority.port ?? scheme.defaultPort),
            target: Self.normalisedTarget(afterScheme[authorityEnd...])
        )
    }

    /// A URL of a known origin.
    ///
    /// - Parameter target: path and query, already fit for a request line.
    init(origin: Origin, target: String) {
        self.origin = origin
        self.target = target
        let host = origin.host.utf8.contains(UInt8(ascii: ":")) ? "[\(origin.host)]" : origin.host
        self.hostHeader = origin.port == origin.scheme.defaultPort ? host : "\(host):\(origin.port)"
    }

    /// The same address with one more parameter, already fit for a request line.
    package func adding(query: String) -> AppURL {
        AppURL(origin: origin, target: target + (target.contains("?") ? "&" : "?") + query)
    }

    private static func splitScheme(_ text: String) throws(AppURLError) -> (Scheme, Substring) {
        guard let colon = text.firstIndex(of: ":") else { throw .unsupportedScheme("") }
        let name = text[..<colon]
        guard let scheme = Scheme(rawValue: name.lowercased()) else {
            throw .unsupportedScheme(name.utf8.allSatisfy(\.isSchemeByte) ? String(name) : "")
        }
        let rest = text[text.index(after: colon)...]
        guard rest.hasPrefix("//") else { throw .missingHost }
        return (scheme, rest.dropFirst(2))
    }

    /// Path and query without the fragment, percent-encoded where a request line demands it.
    static func normalisedTarget(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 1)
        if text.utf8.first != UInt8(ascii: "/") { bytes.append(UInt8(ascii: "/")) }
        for byte in text.utf8 {
            if byte == UInt8(ascii: "#") { break }
            if byte.needsEscapeInTarget {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(hexDigit(byte >> 4))
                bytes.append(hexDigit(byte & 0xF))
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
    }
}

/// `host[:port]`, checked.
private struct Authority {
    let host: String
    let port: Int?

    init(_ text: Substring) throws(AppURLError) {
        guard !text.utf8.contains(UInt8(ascii: "@")) else { throw .userInfo }
        guard !text.isEmpty else { throw .missingHost }
        if text.first == "[" {
            guard let bracket = text.firstIndex(of: "]") else { throw .invalidHost(String(text)) }
            let address = text[text.index(after: text.startIndex)..<bracket]
            // A zone ("%eth0") names an interface of this machine and means nothing in a shared URL.
            guard address.utf8.allSatisfy(\.isIPv6Byte),
                case .v6? = try? SocketAddress(ipAddress: String(address), port: 0)
            else { throw .invalidHost(String(text[...bracket])) }
            host = address.lowercased()
            port = try Self.port(text[text.index(after: bracket)...], of: text)
        } else {
            let colon = text.firstIndex(of: ":") ?? text.endIndex
            let name = text[..<colon]
            guard !name.isEmpty else { throw .missingHost }
            // 253 is the longest DNS name in text form (RFC 1035 §2.3.4), plus the dot of a fully qualified one.
            guard name.utf8.count <= 254, name.utf8.allSatisfy(\.isHostByte) else { throw .invalidHost(String(name)) }
            host = name.lowercased()
            port = try Self.port(text[colon...], of: text)
        }
    }

    /// An empty port means the default one (RFC 3986 §3.2.3).
    private static func port(_ text: Substring, of authority: Substring) throws(AppURLError) -> Int? {
        guard let colon = text.first else { return nil }
        guard colon == ":" else { throw .invalidHost(String(authority)) }
        let digits = text.dropFirst()
        if digits.isEmpty { return nil }
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = Int(digits), (1...65535).contains(port)
        else { throw .invalidPort(String(digits)) }
        return port
    }
}

extension UInt8 {
    fileprivate var isAlphanumeric: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    fileprivate var isSchemeByte: Bool {
        isAlphanumeric || self == UInt8(ascii: "+") || self == UInt8(ascii: "-") || self == UInt8(ascii: ".")
    }

    fileprivate var isHostByte: Bool {
        isAlphanumeric || self == UInt8(ascii: "-") || self == UInt8(ascii: ".") || self == UInt8(ascii: "_")
    }

    fileprivate var isIPv6Byte: Bool {
        isAlphanumeric || self == UInt8(ascii: ":") || self == UInt8(ascii: ".")
    }

    /// Bytes outside the grammar of RFC 3986 that strict servers refuse in a request line.
    fileprivate var needsEscapeInTarget: Bool {
        switch self {
        case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "^"),
            UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"), 0x00...0x20, 0x7F...0xFF:
            true
        default: false
        }
    }
}
