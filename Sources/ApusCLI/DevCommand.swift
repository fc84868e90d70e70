import ApusCore
import ApusDashboard
import ApusEngine
import ApusNode
import ApusSQLite
import ApusServer
import ApusStore
import ArgumentParser
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// `apus dev`: a whole server for one developer.
struct DevCommand: AsyncParsableCommand, ConfigurableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Run a server for development: no keys, finds your app by itself."
    )

    static let settings = DevOptions.settings

    @OptionGroup var options: DevOptions

    func run() async throws {
        Memory.returnLargeBlocks()
        let format = (options.json ? .json : options.logFormat) ?? Logs.defaultFormat
        try await failsWithOneLine {
            let logger = try Logs.start(level: options.verbose ? "debug" : options.logLevel, format: format)
            for flag in options.ignored.given {
                logger.notice("\(flag) is accepted and ignored: Apus does not need it")
            }
            try await serve(logger, format: format)
        }
    }

    private func serve(_ logger: Logger, format: LogFormat) async throws {
        // Shards and calls to apps on one thread, what others ask of us on another.
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let httpLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        try PortCheck.isFree(host: options.host, port: options.port)
        let store = try openStore()
        let node = Node(store: store, configuration: nodeConfiguration, loop: loop, logger: logger)
        try await node.start()

        var syncing = AppSync.Configuration()
        syncing.urls = options.sdkURL
        syncing.polls = !options.noPoll
        syncing.discovers = !options.noDiscovery
        syncing.interval = .seconds(options.pollInterval == 0 ? 5 : options.pollInterval)
        syncing.extraPort = Environment.port
        let sync = AppSync(
            node: node,
            probe: AppProbe(loop: loop, userAgent: nodeConfiguration.userAgent),
            configuration: syncing,
            logger: logger
        )

        var serving = ApusServer.Configuration()
        serving.host = options.host
        serving.port = options.port
        let dashboard = try Dashboard(node: node, sync: sync, version: ApusVersion.text)
        let server = ApusServer(
            node: node, sync: sync, info: info, configuration: serving, logger: logger,
            pages: { dashboard.add(to: &$0) }
        )
        let banner = Banner(
            host: options.host, store: store.summary, sdkURLs: options.sdkURL, discovers: !options.noDiscovery
        )
        let http = server.service(on: httpLoop) { port in
            banner.show(port: port, registry: node.registry, asJSON: format == .json, logger: logger)
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
        if options.inMemory { return try SQLiteStore(.temporary) }
        do {
            return try SQLiteStore(.directory(options.dataDir))
        } catch {
            throw PlainFailure("The store in \(options.dataDir) cannot be opened: \(error)")
        }
    }

    private var nodeConfiguration: Node.Configuration {
        var configuration = Node.Configuration()
        configuration.userAgent = "Apus/\(ApusVersion.text)"
        configuration.storeBytes = Int64(options.maxStoreMb) << 20
        configuration.engine.limits.eventSchedules = options.maxSchedules
        if options.retryInterval > 0 {
            configuration.engine.retryInterval = .seconds(Int64(options.retryInterval))
        }
        return configuration
    }

    private var info: DevInfo {
        DevInfo(
            version: ApusVersion.text, urls: options.sdkURL, discovers: !options.noDiscovery,
            polls: !options.noPoll, pollInterval: options.pollInterval, retryInterval: options.retryInterval
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
