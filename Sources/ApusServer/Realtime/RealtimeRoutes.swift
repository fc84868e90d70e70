import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// `/v1/realtime`: what a run streams while it goes on, to whoever sent its request.
struct RealtimeRoutes: Sendable {
    let broadcast: Broadcast
    let tokens: AccessTokens

    /// Bytes that one request may publish.
    private static let teeLimit = 1_000 << 10
    /// Seconds between two signs of life.
    private static let pause = 15
    /// Signs of life after which a stream ends: 15 min.
    private static let pauses = 60

    func add(to routes: inout RouteTable) {
        routes.on(.post, "/v1/realtime/publish/tee", access: .publisher, runningOn: .eventLoop) { request, _ in
            try await tee(request)
        }
        routes.on(.get, "/v1/realtime/sse", access: .subscription, runningOn: .eventLoop) { request, _ in
            listen(request)
        }
    }

    // MARK: - Publishing

    /// Passes bytes on as they come.
    private func tee(_ request: Request) async throws -> Response {
        guard let channel = request.uri.queryParameters["channel"].map(String.init), !channel.isEmpty else {
            return Answers.error("channel query parameter required", status: .badRequest)
        }
        let topic = Topic.stream(of: channel)
        var count = 0
        for try await part in request.body {
            let bytes = part.readableBytesView.prefix(Self.teeLimit - count)
            count += bytes.count
            // A copy: what is kept must not hold on to the whole that it was read in.
            broadcast.publish(ByteBuffer(bytes: bytes), to: topic, at: ServerClock.now())
            guard bytes.count == part.readableBytes else {
                // What came before has been passed on.
                return Answers.error("Error forwarding data", status: .internalServerError)
            }
        }
        return Response(status: .ok)
    }

    // MARK: - Listening

    private func listen(_ request: Request) -> Response {
        let now = ServerClock.now()
        // The gatekeeper has seen the token.
        let topics = tokens.topics(of: AccessTokens.token(of: request), at: now) ?? []
        guard let subscription = broadcast.subscribe(to: topics, at: now) else {
            return Answers.unavailable("as many listen already as may")
        }
        let body = ResponseBody { writer in
            try await withGracefulShutdownHandler {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for _ in 0..<Self.pauses {
                            try await Task.sleep(for: .seconds(Self.pause))
                            subscription.poke()
                        }
                        subscription.end()
                    }
                    var stream = EventBoundary()
                    try await writer.write(EventBoundary.signOfLife)
                    while let pieces = await subscription.next() {
                        for piece in pieces {
                            stream.pass(piece)
                            try await writer.write(piece)
                        }
                        // In the middle of an event it would tear it apart.
                        if pieces.isEmpty, stream.isBetweenEvents { try await writer.write(EventBoundary.signOfLife) }
                    }
                    group.cancelAll()
                }
            } onGracefulShutdown: {
                subscription.end()
            }
            try await writer.finish(nil)
        }
        let headers: HTTPFields = [
            .contentType: "text/event-stream", .cacheControl: "no-cache", .accessControlAllowOrigin: "*",
            .accessControlExposeHeaders: "Content-Type",
        ]
        return Response(status: .ok, headers: headers, body: body)
    }
}

/// Whether a stream of events is between two of them.
struct EventBoundary {
    static let signOfLife = ByteBuffer(string: ":\n\n")

    private var newlines = 2

    var isBetweenEvents: Bool { newlines >= 2 }

    mutating func pass(_ piece: ByteBuffer) {
        let ending = piece.readableBytesView.suffix(2).reversed().prefix { $0 == UInt8(ascii: "\n") }.count
        if ending == piece.readableBytes { newlines += ending } else { newlines = ending }
    }
}
