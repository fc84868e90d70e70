import Apus
import ApusCore
import ApusEngine
import ApusNode
import ApusSQLite
import ApusStore
import Logging
import NIOCore
import NIOPosix
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A whole engine for durable functions inside this process: no server, and no port.
///
/// ```swift
/// let engine = try await Engine.open(at: "data/apus", functions: [onboard])
/// try await engine.send(UserSignedUp(userID: "u1", email: "a@b.c"))
/// …
/// await engine.shutdown()
/// ```
///
/// The functions are those that a server would call, and what holds there holds here: a step's result is on the disk
/// before the next step begins, and a process that is killed goes on where it was when the engine is opened again.
public final class Engine: Sendable {
    /// The app whose functions it runs.
    public let client: Client
    package let node: Node
    package let logger: Logger
    /// One thread with timers and connections; functions never run on it. Who decides is the ``CallersLoop``.
    package let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let link: EngineLink
    private let calls = RunningCalls()
    private let settings: EngineSettings
    private let life = Mutex(Life.open)

    private enum Life {
        case open
        case ending(Task<Void, Never>)
    }

    // MARK: - Opening

    /// Opens an engine whose store is a directory, or makes one, and goes on with what an earlier process left undone.
    /// - Parameters:
    ///   - path: the directory; no other process may use it at the same time.
    ///   - functions: of one client. Those that an earlier process had and that are missing are archived.
    ///   - client: needed only when there are no functions.
    /// - Throws: ``EngineError`` when the functions cannot be registered or the store cannot be opened.
    public static func open(
        at path: String, functions: [any Servable], client: Client? = nil, settings: EngineSettings = EngineSettings()
    ) async throws -> Engine {
        let endpoint = try endpoint(functions, client, settings)
        let store: SQLiteStore
        do {
            store = try SQLiteStore(.directory(path))
        } catch {
            throw EngineError.store("The store in \(path) cannot be opened: \(error)")
        }
        return try await open(endpoint, store, settings)
    }

    /// The same for a file URL.
    public static func open(
        at url: URL, functions: [any Servable], client: Client? = nil, settings: EngineSettings = EngineSettings()
    ) async throws -> Engine {
        guard url.isFileURL else { throw EngineError.store("The store cannot be opened: \(url) is no file URL") }
        return try await open(
            at: url.path(percentEncoded: false), functions: functions, client: client, settings: settings)
    }

    /// Opens an engine that forgets everything with the process, for tests.
    public static func inMemory(
        functions: [any Servable], client: Client? = nil, settings: EngineSettings = EngineSettings()
    ) async throws -> Engine {
        try await open(try endpoint(functions, client, settings), MemoryStore(shardCount: 1), settings)
    }

    private static func endpoint(
        _ functions: [any Servable], _ client: Client?, _ settings: EngineSettings
    ) throws(EngineError) -> Apus.Endpoint {
        if let problem = settings.problem { throw .invalid(problem) }
        guard let client = client ?? functions.first?.definition.client else {
            throw .invalid("an engine without functions needs a client")
        }
        if let stranger = functions.first(where: { $0.definition.client !== client }) {
            throw .functions(["function \(stranger.definition.slug): it belongs to another client than the others"])
        }
        let endpoint = Apus.Endpoint(embedding: client, functions: functions)
        guard endpoint.problems.isEmpty else { throw .functions(endpoint.problems) }
        return endpoint
    }

    private static func open(_ endpoint: Apus.Endpoint, _ store: any Store, _ settings: EngineSettings) async throws
        -> Engine
    {
        let registration: Registration
        do {
            registration = try Registration.accept(endpoint.registrationBody(url: InProcessTransport.url))
        } catch {
            store.close()
            throw EngineError.functions(error.details.isEmpty ? [error.message] : error.details)
        }
        let engine = Engine(endpoint, store, settings)
        guard engine.client.attach(engine.link) else {
            store.close()
            try? await engine.loops.shutdownGracefully()
            throw EngineError.invalid("the client \(engine.client.appID) belongs to an open engine already")
        }
        try await engine.node.start()
        do {
            _ = try await engine.node.register(registration)
        } catch {
            await engine.shutdown()
            throw EngineError(error)
        }
        return engine
    }

    private init(_ endpoint: Apus.Endpoint, _ store: any Store, _ settings: EngineSettings) {
        client = endpoint.client
        logger = settings.logger ?? client.settings.logger
        self.settings = settings
        var configuration = Node.Configuration()
        configuration.userAgent = "Apus/\(Client.version)"
        configuration.commitsOnLoop = true
        configuration.storeBytes = Int64(settings.storeMegabytes) << 20
        configuration.engine.limits.callsPerApp = settings.concurrentCalls
        configuration.engine.retryInterval = settings.retryInterval.map { TimeSpan($0) }
        configuration.gatewayNetworks = .gateways(opening: settings.allowsPrivateNetworks ? .all : .only([]))
        configuration.transport = { [calls] loop, clock in
            InProcessTransport(endpoint, calls, loop: loop, clock: clock)
        }
        let sockets = loops.next()
        node = Node(
            store: store, configuration: configuration, loop: CallersLoop(reserve: sockets), sockets: sockets,
            logger: logger)
        link = EngineLink(node)
    }

    // MARK: - Ending

    package var hasEnded: Bool { life.withLock { if case .ending = $0 { true } else { false } } }

    /// Ends the engine: nothing new begins, and bodies of steps that run come to their end, for as long as
    /// ``EngineSettings/shutdownPatience`` says; then their tasks are cancelled, and what they were at is repeated when
    /// the engine is opened again. Everything that the engine has answered is on the disk anyway.
    ///
    /// The client can be opened in another engine afterwards.
    public func shutdown() async {
        let task = life.withLock { life in
            if case .ending(let task) = life { return task }
            link.endCalls()
            // Also when the caller is cancelled.
            let task = Task.detached { await self.end() }
            life = .ending(task)
            return task
        }
        await task.value
    }

    private func end() async {
        await node.drain(for: .milliseconds(TimeSpan(settings.shutdownPatience).milliseconds))
        // Cancels what still runs: its answers count no more, so that no attempt is used up.
        await node.shutdown()
        client.detach()
        let left = await calls.wait(atMost: .seconds(1))
        client.dropHandlers()
        guard left == 0 else {
            logger.warning(
                "\(left) steps do not end although their tasks are cancelled; they are repeated when the engine is opened"
            )
            return
        }
        try? await loops.shutdownGracefully()
    }

    /// Waits until its task is cancelled, and then ends the engine: the body of a service.
    ///
    /// ```swift
    /// struct ApusService: Service {
    ///     let engine: Engine
    ///     func run() async throws { try await cancelWhenGracefulShutdown { await engine.run() } }
    /// }
    /// ```
    public func run() async {
        let (end, continuation) = AsyncStream.makeStream(of: Void.self)
        // Ends when the task is cancelled.
        for await _ in end {}
        continuation.finish()
        await shutdown()
    }
}

extension EngineError {
    init(_ error: NodeError) {
        switch error {
        case .unavailable(let reason): self = .unavailable(reason)
        case .rejected(let reason): self = .invalid(reason)
        }
    }
}
