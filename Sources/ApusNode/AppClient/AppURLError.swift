/// Why a text is not a URL that the server would call.
package enum AppURLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text has more UTF-8 bytes than `limit`.
    case tooLong(limit: Int)
    /// There is no `http://` or `https://` at the start; the payload is what stands before the first `:`, if anything.
    case unsupportedScheme(String)
    /// A control character or a space stands at this UTF-8 offset.
    case invalidCharacter(offset: Int)
    /// `user:password@` before the host: credentials do not belong in a URL that is stored and shown.
    case userInfo
    /// Nothing stands where the host should be.
    case missingHost
    /// Not a DNS name, an IPv4 address or an IPv6 address in brackets.
    case invalidHost(String)
    /// Not a number from 1 to 65535.
    case invalidPort(String)

    /// One sentence without a full stop that says what is wrong.
    package var description: String {
        switch self {
        case .tooLong(let limit): "the URL is longer than \(limit) bytes"
        case .unsupportedScheme(""): "the URL does not begin with http:// or https://"
        case .unsupportedScheme(let scheme): "the URL scheme \"\(scheme)\" is not http or https"
        case .invalidCharacter(let offset): "the URL has a space or a control character at byte \(offset)"
        case .userInfo: "the URL must not contain a user name or password"
        case .missingHost: "the URL has no host"
        case .invalidHost(let host): "\"\(host)\" is not a host name or IP address"
        case .invalidPort(let port): "\"\(port)\" is not a port from 1 to 65535"
        }
    }
}
