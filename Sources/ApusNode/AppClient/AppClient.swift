import NIOCore

/// The HTTP/1.1 client with which the server calls apps.
///
/// Confined to one event loop: every method must be called on it, every callback comes on it, and all connections live
/// on it, so there are no locks and no hops. Connections are kept and used again, newest first.
///
/// A client must be shut down: its open connections keep it alive.
///
/// ```swift
/// let client = AppClient(eventLoop: loop, configuration: .init())
/// let id = client.call(AppRequest(url: try AppURL("http://localhost:3000/api/inngest"), body: body), deadline: nil) {
///     switch $0 {
///     case .success(let response): …
///     case .failure(let failure): …
///     }
/// }
/// ```
package final class AppClient {
    /// The loop that everything happens on.
    package let eventLoop: any EventLoop
    /// The limits.
    package let configuration: Configuration

    /// Encodes the requests of all connections, which live on one loop.
    let writer = RequestWriter()
    private let connector: AppConnector
    private var calls: [AppCallID: AppCall] = [:]
    private var lastCall: UInt64 = 0
    private var waiting = WaitingCalls()
    private let deadlines: CallDeadlines
    private var idle: IdleConnections<AppConnection>
    private var idleTimer: Scheduled<Void>?
    /// Connections that are open, or being opened, or being probed.
    private var connections = 0
    private var openedConnections = 0
    private var reusedConnections = 0
    private var isShutDown = false

    /// A client without connections.
    ///
    /// - Parameter eventLoop: a loop of a `MultiThreadedEventLoopGroup`.
    package init(eventLoop: any EventLoop, configuration: Configuration) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.connector = AppConnector(eventLoop: eventLoop, configuration: configuration)
        self.deadlines = CallDeadlines(eventLoop: eventLoop)
        self.idle = IdleConnections(maxPerOrigin: configuration.maxIdleConnectionsPerOrigin)
    }

    // MARK: Calls

    /// Sends a request and waits for the whole response.
    ///
    /// - Parameters:
    ///   - observer: hears of the response while it arrives.
    ///   - deadline: when the call fails with ``AppCallFailure/timeout`` at the latest; `nil` means
    ///     ``Configuration/callTimeout`` from now.
    ///   - done: called exactly once, never before this method has returned.
    /// - Returns: the name with which the call can be cancelled.
    @discardableResult
    package func call(
        _ request: AppRequest,
        observer: ((AppResponsePart) -> Void)? = nil,
        deadline: NIODeadline?,
        _ done: @escaping (Result<AppResponse, AppCallFailure>) -> Void
    ) -> AppCallID {
        eventLoop.preconditionInEventLoop()
        let now = NIODeadline.now()
        lastCall += 1
        let call = AppCall(id: AppCallID(number: lastCall), request: request, observer: observer, done: done)
        calls[call.id] = call
        if isShutDown {
            endSoon(call, .cancelled)
        } else if let flaw = request.firstFlaw() {
            endSoon(call, .invalidRequest(flaw))
        } else {
            deadlines.add(call.id, at: deadline ?? now + configuration.callTimeout, of: self)
            send(call, now)
        }
        return call.id
    }

    /// Ends a call with ``AppCallFailure/cancelled`` and closes its connection; `done` is called before this returns.
    ///
    /// The app may have got the request. Does nothing when the call has ended.
    package func cancel(_ id: AppCallID) {
        eventLoop.preconditionInEventLoop()
        if let call = calls[id] { abandon(call, .cancelled) }
    }

    /// Finds out whether a TCP connection to the URL's host and port can be made, and closes it.
    ///
    /// - Parameter done: called exactly once, after this method has returned; `false` also when no connection may be
    ///   opened because ``Configuration/maxConnections`` are open, or after shutdown.
    package func probe(_ url: AppURL, timeout: TimeAmount, _ done: @escaping (Bool) -> Void) {
        eventLoop.preconditionInEventLoop()
        guard !isShutDown, connections < configuration.maxConnections else {
            return eventLoop.assumeIsolated().execute { done(false) }
        }
        connections += 1
        connector.probe(url.origin, timeout: timeout) { [self] connected in
            slotFreed()
            done(connected)
        }
    }

    /// Fails all calls with ``AppCallFailure/cancelled`` and closes all connections; later calls fail the same way.
    ///
    /// The callbacks are called before this returns.
    package func shutdown() {
        eventLoop.preconditionInEventLoop()
        isShutDown = true
        deadlines.stop()
        idleTimer?.cancel()
        idleTimer = nil
        for connection in idle.popAll() { connection.abandon() }
        for call in calls.values.sorted(by: { $0.id.number < $1.id.number }) { abandon(call, .cancelled) }
    }

    /// Numbers for metrics and tests, as of now.
    package var counters: Counters {
        Counters(
            inFlight: calls.count,
            waiting: waiting.count,
            connections: connections,
            idle: idle.count,
            opened: openedConnections,
            reused: reusedConnections
        )
    }

    // MARK: What deadlines ask and report

    /// How many calls have not ended.
    var callCount: Int { calls.count }

    /// How many deadlines are remembered, those of ended calls included.
    var deadlineCount: Int { deadlines.count }

    /// Whether a call has not ended.
    func isUnderWay(_ id: AppCallID) -> Bool {
        calls[id] != nil
    }

    /// Ends a call unless it has ended.
    func deadlinePassed(_ id: AppCallID) {
        if let call = calls[id] { abandon(call, .timeout) }
    }

    // MARK: What connections report

    /// A connection has the whole response to a call, and is idle now or closing.
    func connection(_ connection: AppConnection, received response: AppResponse, for call: AppCall) {
        keep(connection, as: response)
        guard let location = Redirect.location(in: response) else {
            var response = response
            response.url = call.url
            return end(call, .success(response))
        }
        guard call.redirects < configuration.maxRedirects else { return end(call, .failure(.tooManyRedirects)) }
        call.redirects += 1
        do {
            switch configuration.redirects {
            case .repeats: call.url = try Redirect.target(location, from: call.url, of: call.request.url)
            case .asBrowsers:
                call.request = try Redirect.followed(call.request, to: location, status: response.status)
                call.url = call.request.url
            }
            send(call, .now())
        } catch {
            end(call, .failure(error))
        }
    }

    /// A connection that is closing brought no response. `isStale`: see ``ConnectionState``.
    func connection(_ connection: AppConnection, failed failure: AppCallFailure, isStale: Bool, for call: AppCall) {
        if isStale, !call.needsFreshConnection {
            call.needsFreshConnection = true
            open(for: call)
        } else {
            // Writing to a dead connection fails at once, while `call` is still on the stack.
            endSoon(call, failure)
        }
    }

    /// A connection that was in service is closed, whatever it was doing.
    func connectionClosed(_ connection: AppConnection) {
        idle.remove(connection, for: connection.origin)
        slotFreed()
    }

    // MARK: Connections

    private func send(_ call: AppCall, _ now: NIODeadline) {
        while !call.needsFreshConnection, let (connection, until) = idle.popNewest(for: call.url.origin) {
            // One that is closing, which takes TLS a moment, is still listed.
            if until > now, connection.isIdle {
                reusedConnections += 1
                return start(call, on: connection, now)
            }
            connection.abandon()
        }
        open(for: call)
    }

    private func start(_ call: AppCall, on connection: AppConnection, _ now: NIODeadline) {
        call.phase = .sent(connection)
        connection.send(call, now: now)
    }

    private func open(for call: AppCall) {
        if connections < configuration.maxConnections {
            connect(for: call)
        } else if waiting.count < configuration.maxWaitingCalls {
            call.phase = .waiting
            waiting.append(call)
            // Connections to other origins that nobody uses must not keep this call waiting.
            idle.popOldest()?.abandon()
        } else {
            endSoon(call, .overloaded)
        }
    }

    private func connect(for call: AppCall) {
        connections += 1
        openedConnections += 1
        call.phase = .connecting
        connector.connect(to: call.url.origin, for: self) { [self] result in
            switch result {
            case .success(let connection):
                guard connection.adopt(handshakeTimeout: configuration.connectTimeout) else {
                    return connectFailed(.lost("connection closed by the app"), for: call)
                }
                if !call.hasEnded {
                    start(call, on: connection, .now())
                } else if isShutDown {
                    connection.abandon()
                } else {
                    keep(connection, until: .now() + configuration.idleTimeout)
                }
            case .failure(let fault):
                connectFailed(fault, for: call)
            }
        }
    }

    private func connectFailed(_ fault: ConnectionFault, for call: AppCall) {
        slotFreed()
        if !call.hasEnded { end(call, .failure(AppCallFailure(opening: fault))) }
    }

    private func slotFreed() {
        connections -= 1
        while connections < configuration.maxConnections, let call = waiting.popFirst() { connect(for: call) }
    }

    private func keep(_ connection: AppConnection, as response: AppResponse) {
        guard connection.isIdle else { return }
        let announced = KeepAlive.timeout(in: response.headers) ?? configuration.idleTimeout
        if announced > .zero {
            keep(connection, until: .now() + min(announced, configuration.idleTimeout))
        } else {
            connection.abandon()
        }
    }

    /// Gives an unused connection to the call that waits longest, or keeps it.
    private func keep(_ connection: AppConnection, until: NIODeadline) {
        if let call = waiting.first {
            if call.url.origin == connection.origin, !call.needsFreshConnection {
                _ = waiting.popFirst()
                reusedConnections += 1
                start(call, on: connection, .now())
            } else {
                // First come, first served, also across origins: the slot goes to whoever has waited longest.
                connection.abandon()
            }
        } else if isShutDown || !idle.push(connection, for: connection.origin, until: until) {
            connection.abandon()
        } else if idleTimer == nil {
            scheduleSweep()
        }
    }

    private func scheduleSweep() {
        let interval = min(configuration.idleTimeout, .seconds(1))
        idleTimer = eventLoop.assumeIsolated().scheduleTask(in: interval) { [self] in
            idleTimer = nil
            for connection in idle.popExpired(.now()) { connection.abandon() }
            if !idle.isEmpty { scheduleSweep() }
        }
    }

    // MARK: Ends

    private func end(_ call: AppCall, _ result: Result<AppResponse, AppCallFailure>) {
        let wasWaiting = call.isWaiting
        call.phase = .ended
        calls[call.id] = nil
        if wasWaiting { waiting.callEnded() }
        call.done(result)
    }

    /// For failures that may be known at once: `done` must not be called before `call` has returned.
    private func endSoon(_ call: AppCall, _ failure: AppCallFailure) {
        call.phase = .connecting
        eventLoop.assumeIsolated().execute { [self] in
            if !call.hasEnded { end(call, .failure(failure)) }
        }
    }

    /// Ends a call from outside its connection.
    private func abandon(_ call: AppCall, _ failure: AppCallFailure) {
        guard !call.hasEnded else { return }
        if case .sent(let connection) = call.phase { connection.abandon() }
        end(call, .failure(failure))
    }
}
