import ApusCore
import ApusEngine
import ApusNode
import HTTPTypes
import Hummingbird

/// `GET /health` and `GET /dev`: what tools ask a server before they talk to it.
struct DevRoutes: Sendable {
    let node: Node
    let info: DevInfo

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/health", access: .open, runningOn: .eventLoop) { _, _ in
            Answers.json(Array("{\"status\":200,\"message\":\"OK\"}\n".utf8))
        }
        routes.on(.get, "/dev", access: .signingKeyInText) { _, _ in Answers.json(info.json(registry: node.registry)) }
    }
}

/// How the server was started, in the words of the reference's `GET /dev`.
package struct DevInfo: Sendable {
    package var version: String
    package var urls: [String]
    package var discovers: Bool
    package var polls: Bool
    package var pollInterval: Int
    package var retryInterval: Int
    /// Whether the server asks for keys.
    package var isSigned: Bool

    package init(
        version: String, urls: [String], discovers: Bool, polls: Bool, pollInterval: Int, retryInterval: Int,
        isSigned: Bool = false
    ) {
        self.version = version
        self.urls = urls
        self.discovers = discovers
        self.polls = polls
        self.pollInterval = pollInterval
        self.retryInterval = retryInterval
        self.isSigned = isSigned
    }

    func json(registry: Registry) -> [UInt8] {
        var writer = JSONWriter(reserving: 4_096)
        writer.beginObject()
        writer.key("version")
        writer.value(version)
        writer.key("authed")
        writer.value(isSigned)
        writer.key("startOpts")
        writer.beginObject()
        writer.key("urls")
        writer.beginArray()
        for url in urls { writer.value(url) }
        writer.endArray()
        writer.key("autodiscover")
        writer.value(discovers)
        writer.key("poll")
        writer.value(polls)
        writer.key("poll_interval")
        writer.value(pollInterval)
        writer.key("retry_interval")
        writer.value(retryInterval)
        writer.endObject()
        writer.key("functions")
        writer.beginArray()
        for function in registry.activeFunctions { Self.write(function, to: &writer) }
        writer.endArray()
        writer.key("handlers")
        writer.null()
        writer.key("isSingleNodeService")
        writer.value(false)
        writer.key("isMissingSigningKey")
        writer.value(false)
        writer.key("isMissingEventKeys")
        writer.value(false)
        writer.key("features")
        writer.raw(RawJSON.emptyObject)
        writer.endObject()
        return writer.bytes
    }

    static func write(_ function: FunctionRecord, to writer: inout JSONWriter) {
        let configuration = function.configuration
        writer.beginObject()
        writer.key("id")
        writer.value(function.id)
        writer.key("fv")
        writer.value(function.version)
        writer.key("name")
        writer.value(configuration.name)
        writer.key("slug")
        writer.value(configuration.slug)
        writer.key("triggers")
        if let triggers = configuration.source.view.member(caseInsensitive: "triggers") {
            writer.raw(triggers.raw)
        } else {
            writer.raw(RawJSON.emptyArray)
        }
        writer.key("steps")
        writer.beginArray()
        writer.beginObject()
        writer.key("id")
        writer.value("step")
        writer.key("name")
        writer.value("step")
        writer.key("uri")
        writer.value(configuration.stepURL)
        if let retries = configuration.retries {
            writer.key("retries")
            writer.value(retries)
        }
        writer.endObject()
        writer.endArray()
        writer.endObject()
    }
}
