import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// `/live/runs`, `/live/events` and `/live/runs/{id}`: what has changed, as server-sent events.
struct LiveStreams: Sendable {
    let site: Site

    /// The time between two looks at what is new: a row changes at most so often.
    private static let pause = Duration.milliseconds(500)
    /// How many times longer than a look the time to the next one is.
    private static let rest = 4
    private static let longestPause = Duration.seconds(3)
    /// Looks after which a stream on which nothing happens shows that it lives: 15 s.
    private static let quietLooks = 30
    /// Looks between two times that a page is told to read everything again: 4 s.
    private static let resetLooks = 8

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/live/runs", access: .page, runningOn: .eventLoop) { request, _ in
            let visit = Visit(request)
            let list = RunListStream(site: site, visit: visit)
            return stream(visit, to: nil) { news in try await list.find(news) }
        }
        routes.on(.get, "/live/events", access: .page, runningOn: .eventLoop) { request, _ in
            let visit = Visit(request)
            let list = EventListStream(site: site, visit: visit)
            return stream(visit, to: nil, alwaysLooks: true) { news in try await list.find(news) }
        }
        routes.on(.get, "/live/replays", access: .page, runningOn: .eventLoop) { request, _ in
            let visit = Visit(request)
            let replays = ReplayStream(site: site, visit: visit)
            return stream(visit, to: nil, alwaysLooks: true) { news in try await replays.find(news) }
        }
        routes.on(.get, "/live/runs/:id", access: .page, runningOn: .eventLoop) { request, context in
            let text = context.parameter("id")
            guard let id = ULID(text) else { throw HTTPError(.notFound) }
            let visit = Visit(request)
            let run = RunStream(site: site, visit: visit, id: text)
            return stream(visit, to: id) { news in try await run.find(news) }
        }
    }

    /// - Parameter alwaysLooks: whether something may be new although no run has changed.
    private func stream(
        _ visit: Visit, to run: ULID?, alwaysLooks: Bool = false,
        _ find: @escaping @Sendable (RunFeed.News) async throws -> Found
    ) -> Response {
        var headers = PageAnswer.headers
        headers[.contentType] = "text/event-stream; charset=utf-8"
        let feed = site.node.feed
        // Who has come with a key instead of a session may stay.
        let session = site.session(of: visit)
        let body = ResponseBody { writer in
            guard let listener = feed.listen(to: run) else {
                // Too many listen: the browser tries again later.
                try await writer.write(ByteBuffer(string: "retry: 30000\n\n"))
                try await writer.finish(nil)
                return
            }
            defer { feed.stop(listener) }
            try await writer.write(ByteBuffer(string: ": here\n\n"))
            var (quiet, sinceReset, isStale) = (0, Self.resetLooks, false)
            var pause = Self.pause
            while !Task.isShuttingDownGracefully {
                try await Task.sleep(for: pause)
                // The browser asks again, and is told to sign in.
                if let session, !site.isOpen(session) { break }
                quiet += 1
                sinceReset += 1
                let news = feed.news(for: listener)
                var text = ""
                if !news.runs.isEmpty || news.isIncomplete || alwaysLooks {
                    let start = ContinuousClock.now
                    let found = try await offLoop { try await find(news) }
                    // What takes long, as a run of very many steps, is looked at less often.
                    pause = min(max(Self.pause, (ContinuousClock.now - start) * Self.rest), Self.longestPause)
                    text = found.messages.map(\.text).joined()
                    isStale = isStale || found.isStale
                }
                if isStale, sinceReset >= Self.resetLooks {
                    text += LiveMessage.reset.text
                    (sinceReset, isStale) = (0, false)
                }
                if quiet >= Self.quietLooks, text.isEmpty { text = ": still here\n\n" }
                guard !text.isEmpty else { continue }
                quiet = 0
                try await writer.write(ByteBuffer(string: text))
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    /// What a look has found.
    struct Found: Sendable {
        var messages: [LiveMessage] = []
        /// Whether the page shows something that the messages do not set right, so that it has to read it again.
        var isStale = false
    }
}

/// One server-sent event.
struct LiveMessage: Sendable {
    var text: String

    static let reset = LiveMessage(text: "event: reset\ndata: {}\n\n")

    private init(text: String) {
        self.text = text
    }

    static func row(_ id: String, state: String, _ html: String) -> LiveMessage {
        LiveMessage("row", [("id", id), ("html", html), ("state", state)])
    }

    static func count(_ text: String) -> LiveMessage {
        LiveMessage("count", [("text", text)])
    }

    private init(_ event: String, _ members: [(String, String)]) {
        var writer = JSONWriter()
        writer.beginObject()
        for (key, value) in members {
            writer.key(key)
            writer.value(value)
        }
        writer.endObject()
        text = "event: \(event)\ndata: \(String(decoding: writer.bytes, as: UTF8.self))\n\n"
    }
}
