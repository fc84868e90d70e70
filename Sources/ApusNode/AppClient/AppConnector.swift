import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Opens connections for one client: name lookup, TCP, TLS and the channel pipeline.
final class AppConnector {
    private let eventLoop: any EventLoop
    private let configuration: AppClient.Configuration
    private let lookups: HostLookups
    /// Made when the first `https` URL is called: loading trust roots reads files.
    private var tlsContext: EventLoopFuture<NIOSSLContext>?

    /// Opens nothing yet.
    init(eventLoop: any EventLoop, configuration: AppClient.Configuration) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.lookups = HostLookups(eventLoop: eventLoop, lookUp: configuration.lookUp)
    }

    /// Opens a connection for a client's calls.
    ///
    /// - Parameter done: called exactly once; a failure never before this method has returned.
    func connect(
        to origin: AppURL.Origin,
        for client: AppClient,
        _ done: @escaping (Result<AppConnection, ConnectionFault>) -> Void
    ) {
        guard origin.scheme == .https else { return connect(to: origin, tls: nil, for: client, done) }
        secureContext().assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let context): connect(to: origin, tls: context, for: client, done)
            case .failure(let error): failSoon(.tls("no TLS: \(error)"), done)
            }
        }
    }

    /// Opens and closes a bare TCP connection.
    ///
    /// - Parameter done: called exactly once; `false` never before this method has returned.
    func probe(_ origin: AppURL.Origin, timeout: TimeAmount, _ done: @escaping (Bool) -> Void) {
        open(bootstrap(), to: origin, timeout: timeout) { result in
            if case .success(let channel) = result {
                channel.close(promise: nil)
                done(true)
            } else {
                done(false)
            }
        }
    }

    private func connect(
        to origin: AppURL.Origin,
        tls: NIOSSLContext?,
        for client: AppClient,
        _ done: @escaping (Result<AppConnection, ConnectionFault>) -> Void
    ) {
        let loopBound = NIOLoopBound(client, eventLoop: eventLoop)
        let limits = decoderLimits
        let bootstrap = bootstrap().channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try Self.configure(channel.pipeline.syncOperations, origin, tls, limits, loopBound.value)
            }
        }
        open(bootstrap, to: origin, timeout: configuration.connectTimeout) { result in
            done(
                result.flatMap { channel in
                    Result { try channel.pipeline.syncOperations.handler(type: AppConnection.self) }
                        .mapError { ConnectionFault($0) }
                }
            )
        }
    }

    /// Happy Eyeballs may configure several channels for one connection; all but one are thrown away.
    private static func configure(
        _ pipeline: ChannelPipeline.SynchronousOperations,
        _ origin: AppURL.Origin,
        _ tls: NIOSSLContext?,
        _ limits: NIOHTTPDecoderLimitConfiguration,
        _ client: AppClient
    ) throws {
        if let tls {
            // An IP address is verified against the certificate but never sent as server name (RFC 6066 §3).
            let isAddress = (try? SocketAddress(ipAddress: origin.host, port: 0)) != nil
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : origin.host))
        }
        let wire = AppWire()
        let decoder = HTTPResponseDecoder(informationalResponseStrategy: .drop, limitConfiguration: limits)
        try pipeline.addHandler(wire)
        try pipeline.addHandler(ByteToMessageHandler(decoder))
        try pipeline.addHandler(AppConnection(to: origin, of: client, wire: wire, decoder: decoder))
    }

    private func open(
        _ bootstrap: ClientBootstrap,
        to origin: AppURL.Origin,
        timeout: TimeAmount,
        _ done: @escaping (Result<any Channel, ConnectionFault>) -> Void
    ) {
        let start = NIODeadline.now()
        lookups.addresses(of: origin.host, timeout: timeout) { [self] answer in
            // The very addresses that were judged are connected to: no name is looked up a second time.
            let permitted = answer.flatMap { addresses in
                Result { () throws(ConnectionFault) in
                    try configuration.networks.permitted(addresses, of: origin.host)
                }
            }
            switch permitted {
            case .success(let addresses):
                let timeLeft = max(timeout - (.now() - start), .milliseconds(1))
                bootstrap
                    .connectTimeout(timeLeft)
                    .resolver(KnownAddresses(addresses, port: origin.port, eventLoop: eventLoop))
                    .connect(host: origin.host, port: origin.port)
                    .assumeIsolated()
                    .whenComplete { [self] result in
                        switch result {
                        case .success(let channel): done(.success(channel))
                        case .failure(ChannelError.connectTimeout):
                            failSoon(.lost("no connection within \(timeout.nanoseconds / 1_000_000) ms"), done)
                        case .failure(let error):
                            failSoon(ConnectionFault(error), done)
                        }
                    }
            case .failure(let fault):
                failSoon(fault, done)
            }
        }
    }

    /// An immediate failure would be reported from inside the call that asked for the connection, and a long line of
    /// calls waiting for connections that fail at once would become a deep recursion.
    private func failSoon<Success>(
        _ fault: ConnectionFault,
        _ done: @escaping (Result<Success, ConnectionFault>) -> Void
    ) {
        eventLoop.assumeIsolated().execute { done(.failure(fault)) }
    }

    private func bootstrap() -> ClientBootstrap {
        var bootstrap = ClientBootstrap(group: eventLoop)
        for (option, value) in TCPKeepAlive.options { bootstrap = bootstrap.channelOption(option, value: value) }
        return bootstrap
    }

    private var decoderLimits: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderListSize = configuration.maxResponseHeaderBytes
        limits.maxHeaderFieldSize = configuration.maxResponseHeaderBytes
        return limits
    }

    private func secureContext() -> EventLoopFuture<NIOSSLContext> {
        if let tlsContext { return tlsContext }
        var tls = configuration.tls
        tls.applicationProtocols = ["http/1.1"]
        let future = NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { [tls] in
            try NIOSSLContext(configuration: tls)
        }
        tlsContext = future
        return future
    }
}
