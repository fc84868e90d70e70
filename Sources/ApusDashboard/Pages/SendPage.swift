import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import Hummingbird

/// `/events/send`: a form that sends an event.
struct SendPage: Sendable {
    let site: Site

    /// What the form holds.
    struct Draft: Sendable {
        var name = ""
        var data = "{}"
        var id = ""
        var time = ""
        var problem: String?
    }

    func answer(_ visit: Visit) async throws -> Response {
        var draft = Draft(name: visit.text("name"))
        if let like = visit.value("like").flatMap({ ULID($0) }) {
            let event = try await site.node.read { reader throws(StoreError) in try reader.event(id: like) }
            if let event {
                draft.name = event.name
                draft.data = event.body.view["data"].map { PrettyJSON.text($0.raw) } ?? "{}"
            }
        }
        return answer(draft, visit)
    }

    func answer(_ draft: Draft, _ visit: Visit) -> Response {
        let listeners = draft.name.isEmpty ? [] : listeners(of: draft.name)
        let fields: [String: Part] = [
            "error": .optional(draft.problem), "eventName": .text(draft.name),
            "names": .list(site.eventNames.map { .text($0) }), "data": .text(draft.data),
            "eventId": .text(draft.id), "ts": .text(draft.time),
            "listeners": listeners.isEmpty ? false : ["rows": .list(listeners)], "command": false,
        ]
        let frame = site.frame(visit, title: "Send an event", page: "e", fields)
        return site.answer("send", frame, visit, status: draft.problem == nil ? 200 : 422)
    }

    private func listeners(of name: String) -> [Part] {
        let patterns = Set(TriggerPattern.patterns(matching: name))
        return site.node.registry.activeFunctions.flatMap { function in
            function.configuration.triggers.compactMap { trigger -> Part? in
                guard case .event(let pattern, let filter) = trigger, patterns.contains(pattern) else { return nil }
                let condition: String = if case .expression(let text) = filter { " if \(text)" } else { "" }
                let slug = function.configuration.slug
                return [
                    "href": Link("functions", slug).part, "functionName": .text(slug.visible()),
                    "trigger": .text((pattern + condition).visible()),
                ]
            }
        }
    }

    /// Sends what the form says; a mistake shows it again.
    func send(_ form: Form, _ visit: Visit) async throws -> Response {
        var draft = Draft(name: form["name"], data: form["data"], id: form["id"], time: form["ts"])
        do {
            let event = try Self.event(draft)
            let ids = try await site.node.ingest([event])
            guard let id = ids.first else { throw PageProblem(422, "Not sent", "The server has taken no event.") }
            return PageAnswer.redirect(
                to: site.base + Link("events", id.description).text, Notice("The event is stored."))
        } catch let problem as PageProblem {
            draft.problem = problem.message
            return answer(draft, visit)
        }
    }

    private static func event(_ draft: Draft) throws -> SubmittedEvent {
        let data: RawJSON
        do { data = try RawJSON(parsing: draft.data.isEmpty ? "{}" : draft.data) } catch {
            throw PageProblem(422, "Not sent", "The data is not valid JSON: \(error)")
        }
        guard data.view.kind == .object else { throw PageProblem(422, "Not sent", "The data must be a JSON object.") }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("name")
        writer.value(draft.name)
        writer.key("data")
        writer.raw(data)
        if !draft.id.isEmpty {
            writer.key("id")
            writer.value(draft.id)
        }
        if !draft.time.isEmpty {
            guard let time = Int64(draft.time) ?? DateText.parse(draft.time)?.milliseconds else {
                throw PageProblem(
                    422, "Not sent", "The time is milliseconds since 1970, or a date such as 2026-01-31T12:00:00Z.")
            }
            writer.key("ts")
            writer.value(time)
        }
        writer.endObject()
        // The same rules as for events that come by the API.
        let request = EventRequest.decode(writer.bytes)
        if let failure = request.failure { throw PageProblem(422, "Not sent", failure.message) }
        guard let event = request.events.first?.event else {
            throw PageProblem(422, "Not sent", "The server has taken no event.")
        }
        return SubmittedEvent(event)
    }
}
