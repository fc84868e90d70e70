import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// `/v1/realtime`: what functions and apps publish, to whoever has a token to listen.
struct RealtimeRoutes: Sendable {
    let broadcast: Broadcast
    let tokens: AccessTokens
    let bodies: RequestBodies

    /// Bytes of a request for a token.
    private static let tokenRequestLimit = 64 << 10
    /// Bytes of a message.
    private static let messageLimit = 512 << 10
    /// Bytes that one request may stream.
    private static let streamLimit = 1_000 << 10

    func add(to routes: inout RouteTable) {
        routes.on(.post, "/v1/realtime/token", runningOn: .eventLoop) { request, _ in
            try await bodies.read(request, upTo: Self.tokenRequestLimit) { makeToken($0) }
        }
        routes.on(.post, "/v1/realtime/publish", access: .publisher, runningOn: .eventLoop) { request, _ in
            try await publish(request)
        }
        routes.on(.post, "/v1/realtime/publish/tee", access: .publisher, runningOn: .eventLoop) { request, _ in
            try await tee(request)
        }
        routes.on(.get, "/v1/realtime/sse", access: .subscription, runningOn: .eventLoop) { request, _ in
            try listen(request)
        }
        routes.on(.get, "/v1/realtime/connect", access: .subscription, runningOn: .eventLoop) { request, _ in
            try await connect(request)
        }
    }

    // MARK: - Tokens

    private func makeToken(_ body: [UInt8]) -> Response {
        guard let json = try? RawJSON(parsing: body), json.view.kind == .array else {
            return Answers.error("Invalid request: must provide a list of topics", status: .badRequest)
        }
        let token: String
        do {
            var topics: [Topic] = []
            for (index, view) in json.view.elements.enumerated() { topics.append(try Topic(asked: view, at: index)) }
            token = try tokens.make(for: topics, at: ServerClock.now())
        } catch {
            return Answers.error("\(error)", status: .badRequest)
        }
        var writer = JSONWriter(reserving: token.utf8.count + 16)
        writer.object { $0.member("jwt", token) }
        return Answers.json(writer.bytes, status: .created)
    }

    // MARK: - Publishing

    private func publish(_ request: Request) async throws -> Response {
        let query = QueryString(request.uri.query.map { $0[...] } ?? "")
        let topic = Topic(channel: query.first("channel") ?? "", name: query.first("topic") ?? "")
        var heading = RealtimeMessage.Heading(topic: topic, run: query.first("run_id").flatMap { ULID($0) })
        if let metadata = query.first("metadata"), !metadata.isEmpty {
            do {
                heading.metadata = try RawJSON(parsing: metadata)
            } catch {
                return Answers.error("The metadata is no JSON: \(error)", status: .badRequest)
            }
        }
        if request.headers[.contentType] == "text/stream" { return try await publishChunks(request, under: heading) }
        return try await bodies.read(request, upTo: Self.messageLimit) { [heading] body in
            let data: RawJSON
            do {
                data = try MessageData.read(body)
            } catch {
                return Answers.error("The message cannot be passed on: \(error)", status: .badRequest)
            }
            let now = ServerClock.now()
            let message = RealtimeMessage(kind: .data, data: data, heading: heading)
            broadcast.publish(.message(message.json(at: now)), to: topic, at: now)
            return Response(status: .ok)
        }
    }

    /// Passes a text on as it comes.
    private func publishChunks(_ request: Request, under heading: RealtimeMessage.Heading) async throws -> Response {
        let start = ServerClock.now()
        let id = SplitMix64.drawnULID(at: start).description
        var stream = ChunkStream(broadcast, heading, id: id, at: start)
        // However the request ends.
        defer { stream.end(at: ServerClock.now()) }
        var count = 0
        for try await part in request.body {
            let bytes = part.readableBytesView.prefix(Self.streamLimit - count)
            count += bytes.count
            stream.pass(bytes, at: ServerClock.now())
            guard bytes.count == part.readableBytes else {
                return Answers.error(
                    "The stream is too large: the limit is \(Self.streamLimit) bytes. What came before was passed on.",
                    status: .contentTooLarge
                )
            }
        }
        return Response(status: .ok)
    }

    /// Passes bytes on as they come.
    private func tee(_ request: Request) async throws -> Response {
        let query = QueryString(request.uri.query.map { $0[...] } ?? "")
        guard let channel = query.first("channel"), !channel.isEmpty else {
            return Answers.error("channel query parameter required", status: .badRequest)
        }
        let topic = Topic.stream(of: channel)
        var count = 0
        // A WebSocket has to carry text, so no character may be torn.
        var cutter = TextCutter()
        defer { pass(cutter.finish(), to: topic) }
        for try await part in request.body {
            let bytes = part.readableBytesView.prefix(Self.streamLimit - count)
            count += bytes.count
            pass(cutter.pass(bytes), to: topic)
            guard bytes.count == part.readableBytes else {
                // What came before has been passed on.
                return Answers.error("Error forwarding data", status: .internalServerError)
            }
        }
        return Response(status: .ok)
    }

    private func pass(_ bytes: [UInt8], to topic: Topic) {
        broadcast.publish(.raw(ByteBuffer(bytes: bytes)), to: topic, at: ServerClock.now())
    }
}
