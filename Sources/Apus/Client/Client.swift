import ApusCore
import Logging
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// An app: defines functions, serves them and sends events.
///
/// ```swift
/// let apus = Client(appID: "shop")
/// ```
public final class Client: Sendable {
    /// The version of this SDK.
    public static let version = "0.1.0"

    /// What the server knows the app by.
    public let appID: String
    /// Where the server is, and how functions are served.
    public let settings: ClientSettings
    private let ownTransport: any HTTPTransport
    let keys: ClientKeys
    let kept: KeptHandlers
    /// Who sees what calls do, in tests.
    let witness: (any CallWitness)?
    /// Takes the place of the server when the client belongs to an engine in this process.
    let engine = Mutex<(any ServerLink)?>(nil)

    /// Makes a client.
    /// - Parameters:
    ///   - appID: unique on the server, and never changed.
    ///   - settings: from the environment if not said.
    ///   - transport: Foundation's HTTP client if not said.
    public convenience init(
        appID: String, settings: ClientSettings = ClientSettings(), transport: any HTTPTransport = URLSessionTransport()
    ) {
        self.init(appID: appID, settings: settings, transport: transport, witness: nil)
    }

    package init(
        appID: String, settings: ClientSettings, transport: any HTTPTransport, witness: (any CallWitness)?
    ) {
        self.appID = appID
        self.settings = settings
        self.witness = witness
        ownTransport = transport
        keys = ClientKeys(settings)
        kept = KeptHandlers(limit: settings.keptHandlers)
    }

    /// What requests go through: in tests never what the app has.
    var transport: any HTTPTransport { TestTransport.current ?? ownTransport }

    /// Unwinds the handlers that are kept for the next calls of their runs: for the end of the process, or for memory.
    /// The runs go on, in new handlers.
    public func dropHandlers() {
        kept.removeAll()
    }

    /// What every request to the server says.
    func headers(authorizedBy token: String?) -> [(name: String, value: String)] {
        var headers = [("Content-Type", "application/json"), ("X-Inngest-SDK", Client.identification)]
        if let environment = settings.environment { headers.append(("X-Inngest-Env", environment)) }
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        return headers
    }

    static var identification: String { "swift:v\(version)" }

    /// A request to the server's API; with the other key if the first is refused.
    func ask(_ method: String, _ path: String, body: [UInt8] = [], extra: [(name: String, value: String)] = [])
        async throws -> TransportResponse
    {
        var answer: TransportResponse?
        for token in settings.isDevelopment ? [nil] : keys.tokens {
            let response = try await transport.send(
                TransportRequest(
                    method: method, url: settings.apiURL.joined(path), headers: headers(authorizedBy: token) + extra,
                    body: body))
            if response.status != 401, response.status != 403 { return response }
            answer = response
        }
        guard let answer else { throw ConfigurationError("no signing key is set (INNGEST_SIGNING_KEY)") }
        return answer
    }
}

extension String {
    /// A URL and a path that begins with a slash.
    func joined(_ path: String) -> String { (hasSuffix("/") ? String(dropLast()) : self) + path }
}

/// The keys of a client.
struct ClientKeys: Sendable {
    /// The one that is used, then the other.
    let signing: [SigningKeys]
    /// What is wrong with them.
    let problem: String?

    init(_ settings: ClientSettings) {
        var signing: [SigningKeys] = []
        var problem: String?
        for (name, text) in [("signing key", settings.signingKey), ("fallback key", settings.signingKeyFallback)] {
            guard let text else { continue }
            do {
                if let keys = try SigningKeys(parsing: [text]) { signing.append(keys) }
            } catch {
                problem = "the \(name) cannot be used: \(error)"
            }
        }
        if signing.isEmpty, problem == nil, !settings.isDevelopment {
            problem = """
                no signing key is set: set INNGEST_SIGNING_KEY, or INNGEST_DEV=1 for a server for development
                """
        }
        self.signing = signing
        self.problem = problem
    }

    /// What proves to the server who asks.
    var tokens: [String?] { signing.map { "signkey-prod-\($0.first.hashText)" } }
}
