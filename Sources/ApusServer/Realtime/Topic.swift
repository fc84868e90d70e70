import ApusCore

/// What is published together and listened to together: a topic of a channel.
package struct Topic: Hashable, Sendable {
    package var channel: String
    package var name: String

    package init(channel: String, name: String) {
        self.channel = channel
        self.name = name
    }

    /// What a run streams to whoever sent its request.
    package static func stream(of run: String) -> Topic {
        Topic(channel: run, name: "$stream")
    }

    /// Reads a topic of a token.
    init?(_ view: JSONView) {
        // Everything is published under this kind.
        guard view["kind"]?.stringEquals("run") == true, let channel = view["channel"]?.string,
            let name = view["name"]?.string
        else { return nil }
        self.init(channel: channel, name: name)
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("channel", channel)
            writer.member("env_id", Tenancy.environment)
            writer.member("kind", "run")
            writer.member("name", name)
        }
    }
}
