/// The address of an app or of one of its functions as the server stores and compares it.
///
/// SDKs write the same address in several ways: with the parameters of the request that made them
/// register, with a default port, with any of the names of the local machine. The normal form has
/// none of these differences:
///
/// - the query without `deployId` and `probe`, sorted by name;
/// - no `:80` for http and ws, no `:443` for https and wss;
/// - `localhost` for `127.0.0.1` and `0.0.0.0`, where a port is given;
/// - the scheme in lower case, no fragment.
///
/// Path, trailing slash and the case of everything else stay as they are.
public struct EndpointURL: Hashable, Sendable, CustomStringConvertible {
    /// The longest URL that is accepted, in bytes of UTF-8.
    public static let limit = 4_096

    /// How the app is reached; it decides the transport.
    public enum Scheme: String, Hashable, Sendable, CaseIterable {
        case http, https, ws, wss

        /// The port that a URL without one means.
        var defaultPort: Int { self == .http || self == .ws ? 80 : 443 }
    }

    /// How the app is reached.
    public let scheme: Scheme
    /// The normal form.
    public let description: String

    /// Parses and normalises an absolute URL.
    ///
    /// - Throws: ``EndpointURLError`` that says what is wrong.
    public init(_ text: String) throws(EndpointURLError) {
        guard text.utf8.count <= EndpointURL.limit else { throw .tooLong }
        for (offset, byte) in text.utf8.enumerated() where byte <= 0x20 || byte == 0x7F {
            throw .invalidCharacter(offset: offset)
        }
        guard let colon = text.firstIndex(of: ":"), let scheme = Scheme(rawValue: text[..<colon].lowercased()) else {
            throw .unsupportedScheme
        }
        let afterScheme = text[text.index(after: colon)...]
        guard afterScheme.hasPrefix("//") else { throw .missingHost }
        let rest = afterScheme.dropFirst(2).prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let host = try EndpointURL.host(authority, scheme: scheme)
        let target = rest[authority.endIndex...]
        let path = target.prefix { $0 != "?" }

        var query = QueryString(target[path.endIndex...].dropFirst())
        query.items.removeAll { $0.isNamed("deployId") || $0.isNamed("probe") }
        query.sort()
        let parameters = QueryString.encode(query.items)
        self.scheme = scheme
        description = "\(scheme.rawValue)://\(host)\(path)" + (parameters.isEmpty ? "" : "?\(parameters)")
    }

    /// The normal form of `host[:port]`.
    private static func host(_ authority: Substring, scheme: Scheme) throws(EndpointURLError) -> String {
        guard !authority.utf8.contains(UInt8(ascii: "@")) else { throw .userInfo }
        let name: Substring
        if authority.first == "[" {
            // An IPv6 address; whether it is one is found out by whoever connects to it.
            guard let bracket = authority.firstIndex(of: "]") else { throw .invalidHost(String(authority)) }
            name = authority[...bracket]
        } else {
            name = authority.prefix { $0 != ":" }
        }
        guard !name.isEmpty else { throw .missingHost }
        guard name.utf8.allSatisfy(isHostByte) else { throw .invalidHost(String(name)) }
        let afterName = authority[name.endIndex...]
        guard !afterName.isEmpty else { return String(name) }
        let digits = afterName.dropFirst()
        guard afterName.first == ":", digits.utf8.allSatisfy({ decimalDigit($0) != nil }), let port = Int(digits),
            (1...65_535).contains(port)
        else { throw .invalidPort(String(digits)) }

        let isLocal = ["localhost", "127.0.0.1", "0.0.0.0"].contains(name.lowercased())
        let host = isLocal ? "localhost" : String(name)
        return port == scheme.defaultPort ? host : "\(host):\(port)"
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"):
            true
        default:
            false
        }
    }
}

/// Why a text is not the address of an app. The description continues a sentence that names the field.
public enum EndpointURLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text has more than ``EndpointURL/limit`` bytes.
    case tooLong
    /// The text does not begin with one of the four schemes.
    case unsupportedScheme
    /// A space or a control character stands at this byte.
    case invalidCharacter(offset: Int)
    /// `user:password@` stands before the host; a URL that is stored and shown must not hold secrets.
    case userInfo
    /// Nothing stands where the host should be.
    case missingHost
    /// Not a host name, and not an address in brackets.
    case invalidHost(String)
    /// Not a number from 1 to 65535.
    case invalidPort(String)

    /// For example `must begin with http://, https://, ws:// or wss://`.
    public var description: String {
        switch self {
        case .tooLong: "must not be longer than \(EndpointURL.limit) bytes"
        case .unsupportedScheme: "must begin with http://, https://, ws:// or wss://"
        case .invalidCharacter(let offset): "has a space or a control character at byte \(offset)"
        case .userInfo: "must not contain a user name or password"
        case .missingHost: "has no host"
        case .invalidHost(let host): "has \(QuotedText.quote(host)) where a host name or address should be"
        case .invalidPort(let port): "has \(QuotedText.quote(port)) where a port from 1 to 65535 should be"
        }
    }
}
