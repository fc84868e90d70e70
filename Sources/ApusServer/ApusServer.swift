import ApusCore
import ApusNode
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// The HTTP interface of a node.
package struct ApusServer: Sendable {
    package struct Configuration: Sendable {
        package var host = "127.0.0.1"
        package var port = 8288
        /// `nil` for a server in development, which is open.
        package var keys: ServerKeys?
        /// Bytes of a request body at the intake of events.
        package var bodyLimit = 32 << 20
        /// Bytes of all request bodies that are being read or worked on.
        package var bodyTotal = 40 << 20
        /// Connections open at a time; past it new ones wait to be accepted.
        package var connections = 10_000
        /// Seconds after which a connection on which nothing moves is closed.
        package var idleSeconds = 75
        /// Whether hooks are there by which tests empty the server and lower its limits.
        package var hasTestHooks = false

        package init() {}

        /// The protocol's word for the mode.
        package var serverKind: String { keys == nil ? "dev" : "cloud" }
    }

    private let node: Node
    private let sync: AppSync
    private let info: DevInfo
    private let configuration: Configuration
    private let logger: Logger
    private let pages: @Sendable (inout RouteTable) -> Void
    private let broadcast = Broadcast()

    /// - Parameter pages: adds what people look at in a browser.
    package init(
        node: Node, sync: AppSync, info: DevInfo, configuration: Configuration, logger: Logger,
        pages: @escaping @Sendable (inout RouteTable) -> Void = { _ in }
    ) {
        self.node = node
        self.sync = sync
        self.info = info
        self.configuration = configuration
        self.logger = logger
        self.pages = pages
    }

    /// The listening service.
    /// - Parameters:
    ///   - loop: where all connections live.
    ///   - onRunning: called with the port once connections are accepted.
    package func service(
        on loop: any EventLoop,
        onRunning: @escaping @Sendable (Int) async -> Void
    ) -> some Service {
        node.passGatewayAnswers(to: GatewayRelay(broadcast: broadcast, loop: loop))
        let router = Router(context: RouteContext.self)
        router.add(middleware: CommonHeaders(serverKind: configuration.serverKind))
        table().install(in: router, guardedBy: Gatekeeper(keys: configuration.keys))
        // What the HTTP library has to say at its start, we say ourselves.
        var quietLogger = logger
        quietLogger.logLevel = max(logger.logLevel, .notice)
        let application = Application(
            router: router,
            server: WebSocketUpgrade.server(.init(idleTimeout: .seconds(Int64(configuration.idleSeconds)))),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                backlog: 1_024,
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.connections)
            ),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(loop),
            logger: quietLogger
        )
        return LoopService(executor: LoopTaskExecutor(loop), service: application)
    }

    /// Everything with a URL, but for what people look at in a browser.
    func apiRoutes() -> RouteTable {
        var routes = RouteTable()
        let bodies = RequestBodies(total: configuration.bodyTotal)
        EventRoutes(node: node, bodies: bodies, bodyLimit: configuration.bodyLimit).add(to: &routes)
        DevRoutes(node: node, info: info).add(to: &routes)
        SyncRoutes(node: node, serverKind: configuration.serverKind, sync: sync, bodies: bodies).add(to: &routes)
        AppRoutes(node: node, sync: sync, bodies: bodies).add(to: &routes)
        RunRoutes(node: node).add(to: &routes)
        RunListRoutes(node: node).add(to: &routes)
        CheckpointRoutes(node: node, bodies: bodies).add(to: &routes)
        let tokens = AccessTokens(keys: configuration.keys?.signing)
        EndpointRoutes(node: node, bodies: bodies, tokens: tokens).add(to: &routes)
        RealtimeRoutes(broadcast: broadcast, tokens: tokens, bodies: bodies).add(to: &routes)
        RerunRoutes(node: node, bodies: bodies).add(to: &routes)
        MetadataRoutes(node: node, bodies: bodies).add(to: &routes)
        SpanRoutes(node: node, bodies: bodies).add(to: &routes)
        ReplayRoutes(node: node, bodies: bodies).add(to: &routes)
        MetricsRoutes(node: node, broadcast: broadcast).add(to: &routes)
        CancellationRoutes(node: node, bodies: bodies).add(to: &routes)
        FunctionRoutes(node: node).add(to: &routes)
        QueueRoutes(node: node, bodies: bodies).add(to: &routes)
        ScheduleRoutes(node: node, bodies: bodies).add(to: &routes)
        BackfillRoutes(node: node, bodies: bodies).add(to: &routes)
        ScheduledEventRoutes(node: node).add(to: &routes)
        SignalRoutes(node: node, bodies: bodies).add(to: &routes)
        StateRoutes(node: node).add(to: &routes)
        APIDocumentRoutes(version: info.version).add(to: &routes)
        V2Routes(node: node, bodies: bodies).add(to: &routes)
        RunStreamRoutes(node: node).add(to: &routes)
        GraphQLRoutes(node: node, bodies: bodies).add(to: &routes)
        if configuration.hasTestHooks { TestRoutes(node: node).add(to: &routes) }
        return routes
    }

    /// Everything that answers.
    func table() -> RouteTable {
        var routes = apiRoutes()
        pages(&routes)
        return routes
    }
}

/// Runs a service with all its tasks on one event loop.
private struct LoopService<Inner: Service>: Service {
    let executor: LoopTaskExecutor
    let service: Inner

    func run() async throws {
        try await withTaskExecutorPreference(executor) { try await service.run() }
    }
}
