import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import Hummingbird

/// `/find`: runs and events by id, functions, apps and event names by a part of their name.
struct FindPage: Sendable {
    let site: Site

    private static let most = 12

    private struct Hit {
        var kind: String
        var text: String
        var link: Link
        var detail = ""
    }

    func answer(_ visit: Visit) async throws -> Response {
        let query = visit.text("q").trimmed
        let hits = try await find(query, visit)
        if hits.count == 1, let hit = hits.first { return PageAnswer.redirect(to: site.base + hit.link.text, nil) }
        let rows: [Part] = hits.map {
            [
                "kind": .text($0.kind), "text": .text($0.text.visible()), "href": $0.link.part,
                "detail": .text($0.detail.visible()),
            ]
        }
        let fields: [String: Part] = [
            "query": .text(query.visible()), "found": rows.isEmpty ? false : ["rows": .list(rows)],
        ]
        let failed = try await site.failedLately(visit)
        return site.answer("find", site.frame(visit, title: "Found", page: "", failed: failed, fields), visit)
    }

    func json(_ visit: Visit) async throws -> Response {
        var writer = JSONWriter()
        writer.beginArray()
        for hit in try await find(visit.text("q").trimmed, visit) {
            writer.beginObject()
            for (key, value) in [("kind", hit.kind), ("text", hit.text.visible()), ("href", hit.link.text)] {
                writer.key(key)
                writer.value(value)
            }
            writer.endObject()
        }
        writer.endArray()
        return PageAnswer.text(String(decoding: writer.bytes, as: UTF8.self), type: "application/json")
    }

    private func find(_ query: String, _ visit: Visit) async throws -> [Hit] {
        guard !query.isEmpty else { return [] }
        var hits: [Hit] = []
        if let id = ULID(query) {
            let found = try await site.node.read { reader throws(StoreError) in
                (try reader.run(id: id), try reader.event(id: id))
            }
            if let run = found.0 {
                let word = RunRow.state(run.projection, visit.now).word.lowercased()
                hits.append(
                    Hit(
                        kind: "Run", text: id.description, link: Link("runs", id.description),
                        detail: "\(run.functionSlug), \(word)"))
            }
            if let event = found.1 {
                hits.append(
                    Hit(kind: "Event", text: id.description, link: Link("events", id.description), detail: event.name))
            }
        }
        let registry = site.node.registry
        for function in registry.activeFunctions where function.matches(query) {
            let slug = function.configuration.slug
            hits.append(
                Hit(kind: "Function", text: slug, link: Link("functions", slug), detail: function.triggerWords))
        }
        let text = query.lowercased()
        for app in registry.apps.values.sorted(by: { $0.name < $1.name }) where app.name.lowercased().contains(text) {
            hits.append(Hit(kind: "App", text: app.name, link: Link("apps"), detail: app.url))
        }
        for name in site.eventNames where name.lowercased().contains(text) {
            hits.append(Hit(kind: "Events", text: name, link: Link("events").with("name", name)))
        }
        return Array(hits.prefix(Self.most))
    }
}

extension String {
    fileprivate var trimmed: String {
        var rest = self[...]
        while rest.first?.isWhitespace ?? false { rest.removeFirst() }
        while rest.last?.isWhitespace ?? false { rest.removeLast() }
        return String(rest)
    }
}
