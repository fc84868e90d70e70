import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import Hummingbird

/// `/apps`: the apps that have registered, and those that the server could not reach.
struct AppsPage: Sendable {
    let site: Site

    func answer(_ visit: Visit) async throws -> Response {
        let registry = site.node.registry
        let apps = registry.apps.values.sorted { $0.name < $1.name }
        let known = Set(apps.map(\.url))
        let waiting = await site.sync.pending.filter { !known.contains($0.url) }.map { self.waiting($0, visit) }
        let add = ActionPart(
            label: "Add by URL", title: "Add an app",
            consequence: "The server asks the URL for its functions, and again every few seconds until it answers.",
            action: Link("apps"), verb: "Add it",
            inputs: [ActionPart.field("URL", "url", "http://localhost:3000/api/inngest")],
            command: "apus dev -u http://localhost:3000/api/inngest")
        let fields: [String: Part] = [
            "total": .text(NumberText.counted(apps.count, "app")), "actions": .list(site.isEmbedded ? [] : [add.part]),
            "apps": .list(apps.map { app($0, registry, visit) } + waiting),
        ]
        let failed = try await site.failedLately(visit)
        return site.answer("apps", site.frame(visit, title: "Apps", page: "a", failed: failed, fields), visit)
    }

    private func app(_ app: AppRecord, _ registry: Registry, _ visit: Visit) -> Part {
        let id = app.id.description
        var facts = [FactPart.code("URL", app.url)]
        let sdk = [app.sdkLanguage, app.sdkVersion].filter { !$0.isEmpty }.joined(separator: " ")
        if !sdk.isEmpty { facts.append(FactPart.text("SDK", sdk)) }
        if !app.framework.isEmpty { facts.append(FactPart.text("Framework", app.framework)) }
        if !app.appVersion.isEmpty { facts.append(FactPart.text("Version", app.appVersion)) }
        facts.append(FactPart.time(app.isRegistered ? "Synced" : "First run", visit.time.part(app.syncedAt)))
        let count = registry.functions(of: app.id).count { !$0.isArchived }
        facts.append(
            FactPart.link("Functions", NumberText.counted(count, "function"), Link("functions").with("app", app.name)))
        let sync = ActionPart(
            label: "Sync", title: "Ask the app for its functions?",
            consequence: "Functions that it does not register any more are archived; their runs go on.",
            action: Link("apps", id, "sync"), verb: "Sync now")
        return [
            "uuid": .text(id), "name": .text(app.name.visible()),
            "state": app.error == nil
                ? ["key": "completed", "word": app.isRegistered ? "Synced" : "Endpoints"]
                : ["key": "failed", "word": "Not synced"],
            "error": .optional(app.error?.visible()), "advice": advice(app.error, visit),
            // An app that has not registered has nothing to say for itself.
            "actions": .list(app.isRegistered && !site.isEmbedded ? [sync.part] : []), "facts": .list(facts),
        ]
    }

    /// An address that was named or found, and that no app has registered from.
    private func waiting(_ pending: (url: String, reason: String?), _ visit: Visit) -> Part {
        [
            "uuid": false, "name": .text(pending.url.visible()),
            "state": pending.reason == nil
                ? ["key": "waiting", "word": "Not asked yet"] : ["key": "failed", "word": "Not synced"],
            "error": .optional(pending.reason?.visible()), "advice": advice(pending.reason, visit),
            "actions": [
                ActionPart(
                    label: "Sync", title: "Ask again?", consequence: "The server asks the address for its functions.",
                    action: Link("apps"), verb: "Ask now", fields: [("url", pending.url)]
                ).part
            ],
            "facts": [FactPart.text("Asked", "every few seconds until it answers")],
        ]
    }

    private func advice(_ reason: String?, _ visit: Visit) -> Part {
        .optional(reason.flatMap { SyncAdvice.text(for: $0, server: visit.serverURL) })
    }
}
