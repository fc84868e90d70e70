import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import Hummingbird

/// `/settings`: this server, how pages look, and who changed what.
struct SettingsPage: Sendable {
    let site: Site

    private static let help = [
        ("apus trace RUN", "prints what a run did, step by step"),
        ("apus why ID", "says why a run waits, or what became of an event"),
        ("apus runs ls", "lists runs by state, function and time"),
        ("apus queue show FUNCTION", "shows what waits for its turn"),
        ("apus --help", "lists all commands"),
    ]

    func answer(_ visit: Visit) async throws -> Response {
        let entries = try await site.node.read { reader throws(StoreError) in try reader.audit(limit: 100) }
        let theme = visit.cookie("apus-theme") ?? ""
        let registry = site.node.registry
        let fields: [String: Part] = [
            "warnings": ["This server runs without keys: everybody who reaches it can use it."],
            "facts": [
                FactPart.text("Version", site.version),
                FactPart.code("Events go to", "\(visit.serverURL)/e/\(site.eventKey)"),
                FactPart.link("Apps", "\(registry.apps.count)", Link("apps")),
                FactPart.link("Functions", "\(registry.activeFunctions.count)", Link("functions")),
            ],
            "themes": .list(
                ActionPart.options([("", "as the system"), ("light", "light"), ("dark", "dark")], theme)),
            "zones": .list(
                ActionPart.options([("local", "in this zone"), ("utc", "in UTC")], site.zone(visit))),
            "hasAudit": .flag(!entries.isEmpty), "audit": .list(entries.map { entry($0, visit) }),
            "command": "apus audit",
            "help": .list(Self.help.map { ["command": .text($0), "text": .text($1)] }),
        ]
        let failed = try await site.failedLately(visit)
        return site.answer("settings", site.frame(visit, title: "Settings", page: "c", failed: failed, fields), visit)
    }

    private func entry(_ entry: AuditEntry, _ visit: Visit) -> Part {
        let link = entry.action == .withdrawn ? Link("events", entry.subject) : Link("functions", entry.subject)
        return [
            "at": visit.time.part(entry.at), "actor": .text(entry.actor.visible()),
            "action": .text(entry.action.rawValue), "subject": .text(entry.subject.visible()), "href": link.part,
            "detail": .text(entry.detail.visible()),
        ]
    }
}
