import Apus
import ApusDashboard
import ApusEmbedded
import ApusNode
import ApusServer
import Hummingbird
import NIOPosix

extension RouterMethods {
    /// Serves the dashboard of an engine below a path.
    ///
    /// Whoever reaches it may see and do everything that it offers: put it behind the app's own authentication.
    ///
    /// ```swift
    /// try router.group().add(middleware: AdminsOnly()).apusDashboard(engine, at: "/apus")
    /// ```
    /// - Parameter path: as the browser sees it, without a slash at the end; of a group, with the group's own.
    /// - Throws: ``EngineError`` when the path cannot be used.
    @discardableResult
    public func apusDashboard(_ engine: Engine, at path: String = "/apus", below group: String = "") throws -> Self {
        let base = group + path
        guard path.hasPrefix("/"), !path.hasSuffix("/"), !base.contains("//"),
            base.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"{}*:?#\"'<>\\".utf8.contains($0) })
        else {
            throw EngineError.invalid(
                "the dashboard needs a path such as /apus, that begins with a slash and does not end with one")
        }
        let loop = engine.loops.next()
        let sync = AppSync(
            node: engine.node, probe: AppProbe(loop: loop, userAgent: ""), configuration: .init(),
            logger: engine.logger)
        let dashboard = try Dashboard(embedding: engine.node, sync: sync, version: Client.version, at: base)
        var routes = RouteTable()
        dashboard.add(to: &routes)
        routes.install(in: self, at: path)
        return self
    }
}
