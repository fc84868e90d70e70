import ApusCore
import ApusEngine
import ApusServer
import ApusStore

/// An event in a list, with what functions made of it.
struct EventRow: Sendable {
    var event: StoredEvent
    var runs: [StoredRun]
    var outcomes: [Outcome]

    /// Outcomes that a row names.
    private static let most = 4

    init(_ event: StoredEvent, _ reader: any StoreReader) throws(StoreError) {
        self.event = event
        runs = try reader.runs(ofEvent: event.id)
        outcomes = try reader.outcomes(ofEvent: event.id)
    }

    /// - Parameter list: the list with its filters, in which the panel opens.
    func part(list: Link, selected: String?, _ visit: Visit, _ site: Site) -> Part {
        let id = event.id.description
        let started: [Part] = runs.map { run in
            RunRow.statePart(run.projection, visit.now).with([
                "functionName": .text(run.functionSlug.visible()), "href": Link("runs", run.id.description).part,
            ])
        }
        let others: [Part] = outcomes.map { outcome in
            let slug = site.slug(of: outcome.function)
            return [
                "key": outcome.isTaken ? "merged" : "skipped", "word": outcome.isTaken ? "Merged" : "Skipped",
                "functionName": .text(slug.visible()),
                "href": (outcome.run.map { Link("runs", $0.description) } ?? Link("events", id)).part,
            ]
        }
        let all = started + others
        return [
            "id": .text(id), "shortId": .text(id.shortID), "href": Link("events", id).part,
            "panelHref": list.with("panel", id).part, "selected": .flag(id == selected),
            "received": visit.time.part(event.receivedAt), "name": .text(event.name.visible()),
            "size": .text(NumberText.size(event.body.bytes.count)), "outcomes": .list(Array(all.prefix(Self.most))),
            "moreOutcomes": all.count > Self.most ? .text("and \(all.count - Self.most) more") : false,
        ]
    }
}
