import ApusCore
import ApusDashboard
import ApusEngine
import ApusNode
import ApusSQLite
import ApusServer
import ApusStore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// One server, from its options to its end.
struct ServerRun {
    enum Mode {
        case development(DevOptions)
        case signed(StartOptions)
    }

    let options: ServingOptions
    let mode: Mode

    func run() async throws {
        Memory.returnLargeBlocks()
        try await failsWithOneLine {
            let keys = try keys()
            let logger = try Logs.start(level: options.verbose ? "debug" : options.logLevel, format: options.logsAs)
            for flag in options.ignored.given {
                logger.notice("\(flag) is accepted and ignored: Apus does not need it")
            }
            if keys?.signing.all.contains(where: { $0.byteCount < SigningKey.goodByteCount }) == true {
                logger.warning(
                    "a signing key is so short that it can be guessed; `openssl rand -hex 32` makes a good one")
            }
            try await serve(keys, logger)
        }
    }

    private func serve(_ keys: ServerKeys?, _ logger: Logger) async throws {
        // Shards and calls to apps on one loop; what others ask of us on another, or on the same where a thread
        // more would cost more than it gives.
        let threads = options.threads ?? (System.coreCount <= 2 ? 1 : 2)
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let httpLoop = threads == 1 ? loop : MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        try PortCheck.isFree(host: host, port: options.port)
        let store = try openStore()
        let signing = keys.map { AppSigning(keys: $0.signing, requiresSignedReplies: requiresSignedReplies) }
        var configuration = nodeConfiguration
        configuration.signing = signing
        configuration.client.networks = try options.networks.apps()
        configuration.gatewayNetworks = try options.networks.gateways(isSigned: isSigned)
        let node = Node(store: store, configuration: configuration, loop: loop, logger: logger)
        try await node.start()

        var syncing = AppSync.Configuration()
        syncing.urls = options.sdkURL
        syncing.polls = polls
        syncing.discovers = discovers
        syncing.interval = .seconds(options.pollInterval == 0 ? 5 : options.pollInterval)
        syncing.extraPort = Environment.port
        syncing.signing = signing
        let sync = AppSync(
            node: node,
            probe: AppProbe(
                loop: loop, userAgent: nodeConfiguration.userAgent, networks: configuration.client.networks),
            configuration: syncing,
            logger: logger
        )

        var serving = ApusServer.Configuration()
        serving.host = host
        serving.port = options.port
        serving.keys = keys
        serving.hasTestHooks = Environment.isTestMode
        let dashboard = try Dashboard(node: node, sync: sync, version: ApusVersion.text, keys: keys?.signing)
        let server = ApusServer(
            node: node, sync: sync, info: info, configuration: serving, logger: logger,
            pages: { [hasPages = !options.noUi] in if hasPages { dashboard.add(to: &$0) } }
        )
        let banner = Banner(
            host: host, store: store.summary, sdkURLs: options.sdkURL, discovers: discovers, isSigned: keys != nil
        )
        let http = server.service(on: httpLoop) { port in
            banner.show(port: port, registry: node.registry, asJSON: options.logsAs == .json, logger: logger)
        }
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                // Ended from the last to the first: while calls are drained, apps can still reach us.
                services: [
                    .init(service: http),
                    .init(service: DrainService(node: node, timeout: .seconds(Int64(options.drainTimeout)))),
                    .init(service: sync),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint, .sigquit],
                logger: logger
            )
        )
        try await services.run()
        await node.shutdown()
    }

    private func openStore() throws -> any Store {
        if case .development(let own) = mode, own.inMemory { return try SQLiteStore(.temporary) }
        do {
            return try SQLiteStore(.directory(options.dataDir))
        } catch {
            throw PlainFailure("The store in \(options.dataDir) cannot be opened: \(error)")
        }
    }

    private var host: String { options.host ?? (isSigned ? "0.0.0.0" : "127.0.0.1") }

    private var isSigned: Bool {
        if case .signed = mode { true } else { false }
    }

    /// A server with keys asks only apps that it was told of and that have not registered, as the reference does.
    private var polls: Bool {
        if case .development(let own) = mode { !own.noPoll } else { false }
    }

    private var discovers: Bool {
        if case .development(let own) = mode { !own.noDiscovery } else { false }
    }

    private var requiresSignedReplies: Bool {
        if case .signed(let own) = mode { own.requireSignedReplies } else { false }
    }

    private func keys() throws -> ServerKeys? {
        if case .signed(let own) = mode { try own.keys() } else { nil }
    }

    private var nodeConfiguration: Node.Configuration {
        var configuration = Node.Configuration()
        configuration.userAgent = "Apus/\(ApusVersion.text)"
        configuration.storeBytes = Int64(options.maxStoreMb) << 20
        configuration.engine.limits.eventSchedules = options.maxSchedules
        configuration.gatewayCallsPerHost = options.networks.gatewayCallsPerHost
        configuration.gatewayTimeout = .seconds(Int64(options.networks.gatewayTimeout))
        configuration.engine.endpointPatience = .seconds(Int64(options.endpointPatience))
        if options.retryInterval > 0 {
            configuration.engine.retryInterval = .seconds(Int64(options.retryInterval))
        }
        return configuration
    }

    private var info: DevInfo {
        DevInfo(
            version: ApusVersion.text, urls: options.sdkURL, discovers: discovers,
            polls: polls, pollInterval: options.pollInterval, retryInterval: options.retryInterval,
            isSigned: isSigned
        )
    }
}

/// When the process is asked to end, lets the calls under way finish.
struct DrainService: Service {
    let node: Node
    let timeout: TimeAmount

    func run() async throws {
        try? await gracefulShutdown()
        await node.drain(for: timeout)
    }
}
