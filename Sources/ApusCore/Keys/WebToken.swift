/// JSON Web Tokens (RFC 7519) with HMAC-SHA256, the only algorithm that is made or accepted.
public enum WebToken {
    /// The longest token that is looked at, in bytes.
    public static let limit = 16_384
    /// Seconds by which a token may have been made ahead of the clock.
    static let tolerance: Int64 = 60

    private static let header = Base64Text.encodeForURL(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))

    /// Signs claims.
    public static func make(_ claims: RawJSON, key: DerivedKey) -> String {
        let signed = header + "." + Base64Text.encodeForURL(claims.bytes)
        return signed + "." + Base64Text.encodeForURL(key.signature(of: signed))
    }

    /// The claims of a token, if it was made with one of the keys by this issuer and its time is not up.
    ///
    /// A token without `exp` is none; `iat` must not lie ahead.
    public static func claims(
        of token: String, issuer: String, keys: [DerivedKey], at now: Timestamp
    ) -> RawJSON? {
        guard token.utf8.count <= limit else { return nil }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = object(parts[0]), header.view["alg"]?.stringEquals("HS256") == true,
            let signature = Base64Text.decodeForURL(parts[2]), let claims = object(parts[1])
        else { return nil }
        let signed = "\(parts[0]).\(parts[1])"
        // Every key is tried, so that the time tells nothing of which it was.
        guard keys.reduce(false, { found, key in key.isSignature(signature, of: signed) || found }) else { return nil }
        let seconds = now.milliseconds / 1_000
        guard claims.view["iss"]?.stringEquals(issuer) == true, let end = claims.view["exp"]?.int, end > seconds,
            (claims.view["iat"]?.int ?? seconds) <= seconds + tolerance
        else { return nil }
        return claims
    }

    private static func object(_ part: Substring) -> RawJSON? {
        guard let bytes = Base64Text.decodeForURL(part), let json = try? RawJSON(parsing: bytes),
            json.view.kind == .object
        else { return nil }
        return json
    }
}
