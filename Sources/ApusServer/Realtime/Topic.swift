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

    /// Reads a topic of a token, or of a listener that has heard enough of it.
    init?(_ view: JSONView) {
        // Everything is published under this kind.
        guard view["kind"]?.stringEquals("run") == true, let channel = view["channel"]?.string,
            let name = view["name"]?.string
        else { return nil }
        if let environment = view["env_id"], !environment.isNull, !environment.stringEquals(Tenancy.environment) {
            return nil
        }
        self.init(channel: channel, name: name)
    }

    /// Reads a topic that a token is asked for. The environment is the server's to say.
    init(asked view: JSONView, at index: Int) throws(TopicFlaw) {
        guard view.kind == .object, let channel = Self.text(view["channel"]), let name = Self.text(view["name"]) else {
            throw TopicFlaw(index: index, what: "must be an object with the strings channel and name")
        }
        if let kind = view["kind"], !kind.isNull, !kind.stringEquals("run") {
            throw TopicFlaw(index: index, what: "has a kind other than \"run\", under which nothing is published")
        }
        self.init(channel: channel, name: name)
    }

    /// What is left out is empty.
    private static func text(_ view: JSONView?) -> String? {
        guard let view, !view.isNull else { return "" }
        return view.string
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

/// What is wrong with a topic that a token is asked for.
struct TopicFlaw: Error, CustomStringConvertible {
    var index: Int
    var what: String

    var description: String { "Invalid request: topics[\(index)] \(what)" }
}
