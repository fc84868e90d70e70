import ApusCore

/// The stable word for why an app did not sync, from its answer to the ping.
enum SyncFailure {
    /// The texts by which SDKs explain themselves, and what they mean.
    private static let explanations: [(text: String, reason: String)] = [
        ("Your signing key is invalid", "invalid_signing_key"),
        ("No functions registered", "no_functions"),
        ("function is invalid", "invalid_function"),
        ("You didn't specify your workspace's signing key", "missing_signing_key"),
        ("No INNGEST_ENV branch name found", "missing_branch_env_name"),
    ]

    /// - Returns: `nil` when the status says nothing about the app, as a proxy's 502 does not.
    static func reason(status: Int, body: [UInt8]) -> String? {
        switch status {
        case 400:
            guard let message = (try? RawJSON(parsing: body))?.view["message"]?.string else { return "bad_request" }
            return explanations.first { message.contains($0.text) }?.reason ?? message
        case 401: return "unauthorized"
        case 403: return "forbidden"
        case 404: return "url_not_found"
        case 500: return "internal_server_error"
        default: return nil
        }
    }
}
