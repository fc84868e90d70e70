import ApusCore

/// A message as listeners get it.
struct RealtimeMessage {
    enum Kind: String {
        case data
        case streamStart = "datastream-start"
        case streamEnd = "datastream-end"
        case closing
    }

    var kind: Kind
    var data: RawJSON
    var heading: Heading

    /// What messages that belong together have in common.
    struct Heading {
        var topic: Topic
        var run: ULID?
        var metadata: RawJSON?
    }

    /// SDKs check what they get: what is not there must be left out, never `null`.
    func json(at now: Timestamp) -> [UInt8] {
        var writer = JSONWriter(reserving: data.bytes.count + 256)
        writer.object { writer in
            if !heading.topic.channel.isEmpty { writer.member("channel", heading.topic.channel) }
            writer.member("created_at", now)
            writer.member("data", data)
            if kind != .closing { writer.member("env_id", Tenancy.environment) }
            writer.member("kind", kind.rawValue)
            if let metadata = heading.metadata { writer.member("metadata", metadata) }
            if let run = heading.run { writer.member("run_id", run) }
            writer.member("topic", heading.topic.name)
        }
        return writer.bytes
    }

    /// What listeners are told when the server ends.
    static func closing(at now: Timestamp) -> [UInt8] {
        let heading = Heading(topic: Topic(channel: "", name: ""))
        return RealtimeMessage(kind: .closing, data: .string(""), heading: heading).json(at: now)
    }
}

/// The bytes of a request as the data of a message.
enum MessageData {
    /// JSON stays what it is; anything else is a text.
    /// - Throws: when it is JSON that cannot be passed on.
    static func read(_ body: [UInt8]) throws(JSONError) -> RawJSON {
        guard !body.isEmpty else { return .string("") }
        do {
            return try RawJSON(parsing: body)
        } catch {
            switch error.reason {
            case .depthExceeded, .tooLarge, .numberOutOfRange: throw error
            default: return .string(String(decoding: body, as: UTF8.self))
            }
        }
    }
}
