import ApusCore

/// A text on its way to those who listen to a topic: its beginning, its chunks as they come, its end.
struct ChunkStream {
    /// Bytes that make a chunk, to which up to three of a torn character are added.
    private static let chunkBytes = (16 << 10) - 3

    private let broadcast: Broadcast
    private let heading: RealtimeMessage.Heading
    private let id: String
    private var cutter = TextCutter()

    /// Begins the stream. It must be ended.
    /// - Parameter id: names the stream; without colons.
    init(_ broadcast: Broadcast, _ heading: RealtimeMessage.Heading, id: String, at now: Timestamp) {
        self.broadcast = broadcast
        self.heading = heading
        self.id = id
        publish(.streamStart, at: now)
    }

    mutating func pass(_ bytes: some Collection<UInt8>, at now: Timestamp) {
        var rest = bytes[...]
        while !rest.isEmpty {
            chunk(cutter.pass(rest.prefix(Self.chunkBytes)), at: now)
            rest = rest.dropFirst(Self.chunkBytes)
        }
    }

    mutating func end(at now: Timestamp) {
        chunk(cutter.finish(), at: now)
        publish(.streamEnd, at: now)
    }

    private func publish(_ kind: RealtimeMessage.Kind, at now: Timestamp) {
        let message = RealtimeMessage(kind: kind, data: .string(id), heading: heading)
        broadcast.publish(.message(message.json(at: now)), to: heading.topic, at: now)
    }

    private func chunk(_ text: [UInt8], at now: Timestamp) {
        guard !text.isEmpty else { return }
        var writer = JSONWriter(reserving: text.count + 256)
        writer.object { writer in
            // Clients drop a chunk that does not name them.
            if !heading.topic.channel.isEmpty { writer.member("channel", heading.topic.channel) }
            writer.member("data", String(decoding: text, as: UTF8.self))
            writer.member("kind", "chunk")
            if let run = heading.run { writer.member("run_id", run) }
            writer.member("stream_id", id)
            writer.member("topic", heading.topic.name)
        }
        broadcast.publish(.message(writer.bytes), to: heading.topic, at: now)
    }
}
