import ApusCore
import HTTPTypes
import Hummingbird

/// Tokens that give away a little: the result of one run, some topics of realtime. They are signed claims, so nothing
/// is stored and restarts change nothing; they are worth nothing any more once their signing key is taken away.
package struct AccessTokens: Sendable {
    /// Seconds for which the result of a run can be fetched.
    static let runSeconds: Int64 = 3_600
    /// Seconds within which one has to begin to listen to a run's stream.
    static let streamSeconds: Int64 = 960
    /// Seconds within which one has to begin to listen to topics.
    static let topicSeconds: Int64 = 60
    private static let runIssuer = "api.inngest.com"
    private static let realtimeIssuer = "rt.inngest.com"

    private let runKeys: [DerivedKey]
    private let realtimeKeys: [DerivedKey]

    /// - Parameter keys: `nil` for a server in development.
    package init(keys: SigningKeys?) {
        func derived(_ purpose: String) -> [DerivedKey] {
            keys?.all.map { $0.derived(for: purpose) } ?? [.open(for: purpose)]
        }
        runKeys = derived("apus run token")
        realtimeKeys = derived("apus realtime token")
    }

    /// The token of a request: behind `Bearer`, else in the query.
    static func token(of request: Request) -> String? {
        if let header = request.headers[.authorization], header.utf8.count > 8 { return String(header.dropFirst(7)) }
        return request.uri.queryParameters["token"].map(String.init)
    }

    // MARK: - Runs

    /// Opens the result of a run.
    package func make(for run: ULID, at now: Timestamp) -> String {
        let seconds = now.milliseconds / 1_000
        var writer = JSONWriter(reserving: 256)
        writer.object { writer in
            writer.member("Env", Tenancy.environment)
            writer.member("RunID", run)
            writer.member("exp", seconds + Self.runSeconds)
            writer.member("iat", seconds)
            writer.member("iss", Self.runIssuer)
            writer.member("sub", "run-claim")
        }
        return sign(writer.finish(), runKeys)
    }

    package func opens(_ run: ULID, with token: String?, at now: Timestamp) -> Bool {
        guard let token, let claims = WebToken.claims(of: token, issuer: Self.runIssuer, keys: runKeys, at: now) else {
            return false
        }
        return claims.view["sub"]?.stringEquals("run-claim") == true && claims.view["RunID"]?.ulid == run
    }

    // MARK: - Realtime

    /// Opens the stream of a run.
    package func makeForStream(of run: ULID, at now: Timestamp) -> String {
        realtimeToken([.stream(of: run.description)], for: Self.streamSeconds, at: now)
    }

    /// Opens topics.
    /// - Throws: when it would be too long for the URL that it has to stand in.
    package func make(for topics: [Topic], at now: Timestamp) throws(TokenTooLong) -> String {
        let token = realtimeToken(topics, for: Self.topicSeconds, at: now)
        guard token.utf8.count <= WebToken.limit else { throw TokenTooLong(bytes: token.utf8.count) }
        return token
    }

    private func realtimeToken(_ topics: [Topic], for validity: Int64, at now: Timestamp) -> String {
        let seconds = now.milliseconds / 1_000
        var writer = JSONWriter(reserving: 512)
        writer.object { writer in
            writer.member("env", Tenancy.environment)
            writer.member("exp", seconds + validity)
            writer.member("iat", seconds)
            writer.member("iss", Self.realtimeIssuer)
            writer.member("jti", SplitMix64.drawnULID(at: now))
            writer.member("publish", false)
            writer.member("sub", Tenancy.account)
            writer.key("topics")
            writer.array(topics) { $0.write(to: &$1) }
        }
        return sign(writer.finish(), realtimeKeys)
    }

    /// What one may listen to.
    package func topics(of token: String?, at now: Timestamp) -> [Topic]? {
        guard let token,
            let claims = WebToken.claims(of: token, issuer: Self.realtimeIssuer, keys: realtimeKeys, at: now)
        else { return nil }
        return claims.view["topics"]?.elements.compactMap(Topic.init) ?? []
    }

    /// - Returns: `nil` when it is no token of realtime at all.
    func mayPublish(_ token: String, at now: Timestamp) -> Bool? {
        WebToken.claims(of: token, issuer: Self.realtimeIssuer, keys: realtimeKeys, at: now).map {
            $0.view["publish"]?.bool == true
        }
    }

    private func sign(_ claims: RawJSON, _ keys: [DerivedKey]) -> String {
        // There always is one.
        keys.first.map { WebToken.make(claims, key: $0) } ?? ""
    }
}

/// A token for so many topics that it could not be handed on.
package struct TokenTooLong: Error, CustomStringConvertible {
    package var bytes: Int

    package var description: String {
        "Invalid request: the token for these topics would have \(bytes) bytes; the limit is \(WebToken.limit). "
            + "Ask for several tokens, and add them to a connection with \"sub\" messages"
    }
}
