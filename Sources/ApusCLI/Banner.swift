import ApusEngine
import Logging

/// What a person sees at the start: where the server is, where it keeps things, what it found, and
/// what to do next.
struct Banner: Sendable {
    var host: String
    var store: String
    var sdkURLs: [String]
    var discovers: Bool
    /// Whether it asks for keys, which are never shown.
    var isSigned: Bool

    /// - Parameter asJSON: machines read the output, so all of it is one line of the log.
    func show(port: Int, registry: Registry, asJSON: Bool, logger: Logger) {
        let name = host == "0.0.0.0" || host == "127.0.0.1" ? "localhost" : host
        let url = "http://\(name):\(port)"
        if asJSON {
            let apps = registry.apps.values.map(\.name).sorted().joined(separator: ", ")
            logger.info(
                "Apus \(ApusVersion.text) is ready",
                metadata: [
                    "url": "\(url)", "store": "\(store)", "apps": "\(apps)",
                    "next": "\(next(url: url, hasApps: !registry.apps.isEmpty))",
                ]
            )
            return
        }
        var lines = [
            "",
            "  Apus \(ApusVersion.text)",
            "",
            "  server  \(url)",
            "  store   \(store)",
        ]
        if registry.apps.isEmpty {
            lines.append("  apps    none yet" + (sdkURLs.isEmpty ? "" : "; asking \(sdkURLs.joined(separator: ", "))"))
        }
        for app in registry.apps.values.sorted(by: { $0.name < $1.name }) {
            let count = registry.functions(of: app.id).filter { !$0.isArchived }.count
            lines.append("  apps    \(app.name) at \(app.url), \(count) functions")
        }
        lines.append("")
        lines.append("  next    " + next(url: url, hasApps: !registry.apps.isEmpty))
        lines.append("")
        Logs.write(lines.joined(separator: "\n") + "\n")
    }

    private func next(url: String, hasApps: Bool) -> String {
        let key = isSigned ? "$INNGEST_EVENT_KEY" : "dev"
        if hasApps { return "send an event: curl \(url)/e/\(key) -d '{\"name\":\"your/event\",\"data\":{}}'" }
        if !sdkURLs.isEmpty { return "start your app; it registers by itself" }
        if isSigned {
            return "start your app with INNGEST_BASE_URL=\(url), INNGEST_SIGNING_KEY and INNGEST_EVENT_KEY, "
                + "and name it with -u URL"
        }
        let start = "start your app with INNGEST_DEV=\(url)"
        return discovers ? start + "; it is found at the usual ports" : start + " and name it with -u URL"
    }
}
