import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import Hummingbird

/// `/events/{id}`: an event, and what each function made of it.
struct EventPage: Sendable {
    let site: Site

    private struct Loaded: Sendable {
        var event: StoredEvent
        var runs: [StoredRun]
        var outcomes: [Outcome]
        var touched: EventEffects
    }

    func answer(_ id: String, _ visit: Visit) async throws -> Response {
        let part = try await body(id, visit)
        guard case .object(let fields) = part else { throw PageProblem.missing("event", id) }
        let title: String = if case .text(let name)? = fields["eventName"] { name } else { "Event" }
        let failed = try await site.failedLately(visit)
        return site.answer("event", site.frame(visit, title: title, page: "e", failed: failed, fields), visit)
    }

    func payload(_ id: String, _ visit: Visit) async throws -> Response {
        let event = try await load(id).event
        return site.payload(event.body, label: "Payload", link: Link("events", id, "payload"), visit)
    }

    private func load(_ text: String) async throws -> Loaded {
        guard let id = ULID(text) else { throw PageProblem.missing("event", text) }
        let found = try await site.node.read { reader throws(StoreError) -> Loaded? in
            guard let event = try reader.event(id: id) else { return nil }
            return Loaded(
                event: event, runs: try reader.runs(ofEvent: id), outcomes: try reader.outcomes(ofEvent: id),
                touched: try EventEffects(event, reader))
        }
        guard let found else { throw PageProblem.missing("event", text) }
        return found
    }

    func body(_ id: String, _ visit: Visit) async throws -> Part {
        let loaded = try await load(id)
        let event = loaded.event
        let touched =
            loaded.touched.resumed.map { effect("Resumed", "running", $0, visit) }
            + loaded.touched.cancelled.map { effect("Cancelled", "cancelled", $0, visit) }
        let outcomes = loaded.runs.map { started($0, visit) } + loaded.outcomes.map { kept($0) } + touched
        return [
            "id": .text(event.id.description), "short": .text(event.id.description.shortID),
            "eventName": .text(event.name.visible()),
            "resendHref": Link("events", "send").with("like", event.id.description).part,
            "actions": .list(actions(loaded)), "facts": .list(facts(event, visit)),
            "looked": .optional(loaded.touched.note), "hasOutcomes": .flag(!outcomes.isEmpty),
            "outcomes": .list(outcomes),
            "payloads": [
                PayloadPart.part("Payload", event.body, link: Link("events", event.id.description, "payload"))
            ],
            "command": .text("apus why \(event.id)"),
        ]
    }

    private func facts(_ event: StoredEvent, _ visit: Visit) -> [Part] {
        let view = event.body.view
        var facts = [FactPart.time("Received", visit.time.part(event.receivedAt))]
        if let time = view["ts"]?.int, time != event.receivedAt.milliseconds {
            facts.append(FactPart.time("Time", visit.time.part(Timestamp(milliseconds: time))))
        }
        if let id = view["id"]?.string { facts.append(FactPart.code("Sender’s id", id)) }
        if let version = view["v"]?.string { facts.append(FactPart.code("Version", version)) }
        facts.append(FactPart.text("Size", NumberText.size(event.body.bytes.count)))
        facts.append(FactPart.code("Event", event.id.description))
        return facts
    }

    private func actions(_ loaded: Loaded) -> [Part] {
        let waiting = loaded.runs.filter { !$0.projection.status.isFinal && $0.projection.startedAt == nil }
        guard !waiting.isEmpty else { return [] }
        let id = loaded.event.id.description
        let count = NumberText.counted(waiting.count, "run")
        return [
            ActionPart(
                label: "Cancel its runs", title: "Take this event back?",
                consequence: "The \(count) that it is to start and that has not begun is cancelled.",
                action: Link("events", id, "cancel"), verb: "Cancel \(count)", isDangerous: true,
                command: "apus events cancel \(id)"
            ).part
        ]
    }

    private func started(_ run: StoredRun, _ visit: Visit) -> Part {
        let id = run.id.description
        return [
            "outcome": ["key": "completed", "word": "Started"], "functionName": .text(run.functionSlug.visible()),
            "functionHref": Link("functions", run.functionSlug).part,
            "reason": .text("\(run.functionSlug) has started run \(id.shortID).".visible()),
            "run": [
                "state": RunRow.statePart(run.projection, visit.now), "href": Link("runs", id).part, "id": .text(id),
                "short": .text(id.shortID),
            ],
        ]
    }

    private func effect(_ word: String, _ key: String, _ run: StoredRun, _ visit: Visit) -> Part {
        let reason = key == "running" ? "A step of the run waited for it." : run.end?.cause ?? ""
        return started(run, visit).with([
            "outcome": ["key": .text(key), "word": .text(word)], "reason": .text(reason.visible()),
        ])
    }

    private func kept(_ outcome: Outcome) -> Part {
        let slug = site.slug(of: outcome.function)
        let run: Part =
            outcome.run.map { run in
                let id = run.description
                return ["state": false, "href": Link("runs", id).part, "id": .text(id), "short": .text(id.shortID)]
            } ?? false
        return [
            "outcome": [
                "key": outcome.isTaken ? "merged" : "skipped", "word": outcome.isTaken ? "Merged" : "Skipped",
            ],
            "functionName": .text(slug.visible()), "functionHref": Link("functions", slug).part,
            "reason": .text(WaitText.reason(outcome, function: slug).visible()), "run": run,
        ]
    }
}
