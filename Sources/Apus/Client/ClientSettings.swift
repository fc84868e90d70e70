import ApusCore
import Logging

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Where a client's server is, what it shares with it, and how it serves functions.
///
/// What is not set comes from the environment: `INNGEST_DEV` (`1`, or the server's URL), `INNGEST_BASE_URL`,
/// `INNGEST_API_BASE_URL`, `INNGEST_EVENT_API_BASE_URL`, `INNGEST_SIGNING_KEY`, `INNGEST_SIGNING_KEY_FALLBACK`,
/// `INNGEST_EVENT_KEY`, `INNGEST_ENV`, `INNGEST_SERVE_ORIGIN`, `INNGEST_SERVE_PATH`,
/// `INNGEST_ENABLE_UNAUTHED_SYNC`.
public struct ClientSettings: Sendable {
    /// Whether the server is one for development: nothing is signed and no key is needed.
    public var isDevelopment: Bool
    /// The server, for everything but events.
    public var apiURL: String
    /// The server, for events.
    public var eventURL: String
    /// What the server and its apps share; needed when the server is not for development.
    public var signingKey: String?
    /// The key that is used no more, or not yet, while keys are replaced.
    public var signingKeyFallback: String?
    /// What allows to send events.
    public var eventKey: String?
    /// The environment's name.
    public var environment: String?
    /// Scheme and host under which the server reaches the app, `https://shop.example`; by default those of the request.
    public var serveOrigin: String?
    /// The path under which the server reaches the app; by default the one of the request.
    public var servePath: String?
    /// Whether a sync without a signature may make the app register, which it does at its own server only.
    public var allowsUnsignedSync: Bool
    /// The app's own version.
    public var appVersion: String?
    /// Whether steps run one after the other in one call and are reported as they finish.
    public var checkpoints: Checkpoints = .default
    /// How many suspended handlers are kept for the next call of their run; the oldest go first.
    public var keptHandlers = 1_000
    /// What all functions have in common.
    public var middleware: [any Middleware] = []
    /// Where the client writes what it has to say.
    public var logger = Logger(label: "apus")

    /// How steps are reported while a call goes on.
    public struct Checkpoints: Sendable {
        /// After this time the next step waits for a call of its own; zero turns checkpoints off.
        public var longestCall: Duration

        /// Ten seconds a call.
        public static let `default` = Checkpoints(longestCall: .seconds(10))
        /// A call for every step.
        public static let off = Checkpoints(longestCall: .zero)

        /// Limits how long a call goes on with new steps.
        public init(longestCall: Duration) {
            self.longestCall = longestCall
        }
    }

    /// The settings that the environment gives.
    /// - Parameter variables: the process's own if not said.
    public init(environment variables: [String: String] = ProcessInfo.processInfo.environment) {
        func variable(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }
        let dev = variable("INNGEST_DEV")
        isDevelopment = dev.map { !["0", "false"].contains($0.lowercased()) } ?? false
        var devURL: String?
        if let dev, isDevelopment, !["1", "true"].contains(dev.lowercased()) {
            devURL = dev.contains("://") ? dev : "http://\(dev)"
        }
        let base = variable("INNGEST_BASE_URL") ?? devURL ?? "http://127.0.0.1:8288"
        apiURL = variable("INNGEST_API_BASE_URL") ?? base
        eventURL = variable("INNGEST_EVENT_API_BASE_URL") ?? base
        signingKey = variable("INNGEST_SIGNING_KEY")
        signingKeyFallback = variable("INNGEST_SIGNING_KEY_FALLBACK")
        eventKey = variable("INNGEST_EVENT_KEY")
        environment = variable("INNGEST_ENV")
        serveOrigin = variable("INNGEST_SERVE_ORIGIN")
        servePath = variable("INNGEST_SERVE_PATH")
        allowsUnsignedSync = !["0", "false"].contains(variable("INNGEST_ENABLE_UNAUTHED_SYNC")?.lowercased() ?? "")
    }

    /// The settings for a server for development.
    public static func development(_ url: String = "http://127.0.0.1:8288") -> ClientSettings {
        ClientSettings(environment: ["INNGEST_DEV": url])
    }
}
