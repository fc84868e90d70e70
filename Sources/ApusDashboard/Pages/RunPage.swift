import ApusCore
import ApusEngine
import ApusStore
import Hummingbird

/// `/runs/{id}` and the parts of it that are asked for alone.
struct RunPage: Sendable {
    let site: Site

    func answer(_ id: String, _ visit: Visit) async throws -> Response {
        let body = RunBody(site: site, visit: visit, base: try RunBody.base(of: id, visit))
        let part = try await body.part(id)
        guard case .object(let fields) = part else { return site.problem(.missing("run", id), visit) }
        let title: String = if case .text(let name)? = fields["functionName"] { name } else { "Run" }
        let failed = try await site.failedLately(visit)
        return site.answer("run", site.frame(visit, title: title, page: "r", failed: failed, fields), visit)
    }

    /// Further rows of the timeline.
    func steps(_ id: String, _ visit: Visit) async throws -> Response {
        let loaded = try await site.load(run: id)
        let children = try await ChildRun.find(loaded.trace, on: site.node, now: visit.now)
        let body = RunBody(site: site, visit: visit, base: try RunBody.base(of: id, visit))
        let from = visit.number("row", usual: 0, most: 1_000_000)
        let count = visit.number("count", usual: WaterfallPart.pageRows, most: 1_000)
        let rows = body.drawing(loaded, children, selected: nil).rows(from..<from + count)
            .map { site.pages.render("step-row", $0.with(["base": .text(site.base)])) }
        return PageAnswer.html("<ol>" + rows.joined() + "</ol>")
    }

    /// The run's events as a command that sends them.
    func curl(_ id: String, _ visit: Visit) async throws -> Response {
        guard let curl = try await copy(id, visit).curl else { throw PageProblem.missing("event to send of run", id) }
        return PageAnswer.text(curl + "\n")
    }

    /// The run as a test, or as JSON.
    func copy(_ id: String, _ visit: Visit) async throws -> RunCopy {
        let loaded = try await site.load(run: id)
        return RunCopy(
            loaded, app: site.app(of: loaded.run.function), server: visit.serverURL, eventKey: site.eventKey)
    }

    func payload(_ id: String, _ visit: Visit) async throws -> Response {
        let loaded = try await site.load(run: id)
        let of = visit.text("of")
        let json: RawJSON?
        var label = "Output"
        if of == "output" {
            json = loaded.run.end?.output?.json
        } else if of == "step" {
            let number = visit.number("step", usual: 0, most: .max)
            let steps = loaded.trace.steps
            json = steps.indices.contains(number - 1) ? steps[number - 1].result.map(StepPart.output) : nil
        } else if of == "input" {
            label = "Arguments"
            let number = visit.number("step", usual: 0, most: .max)
            let steps = loaded.trace.steps
            json = steps.indices.contains(number - 1) ? steps[number - 1].input : nil
        } else if of == "request" {
            label = "Request, without secrets"
            let steps = loaded.trace.steps
            let number = visit.number("step", usual: 0, most: .max)
            json = steps.indices.contains(number - 1) ? steps[number - 1].details.gateway?.input.json : nil
        } else {
            label = "Input"
            let number = Int(of.dropFirst("event".count)) ?? 0
            json = loaded.history.events.indices.contains(number) ? loaded.history.events[number] : nil
        }
        guard let json else { throw PageProblem.missing("payload", of) }
        return site.payload(json, label: label, link: Link("runs", id, "payload").with("of", of), visit)
    }
}

extension Site {
    /// A payload alone: its raw text, or the part of a page.
    func payload(_ json: RawJSON, label: String, link: Link, _ visit: Visit) -> Response {
        guard visit.text("as") == "part" else {
            return PageAnswer.text(String(decoding: json.bytes, as: UTF8.self))
        }
        let part = PayloadPart.part(label, json, link: link, isWhole: true)
        return PageAnswer.html(pages.render("payload", part.with(["base": .text(base)])))
    }
}
