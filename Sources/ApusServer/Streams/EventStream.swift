import ApusCore
import ApusNode
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// One server-sent event.
struct StreamMessage: Sendable {
    var name: String
    /// By which a listener goes on after a lost connection.
    var id: String
    /// JSON, which holds no line breaks.
    var data: [UInt8]

    init(_ name: String, id: String, _ data: (inout JSONWriter) -> Void) {
        self.name = name
        self.id = id
        var writer = JSONWriter()
        data(&writer)
        self.data = writer.bytes
    }

    func append(to buffer: inout ByteBuffer) {
        buffer.writeString("id: \(id)\nevent: \(name)\ndata: ")
        buffer.writeBytes(data)
        buffer.writeString("\n\n")
    }
}

/// What a look at the news has brought.
struct StreamLook: Sendable {
    var messages: [StreamMessage] = []
    /// Nothing can follow.
    var isLast = false
}

/// Tells a listener of changes, as server-sent events.
struct EventStream: Sendable {
    let feed: RunFeed
    /// The only run that counts; `nil` for all.
    var run: ULID?
    /// Whether to look now and then without news: not everything that a run does is told.
    var looksByItself = false

    /// The time between two looks at what is new.
    private static let pause = Duration.milliseconds(250)
    /// Looks after which a stream on which nothing happens shows that it lives: 15 s.
    private static let quietLooks = 60
    /// Pauses between two looks without news: 1 s.
    private static let pausesWithoutNews = 4

    /// - Parameters:
    ///   - begin: what the listener gets first, read when nothing can be missed any more.
    ///   - look: what there is to say of news.
    func answer(
        begin: @escaping @Sendable () async throws -> StreamLook,
        look: @escaping @Sendable (RunFeed.News) async throws -> StreamLook
    ) -> Response {
        guard !feed.isFull else {
            return Answers.unavailable("\(RunFeed.places) listeners are served already, as many as there may be")
        }
        let (feed, run, looksByItself) = (feed, run, looksByItself)
        let body = ResponseBody { writer in
            // Somebody else may have taken the last place meanwhile.
            guard let listener = feed.listen(to: run) else {
                try await writer.write(ByteBuffer(string: "retry: 30000\n\n"))
                try await writer.finish(nil)
                return
            }
            defer { feed.stop(listener) }
            try await writer.write(ByteBuffer(string: ": here\n\n"))
            var found = try await offLoop { try await begin() }
            var quiet = 0
            var pauses = 0
            while true {
                if !found.messages.isEmpty {
                    var buffer = ByteBuffer()
                    for message in found.messages { message.append(to: &buffer) }
                    try await writer.write(buffer)
                    quiet = 0
                } else if quiet >= Self.quietLooks {
                    try await writer.write(ByteBuffer(string: ": still here\n\n"))
                    quiet = 0
                }
                if found.isLast || Task.isShuttingDownGracefully { break }
                try await Task.sleep(for: Self.pause)
                quiet += 1
                pauses += 1
                let news = feed.news(for: listener)
                let isDue = looksByItself && pauses.isMultiple(of: Self.pausesWithoutNews)
                found = news.isEmpty && !isDue ? StreamLook() : try await offLoop { try await look(news) }
            }
            try await writer.finish(nil)
        }
        let headers: HTTPFields = [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store"]
        return Response(status: .ok, headers: headers, body: body)
    }
}

extension HTTPField.Name {
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
