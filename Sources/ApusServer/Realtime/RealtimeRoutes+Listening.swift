import ApusCore
import ApusNode
import HTTPTypes
import Hummingbird
import NIOCore
import NIOWebSocket
import ServiceLifecycle

extension RealtimeRoutes {
    /// Seconds between two signs of life.
    private static let pause = 15
    /// Signs of life after which a stream ends: 15 min.
    private static let pauses = 60
    /// Seconds that the last bytes of a stream may take.
    private static let endGrace = 2

    /// Begins to listen to what the request's token opens; the gatekeeper has seen the token.
    private func subscribe(_ request: Request) throws -> Subscription {
        let now = ServerClock.now()
        let topics = tokens.topics(of: AccessTokens.token(of: request), at: now) ?? []
        do {
            return try broadcast.subscribe(to: topics, at: now)
        } catch {
            throw NodeError.unavailable(error.description)
        }
    }

    // MARK: - Server-sent events

    func listen(_ request: Request) throws -> Response {
        let subscription = try subscribe(request)
        let body = ResponseBody { writer in
            // Only one task writes, and it has ended when this one goes on.
            nonisolated(unsafe) var stream = writer
            let (ending, end) = AsyncStream.makeStream(of: Void.self)
            subscription.whenCutOff { end.finish() }
            try await withGracefulShutdownHandler {
                // Whether nothing is left to do.
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    group.addTask {
                        try await Self.write(subscription, to: &stream)
                        return true
                    }
                    group.addTask {
                        for _ in 0..<Self.pauses {
                            try await Task.sleep(for: .seconds(Self.pause))
                            subscription.poke()
                        }
                        subscription.end()
                        end.finish()
                        return false
                    }
                    group.addTask {
                        for await _ in ending {}
                        try await Task.sleep(for: .seconds(Self.endGrace))
                        // Who does not read would keep the connection for ever.
                        throw CancellationError()
                    }
                    while let isOver = try await group.next(), !isOver {}
                    group.cancelAll()
                }
            } onGracefulShutdown: {
                subscription.end()
                end.finish()
            }
            try await writer.finish(nil)
        }
        let headers: HTTPFields = [
            .contentType: "text/event-stream", .cacheControl: "no-cache", .accessControlAllowOrigin: "*",
            .accessControlExposeHeaders: "Content-Type",
        ]
        return Response(status: .ok, headers: headers, body: body)
    }

    private static func write(_ subscription: Subscription, to writer: inout any ResponseBodyWriter) async throws {
        var order = EventOrder()
        try await writer.write(EventBoundary.signOfLife)
        while let pieces = await subscription.next(), !order.isOverfull {
            for piece in pieces {
                for bytes in order.pass(piece) { try await writer.write(bytes) }
            }
            // In the middle of an event it would tear it apart.
            if pieces.isEmpty, order.isBetweenEvents { try await writer.write(EventBoundary.signOfLife) }
            // They count until they are sent.
            withExtendedLifetime(pieces) {}
        }
    }

    // MARK: - WebSockets

    func connect(_ request: Request) async throws -> Response {
        let upgrade: WebSocketUpgrade
        do {
            upgrade = try WebSocketUpgrade.of(request)
        } catch {
            return Self.refusal(of: error)
        }
        // Before the answer, so that nothing that is published after it is missed.
        let subscription = try subscribe(request)
        let user = RealtimeSocket(broadcast: broadcast, tokens: tokens, subscription: subscription)
        let socket: WebSocket
        do {
            socket = try await upgrade.accept(request, limits: WebSocketLimits(), user: user)
        } catch is ChannelError {
            // The client has gone already.
            return Response(status: .ok)
        }
        // A socket that is not read would never say that it is slow.
        subscription.whenCutOff { socket.cutOff() }
        while let pieces = await subscription.next() {
            do {
                try await socket.send(pieces.map { .text($0.text) })
            } catch {
                break
            }
            // They count until they are sent.
            withExtendedLifetime(pieces) {}
        }
        await socket.untilClosed()
        return Response(status: .ok)
    }

    private static func refusal(of flaw: WebSocketUpgrade.Flaw) -> Response {
        switch flaw {
        case .notWanted:
            Answers.error(
                "This is for WebSockets (RFC 6455, version 13)", status: .upgradeRequired,
                headers: [.connection: "Upgrade", .upgrade: "websocket", .secWebSocketVersion: "13"]
            )
        case .malformed(let reason): Answers.error(reason, status: .badRequest)
        }
    }
}

/// A WebSocket that listens to topics, which its messages add and remove.
private struct RealtimeSocket: WebSocketUser {
    let broadcast: Broadcast
    let tokens: AccessTokens
    let subscription: Subscription

    func received(_ message: WebSocketMessage, from socket: WebSocket) {
        // What nobody knows is ignored, and nothing is answered.
        guard case .text(let text) = message, let json = try? RawJSON(parsing: Array(text.readableBytesView)),
            let data = json.view["data"]
        else { return }
        if json.view["kind"]?.stringEquals("sub") == true {
            let now = ServerClock.now()
            guard let topics = tokens.topics(of: data.string, at: now) else { return }
            do {
                try broadcast.add(topics, to: subscription, at: now)
            } catch {
                socket.close(.policyViolation, error.description)
            }
        } else if json.view["kind"]?.stringEquals("unsub") == true {
            broadcast.remove(data.elements.compactMap { Topic($0) }, from: subscription)
        }
    }

    func serverIsEnding(_ socket: WebSocket) {
        socket.post(.text(ByteBuffer(bytes: RealtimeMessage.closing(at: ServerClock.now()))))
    }

    func closed() {
        subscription.end()
    }
}
