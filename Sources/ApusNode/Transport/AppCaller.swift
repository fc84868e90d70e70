import ApusCore
import ApusEngine

/// Gives each call to the transport of its app, and lets calls finish before the node ends. Confined
/// to the node's event loop.
final class AppCaller {
    /// By the scheme of an app's URL.
    private let transports: [String: any AppTransport]
    /// Once set, no call is sent any more; the ones under way may finish.
    private var isDraining = false
    private(set) var inFlight = 0
    private var onIdle: (() -> Void)?

    init(transports: [String: any AppTransport]) {
        self.transports = transports
    }

    func send(_ call: OutgoingCall, _ done: @escaping (AppReply) -> Void) {
        // A call that is not sent has been recorded as made, so the next start repeats it.
        guard !isDraining else { return }
        guard let transport = transport(for: call.url) else {
            done(.failed(.noticed(message: "The step URL \(call.url) cannot be used: its scheme is not supported.")))
            return
        }
        inFlight += 1
        transport.send(call) { [self] reply in
            inFlight -= 1
            done(reply)
            if inFlight == 0 { onIdle?() }
        }
    }

    func probe(_ url: String, _ done: @escaping (Bool) -> Void) {
        guard !isDraining, let transport = transport(for: url) else { return done(false) }
        transport.probe(url, done)
    }

    /// Sends nothing any more and says when the last call has been answered.
    func drain(_ onIdle: @escaping () -> Void) {
        isDraining = true
        self.onIdle = onIdle
        if inFlight == 0 { onIdle() }
    }

    func shutdown() {
        // One transport may serve several schemes.
        var seen: Set<ObjectIdentifier> = []
        for transport in transports.values where seen.insert(ObjectIdentifier(transport)).inserted {
            transport.shutdown()
        }
    }

    private func transport(for url: String) -> (any AppTransport)? {
        guard let colon = url.utf8.prefix(16).firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let scheme = url[..<colon]
        return transports[String(scheme)] ?? transports[scheme.lowercased()]
    }
}
