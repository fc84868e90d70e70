/// What is wrong when an app does not sync, and how it is mended.
enum SyncAdvice {
    /// - Parameters:
    ///   - reason: the stable word, or the app's own sentence.
    ///   - server: this server's address.
    static func text(for reason: String, server: String) -> String? {
        switch reason {
        case "unreachable":
            "Nothing answers at this address. Start the app, and look at host and port; an app in a container has to "
                + "be reachable from here."
        case "unsupported_protocol":
            "The address cannot be used. It begins with http:// or https:// and has a host, and the certificate of "
                + "https has to be valid."
        case "url_not_found":
            "The app answers, but serves no functions at this path. Most frameworks serve them at /api/inngest."
        case "unauthorized", "forbidden":
            "The app, or a proxy before it, refuses the request. In development, start the app with "
                + "INNGEST_DEV=\(server)."
        case "invalid_signing_key", "missing_signing_key":
            "The app expects signed requests, which this server does not send. Start it with INNGEST_DEV=\(server)."
        case "missing_branch_env_name":
            "The app expects the name of a branch environment. Start it with INNGEST_DEV=\(server)."
        case "no_functions": "The app registers no function. Hand the functions to its serve call."
        case "invalid_function": "A function's configuration is invalid; the app's own log says which."
        case "internal_server_error": "The app failed while it was asked; its own log says why."
        case "bad_request": "The app did not understand the request. Its SDK may be too old."
        default: nil
        }
    }
}
