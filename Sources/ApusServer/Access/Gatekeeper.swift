import ApusCore
import Foundation
import HTTPTypes
import Hummingbird

/// Decides who may do what: the only place that does.
package struct Gatekeeper: Sendable {
    /// `nil` for a server in development, which is open but for what needs a token.
    private let keys: ServerKeys?
    private let sessions: Sessions?
    private let tokens: AccessTokens

    package init(keys: ServerKeys?) {
        self.keys = keys
        sessions = keys.map { Sessions(keys: $0.signing) }
        tokens = AccessTokens(keys: keys?.signing)
    }

    /// Whether some requests to it are refused.
    func guards(_ access: Access) -> Bool {
        switch access {
        case .open: false
        case .runToken, .subscription, .publisher: true
        case .signingKey, .signingKeyInText, .eventKey, .page: keys != nil
        }
    }

    /// - Parameters:
    ///   - eventKey: the path's parameter `key`.
    ///   - run: the path's parameter `id`.
    /// - Returns: `nil` when the request may go on.
    package func refusal(
        of request: Request, to access: Access, eventKey: String? = nil, run: String? = nil
    ) -> Response? {
        let now = ServerClock.now()
        switch access {
        case .runToken:
            let token = AccessTokens.token(of: request)
            let isOpen = run.flatMap { ULID($0) }.map { tokens.opens($0, with: token, at: now) } ?? false
            return isOpen ? nil : Answers.error("Unable to find run with auth token", status: .unauthorized)
        case .subscription:
            return tokens.topics(of: AccessTokens.token(of: request), at: now) == nil
                ? Answers.error("Not authenticated", status: .unauthorized) : nil
        case .publisher:
            let mayPublish = AccessTokens.token(of: request).flatMap { tokens.mayPublish($0, at: now) }
            guard let mayPublish else { return refusal(of: request, to: .signingKey) }
            return mayPublish ? nil : Answers.error("Not authenticated for publishing", status: .unauthorized)
        default: break
        }
        guard let keys, let sessions else { return nil }
        switch access {
        case .runToken, .subscription, .publisher: return nil
        case .open: return nil
        case .signingKey:
            return hasSigningKey(request, keys)
                ? nil : Answers.error(Self.text, status: .unauthorized, headers: Self.headers)
        case .signingKeyInText:
            return hasSigningKey(request, keys)
                ? nil
                : Answers.text(
                    Self.text + "\n", type: "text/plain; charset=utf-8", status: .unauthorized, headers: Self.headers)
        case .eventKey:
            let key = eventKey ?? ""
            return keys.event.contains(key.removingPercentEncoding ?? key) ? nil : Self.unknownEventKey
        case .page:
            return sessions.isOpen(request.headers, at: now) || hasSigningKey(request, keys)
                ? nil : Self.signIn(request)
        }
    }

    private static let text = "Authentication failed"
    private static let headers: HTTPFields = [.wwwAuthenticate: "Bearer"]

    /// Event keys have a refusal of their own shape, which SDKs read.
    private static var unknownEventKey: Response {
        Answers.json(
            Array("{\"status\":401,\"message\":\"\",\"error\":\"Event key not found\"}\n".utf8), status: .unauthorized)
    }

    private func hasSigningKey(_ request: Request, _ keys: ServerKeys) -> Bool {
        guard let header = request.headers[.authorization], header.utf8.count > 7,
            header.prefix(6).lowercased() == "bearer"
        else { return false }
        return keys.signing.key(named: String(header.dropFirst(7))) != nil
    }

    /// People are led to where they sign in, scripts are told.
    private static func signIn(_ request: Request) -> Response {
        // Where the browser says so, what a script fetches is told from a page that a person opens.
        let mode = HTTPField.Name("Sec-Fetch-Mode").flatMap { request.headers[$0] } ?? "navigate"
        guard request.method == .get, mode == "navigate",
            request.headers[.accept]?.contains("text/html") == true
        else {
            return Answers.error(text, status: .unauthorized, headers: headers)
        }
        var target = request.uri.path
        if let query = request.uri.query, !query.isEmpty { target += "?" + query }
        return Response(
            status: .seeOther,
            headers: [.location: "/login?to=\(Self.encode(target))", .cacheControl: "no-store"]
        )
    }

    private static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8.prefix(2_000) {
            let scalar = Unicode.Scalar(byte)
            let isPlain = byte < 0x80 && (scalar.properties.isAlphabetic || "0123456789-._~/".utf8.contains(byte))
            encoded +=
                isPlain ? String(scalar) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        return encoded
    }
}
