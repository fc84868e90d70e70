import NIOCore
import NIOSSL

extension AppClient {
    /// The limits of an ``AppClient``.
    package struct Configuration: Sendable {
        /// How long name lookup and the TCP handshake may take together, and the TLS handshake after them.
        package var connectTimeout: TimeAmount = .seconds(10)
        /// How long a call without a deadline of its own may take, from `call` to the last byte, redirects included.
        package var callTimeout: TimeAmount = .hours(2)
        /// The largest response body, in bytes, before decoding and after it.
        package var maxResponseBytes = 8 * 1024 * 1024
        /// The largest response head (all header names and values together), in bytes.
        package var maxResponseHeaderBytes = 64 * 1024
        /// How long an unused connection is kept. A server that announces less (`Keep-Alive: timeout=5`) is heeded.
        package var idleTimeout: TimeAmount = .seconds(30)
        /// How long after a request the loss of a reused connection counts as the keep-alive race and the request is
        /// repeated; see ``ConnectionState``.
        package var staleWindow: TimeAmount = .seconds(1)
        /// How many unused connections are kept for one origin; 0 closes every connection after its call. As many as
        /// an app may have calls: with fewer, those that end together would be opened anew for the next calls.
        package var maxIdleConnectionsPerOrigin = 1_000
        /// How many connections may be open or opening at once.
        package var maxConnections = 4096
        /// How many calls may wait for a connection once ``maxConnections`` are busy; the next one fails with
        /// ``AppCallFailure/overloaded``.
        package var maxWaitingCalls = 10_000
        /// How many redirects one call follows; the reference server's number.
        package var maxRedirects = 60
        /// What a redirect makes of the request.
        package var redirects = RedirectPolicy.repeats
        /// Which addresses may be connected to.
        package var networks = NetworkRules.apps()
        /// Finds the addresses of names in place of the system; may block.
        package var lookUp: (@Sendable (String) throws -> [SocketAddress])?
        /// How certificates are verified. The default verifies fully against the system's trust roots.
        package var tls: TLSConfiguration = .makeClientConfiguration()

        /// The defaults.
        package init() {}
    }
}
