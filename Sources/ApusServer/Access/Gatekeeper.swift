import ApusCore
import Foundation
import HTTPTypes
import Hummingbird

/// Decides who may do what: the only place that does.
package struct Gatekeeper: Sendable {
    private let keys: ServerKeys
    private let sessions: Sessions

    package init(keys: ServerKeys) {
        self.keys = keys
        sessions = Sessions(keys: keys.signing)
    }

    /// - Parameter eventKey: the path's parameter `key`.
    /// - Returns: `nil` when the request may go on.
    package func refusal(of request: Request, to access: Access, eventKey: String?) -> Response? {
        switch access {
        case .open: return nil
        case .signingKey:
            return hasSigningKey(request) ? nil : Answers.error(Self.text, status: .unauthorized, headers: Self.headers)
        case .signingKeyInText:
            return hasSigningKey(request)
                ? nil
                : Answers.text(
                    Self.text + "\n", type: "text/plain; charset=utf-8", status: .unauthorized, headers: Self.headers)
        case .eventKey:
            let key = eventKey ?? ""
            return keys.event.contains(key.removingPercentEncoding ?? key) ? nil : Self.unknownEventKey
        case .page:
            return sessions.isOpen(request.headers, at: ServerClock.now()) || hasSigningKey(request)
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

    private func hasSigningKey(_ request: Request) -> Bool {
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
