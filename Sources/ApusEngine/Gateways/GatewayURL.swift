import ApusCore
import Foundation

/// The address of a gateway request: credentials in it are apart, and it can be shown without its secrets.
package struct GatewayURL: Hashable, Sendable {
    /// What is called: without user, password and fragment.
    package private(set) var text: String
    /// `host` or `host:port`, for people.
    package let host: String
    /// `Basic …` for a user and password that stood before the host.
    let basicAuthorization: String?
    private(set) var secrets: [String]

    private static let longest = 8_192

    /// - Throws: what is wrong, without repeating what may be secret.
    init(_ url: String, of kind: Op.Kind) throws(InstructionError) {
        guard !url.isEmpty else { throw Self.failure("\(kind.rawValue) names no url.") }
        guard url.utf8.count <= Self.longest else {
            throw Self.failure("\(kind.rawValue) has a url of more than \(Self.longest) bytes.")
        }
        let whole = url.prefix { $0 != "#" }
        guard let start = whole.firstRange(of: "://") else {
            throw Self.failure("\(kind.rawValue) has a url that does not begin with http:// or https://.")
        }
        let rest = whole[start.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let path = rest[authority.endIndex...]
        if let at = authority.lastIndex(of: "@") {
            let user = authority[..<at]
            let decoded = user.removingPercentEncoding ?? String(user)
            basicAuthorization = "Basic " + Data(decoded.utf8).base64EncodedString()
            host = String(authority[authority.index(after: at)...])
            secrets = [String(user), decoded] + decoded.split(separator: ":").map(String.init)
        } else {
            basicAuthorization = nil
            host = String(authority)
            secrets = []
        }
        text = whole[..<start.upperBound] + host + path
        secrets += SecretParameters.values(in: text)
    }

    mutating func add(parameter name: String, _ value: String) {
        let encoded = value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? value
        text += (text.contains("?") ? "&" : "?") + "\(name)=\(encoded)"
        secrets.append(encoded)
    }

    /// For people: no value of the query.
    package var shown: String { SecretParameters.hide(in: text, all: true) }

    /// - Parameter url: where an answer came from in the end.
    static func answered(_ url: String) -> String { SecretParameters.hide(in: url, all: false) }

    private static func failure(_ message: String) -> InstructionError {
        InstructionError(.noticed(message: message))
    }
}

/// Parameters of URLs and members of objects that hold secrets, as far as their names tell.
enum SecretParameters {
    static let mark = "[hidden]"

    private static let signs = [
        "key", "token", "secret", "pass", "pwd", "auth", "sig", "credential", "session", "jwt", "code", "cookie",
        "bearer", "private", "sas",
    ]

    /// Whether a parameter of a URL is to be hidden. Rather one too many.
    static func isSecret(_ name: some StringProtocol) -> Bool {
        let name = (name.removingPercentEncoding ?? String(name)).lowercased()
        return signs.contains { name.contains($0) }
    }

    /// Whether a text in a body is to be hidden. Bodies are there to be read, so fewer names count.
    static func isSecret(member name: String) -> Bool {
        let name = name.lowercased().filter { $0 != "_" && $0 != "-" }
        return ["authorization", "token", "key", "password"].contains(name)
            || ["apikey", "secret", "accesstoken", "authtoken", "authorizationtoken", "credential", "privatekey"]
                .contains { name.contains($0) }
    }

    static func values(in url: String) -> [String] {
        parameters(of: url).filter { isSecret($0.name) }.flatMap { parameter in
            [String(parameter.value), parameter.value.removingPercentEncoding].compactMap(\.self)
        }
    }

    /// The URL with the values of parameters hidden.
    /// - Parameter all: whatever their names are.
    static func hide(in url: String, all: Bool) -> String {
        guard let mark = url.firstIndex(of: "?") else { return url }
        let query = parameters(of: url).map { parameter in
            guard let equals = parameter.equals else { return String(parameter.name) }
            let isHidden = all || isSecret(parameter.name)
            return parameter.name + equals + (isHidden ? Self.mark : String(parameter.value))
        }
        return url[...mark] + query.joined(separator: "&")
    }

    private static func parameters(of url: String) -> [(name: Substring, equals: String?, value: Substring)] {
        guard let mark = url.firstIndex(of: "?") else { return [] }
        return url[url.index(after: mark)...].split(separator: "&").map { pair in
            let name = pair.prefix { $0 != "=" }
            return (name, name.endIndex < pair.endIndex ? "=" : nil, pair[name.endIndex...].dropFirst())
        }
    }
}
