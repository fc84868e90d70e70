import ApusCore
import ApusEngine
import ApusNode
import Logging
import NIOCore
import ServiceLifecycle

/// Finds apps and keeps what the server knows of them fresh: asks the apps it knows to register
/// again, retries those it was told of, and looks at the usual places while it knows none.
package actor AppSync: Service {
    package struct Configuration: Sendable {
        /// App URLs that the server was told of.
        package var urls: [String] = []
        /// Whether registered apps are asked again at every round, or only those with an error.
        package var polls = true
        package var discovers = true
        package var interval: Duration = .seconds(5)
        /// `nil` in development.
        package var signing: AppSigning?
        /// A further port to look at, from the server's own environment.
        package var extraPort: Int?

        package init() {}
    }

    private let node: Node
    private let probe: AppProbe
    private let questions: AppQuestions
    private let configuration: Configuration
    private let logger: Logger
    /// URLs that were found or given and have not registered yet, with the last reason why.
    private var waiting: [String: String?]
    private var reported: [String: String] = [:]
    /// Apps that have spoken up by themselves: whether they accept our signature is still to be seen.
    private var untried: Set<String> = []

    /// Addresses that wait to be tried at most; an app left out is tried by its first call.
    private static let untriedLimit = 1_000

    package init(node: Node, probe: AppProbe, configuration: Configuration, logger: Logger) {
        self.node = node
        self.probe = probe
        questions = AppQuestions(probe: probe, signing: configuration.signing)
        self.configuration = configuration
        self.logger = logger
        waiting = [:]
        for url in configuration.urls {
            waiting[Self.normalise(url)] = .some(nil)
        }
    }

    /// The form in which URLs are stored and compared; what is no URL stays as it is, and fails later
    /// with a reason.
    static func normalise(_ url: String) -> String {
        let url = url.contains("://") ? url : "http://" + url
        return (try? EndpointURL(url))?.description ?? url
    }

    /// One round after the other until the service group shuts down.
    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                await round()
                try? await Task.sleep(for: configuration.interval)
            }
        }
    }

    package func round() async {
        let registry = node.registry
        if configuration.discovers, registry.apps.isEmpty, waiting.isEmpty { await discover() }
        var urls = Array(waiting.keys)
        for app in registry.apps.values where app.isRegistered && (configuration.polls || app.error != nil) {
            if !urls.contains(app.url) { urls.append(app.url) }
        }
        for url in urls.sorted() where !Task.isCancelled { await ping(url) }
        for url in untried.sorted() where !Task.isCancelled { await tryTrust(url) }
    }

    /// Registers an app that spoke up by itself.
    package func register(_ registration: Registration) async throws(NodeError) -> (isModified: Bool, app: UUID16) {
        let result = try await node.register(registration)
        waiting[registration.url] = nil
        reported[registration.url] = nil
        if result.isModified {
            announce(registration)
            if configuration.signing != nil, untried.count < Self.untriedLimit { untried.insert(registration.url) }
        }
        return result
    }

    /// Takes an address up that somebody has named, and asks there at once.
    package func add(_ url: String) async {
        let url = Self.normalise(url)
        if !node.registry.apps.values.contains(where: { $0.url == url }) { waiting[url] = .some(nil) }
        await ping(url)
    }

    /// Remembers why the app at an address could not register, if the body says where it lives.
    package func note(failure: RegistrationError, of body: [UInt8]) {
        guard let json = try? RawJSON(parsing: body),
            let url = json.view.member(caseInsensitive: "url")?.string
        else { return }
        fail(Self.normalise(url), because: failure.message)
    }

    private func announce(_ registration: Registration) {
        logger.info(
            "app \"\(registration.appName)\" registered \(registration.functions.count) functions",
            metadata: ["url": "\(registration.url)"]
        )
    }

    // MARK: - Asking

    private func ping(_ url: String) async {
        guard let address = try? AppURL(url) else {
            fail(url, because: "unsupported_protocol")
            return
        }
        switch await questions.register(address, named: url) {
        case .failure(.tls): fail(url, because: "unsupported_protocol")
        case .failure(.refused(let reason)): fail(url, because: reason)
        case .failure: fail(url, because: "unreachable")
        case .success(let response): await receive(response, from: url, at: address)
        }
    }

    /// An app that registers by itself has shown that we know its key, but not that it knows ours.
    private func tryTrust(_ url: String) async {
        untried.remove(url)
        guard let address = try? AppURL(url), await questions.trusts(address) == false else { return }
        fail(url, because: await refusal("unauthorized", of: address))
    }

    private func refusal(_ reason: String, of address: AppURL) async -> String {
        guard let explanation = await questions.explainRefusal(address) else { return reason }
        return "\(reason): \(explanation)"
    }

    private func receive(_ response: AppResponse, from url: String, at address: AppURL) async {
        let body = Array(response.body.readableBytesView)
        guard (200..<300).contains(response.status) else {
            guard let reason = SyncFailure.reason(status: response.status, body: body) else { return }
            let isRefusal = configuration.signing != nil && [400, 401, 403].contains(response.status)
            fail(url, because: isRefusal ? await refusal(reason, of: address) : reason)
            return
        }
        switch response.headers.first(name: "x-inngest-sync-kind") {
        case "in_band": await receiveInBand(response, body, from: url, at: address)
        case "out_of_band": break
        default:
            guard let view = (try? RawJSON(parsing: body))?.view, view["functions"]?.kind == .array,
                view["app_id"] != nil
            else { return }
            await receiveInBand(response, body, from: url, at: address)
        }
    }

    /// With keys, what an app says of itself has to be signed: all SDKs sign it.
    private func receiveInBand(
        _ response: AppResponse, _ body: [UInt8], from url: String, at address: AppURL
    ) async {
        if let flaw = configuration.signing?.flaw(of: response, isRequired: true, at: ServerClock.now()) {
            fail(url, because: await refusal("the app's registration \(flaw)", of: address))
            return
        }
        do {
            let registration = try Registration.acceptInBand(body)
            _ = try await register(registration)
            // It has just accepted our signature.
            untried.remove(registration.url)
            waiting[url] = nil
        } catch {
            fail(url, because: String(describing: error))
        }
    }

    private func fail(_ url: String, because reason: String) {
        if waiting.keys.contains(url) { waiting[url] = reason }
        if reported[url] != reason {
            reported[url] = reason
            logger.warning("the app did not sync", metadata: ["url": "\(url)", "reason": "\(reason)"])
        }
        node.noteSyncFailure(of: url, because: reason)
    }

    // MARK: - Looking

    /// Looks for an app at the ports and paths where frameworks usually serve one.
    private func discover() async {
        let found = await withTaskGroup(of: [String].self) { group in
            for port in AppDiscovery.ports(extra: configuration.extraPort) {
                group.addTask { [probe] in await AppDiscovery.look(at: port, probe: probe) }
            }
            var found: [String] = []
            for await urls in group { found += urls }
            return found
        }
        for url in found.sorted() {
            let url = Self.normalise(url)
            logger.info("found an app", metadata: ["url": "\(url)"])
            waiting[url] = .some(nil)
        }
    }

    /// The addresses that the server was told of or found and that have not registered yet.
    package var pendingURLs: [String] { waiting.keys.sorted() }

    /// The same with why each has not, once it was asked.
    package var pending: [(url: String, reason: String?)] {
        waiting.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
