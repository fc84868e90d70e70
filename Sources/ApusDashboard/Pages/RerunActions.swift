import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import Hummingbird

/// Repeating a run, and waking one.
struct RerunActions: Sendable {
    let site: Site

    static func parts(_ run: StoredRun, _ now: Timestamp) -> [Part] {
        let id = run.id.description
        guard run.projection.status.isFinal else {
            guard RunRow.state(run.projection, now).key == "waiting" else { return [] }
            return [
                ActionPart(
                    label: "Wake", title: "Wake it now?",
                    consequence: "A sleep, the time before a retry or before its start ends at once. What it waits for "
                        + "besides, such as an event or a turn, it goes on waiting for.",
                    action: Link("runs", id, "wake"), verb: "Wake it", command: "apus runs wake \(id)"
                ).part
            ]
        }
        let again = ActionPart(
            label: "Run again", title: "Run it again?",
            consequence:
                "A new run starts with the same events and with the code as it is now. This run stays as it is. "
                + "Its steps run again, with all that they do to the world.",
            action: Link("runs", id, "rerun"), verb: "Start a new run", fields: [("from", "beginning")],
            command: "apus runs rerun \(id) --from beginning"
        ).part
        guard run.projection.status != .completed else { return [again] }
        let rest = ActionPart(
            label: "Run from its failure", title: "Run it again from where it failed?",
            consequence:
                "A new run starts that takes over the results of the steps that have finished, and goes on from "
                + "the one that failed. This run stays as it is.",
            action: Link("runs", id, "rerun"), verb: "Start a new run", fields: [("from", "failure")],
            command: "apus runs rerun \(id) --from failure"
        ).part
        return [rest, again]
    }

    /// What can be done with one step.
    static func parts(_ step: RunTrace.Step, run: String) -> [Part] {
        guard let id = step.id?.description else { return [] }
        return [
            ActionPart(
                label: "Run again from here", title: "Run it again from this step?",
                consequence: "A new run starts that takes over the results of what came before this step. With other "
                    + "arguments, a JSON array, the step is called with those; without any, as the function calls it.",
                action: Link("runs", run, "rerun"), verb: "Start a new run", fields: [("from_step", id)],
                texts: [ActionPart.field("Other arguments, optional", "input")],
                command: "apus runs rerun \(run) --step \(id)"
            ).part
        ]
    }

    func rerun(_ text: String, _ form: Form, _ visit: Visit) async throws -> Response {
        guard let id = ULID(text) else { throw PageProblem.missing("run", text) }
        var place: RerunOrder.Place?
        var input: RawJSON?
        if !form["from_step"].isEmpty {
            place = .step(form["from_step"])
            input = try Self.input(form["input"])
        } else if form["from"] == "failure" {
            place = .failure
        } else {
            place = .beginning
        }
        switch try await site.node.rerun(id, from: place, input: input, by: Dashboard.actor) {
        case .started(let new):
            return PageAnswer.redirect(
                to: site.base + Link("runs", new.description).text, Notice("A new run has started."))
        case .unknownRun: throw PageProblem.missing("run", text)
        case .impossible(let problem): throw PageProblem(409, "No run has started", "\(problem).")
        case .refused(let answer): throw PageProblem(409, "No run has started", "\(answer.reason).")
        }
    }

    private static func input(_ text: String) throws -> RawJSON? {
        guard text.contains(where: { !$0.isWhitespace }) else { return nil }
        guard let json = try? RawJSON(parsing: text), json.view.kind == .array else {
            throw PageProblem(422, "No run has started", "The arguments must be a JSON array, such as [1, \"two\"].")
        }
        return json
    }

    func wake(_ text: String, _ visit: Visit) async throws -> Response {
        guard let id = ULID(text), let count = try await site.node.wake(id, by: Dashboard.actor) else {
            throw PageProblem.missing("run", text)
        }
        let notice =
            count > 0
            ? Notice("The run is woken.") : Notice("It waits for no time that could be cut short.", tone: "waiting")
        return visit.back(to: Link("runs", text), notice)
    }
}
