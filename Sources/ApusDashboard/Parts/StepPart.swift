import ApusCore
import ApusEngine
import ApusServer
import ApusStore

/// One step of a run: when it was called, what the app answered, and its result.
struct StepPart {
    var step: RunTrace.Step
    var number: Int
    var run: String
    /// The run that the step has invoked.
    var child: StoredRun?
    /// Whether a new run may begin at the step: this one has ended.
    var mayRepeat: Bool
    /// What is noted with the run, its steps and their attempts.
    var metadata: RunMetadata
    /// The page without the step.
    var close: Link
    var time: TimeText

    var part: Part {
        [
            "name": .text(step.name.visible()), "state": step.state.part, "closeHref": close.with("step", nil).part,
            "facts": .list(facts), "attempts": step.attempts.isEmpty ? false : ["rows": .list(step.attempts.map(row))],
            "failure": failure, "payloads": .list(payloads),
            "actions": .list(mayRepeat ? RerunActions.parts(step, run: run) : []),
        ]
    }

    private var facts: [Part] {
        var facts = [FactPart.text("Kind", step.kind.words)]
        if !step.type.isEmpty { facts.append(FactPart.code("Made by", step.type)) }
        if let id = step.id { facts.append(FactPart.code("Id", id.description)) }
        facts.append(FactPart.time("Queued", time.part(step.createdAt)))
        if let started = step.startedAt { facts.append(FactPart.time("Started", time.part(started))) }
        if let ended = step.endedAt {
            facts.append(FactPart.time("Ended", time.part(ended)))
            facts.append(FactPart.text("Took", TimeText.duration(ended - (step.startedAt ?? step.createdAt))))
        }
        if step.isTakenOver { facts.append(FactPart.text("Result", "taken over from the run that this one repeats")) }
        facts += shares
        if let until = step.details.until { facts.append(FactPart.time("Until", time.part(until))) }
        if let listener = step.details.listener {
            facts.append(FactPart.code("Waits for", listener.name))
            if let condition = listener.condition { facts.append(FactPart.code("If", condition)) }
        }
        if let invocation = step.details.invocation {
            facts.append(FactPart.link("Invokes", invocation.functionSlug, Link("functions", invocation.functionSlug)))
            facts.append(
                FactPart.link("By event", invocation.event.description, Link("events", invocation.event.description)))
        }
        if let gateway = step.details.gateway {
            facts.append(FactPart.code("Asks", gateway.host))
            if let sent = step.details.requestedAt { facts.append(FactPart.time("Sent", time.part(sent))) }
        }
        if let child {
            let id = child.id.description
            facts.append(FactPart.link("Invoked run", id.shortID, Link("runs", id)))
        }
        if let event = Self.resumingEvent(step) {
            facts.append(FactPart.link("Resumed by event", event.shortID, Link("events", event)))
        }
        if let waited = step.attempts.compactMap(\.waited).first {
            let key = waited.obstacle.key.isEmpty ? "" : " of key \"\(waited.obstacle.key)\""
            facts.append(FactPart.text("Waited for", waited.obstacle.rule.name + key))
        }
        return facts
    }

    /// Where the time of its calls went, as far as the journal knows: what lies between two of its times.
    private var shares: [Part] {
        var (line, app, pause) = (TimeSpan.zero, TimeSpan.zero, TimeSpan.zero)
        var last: Timestamp?
        for attempt in step.attempts {
            if let last, attempt.dueAt > last { pause = pause + (attempt.dueAt - last) }
            if let called = attempt.calledAt {
                line = line + max(called - attempt.dueAt, .zero)
                if let answered = attempt.answeredAt { app = app + (answered - called) }
            }
            last = attempt.answeredAt
        }
        guard step.attempts.contains(where: { $0.calledAt != nil }) else { return [] }
        var facts = [
            FactPart.text("In line", TimeText.duration(line)),
            FactPart.text(
                step.details.gateway == nil ? "App and network" : "App and request", TimeText.duration(app)),
        ]
        if pause > .zero { facts.append(FactPart.text("Between attempts", TimeText.duration(pause))) }
        return facts
    }

    /// The event that a wait has got, by its internal id.
    private static func resumingEvent(_ step: RunTrace.Step) -> String? {
        guard case .step(.waitForEvent) = step.kind, let result = step.result, result.outcome == .completed else {
            return nil
        }
        let view = output(result).view
        return (view["internal_id"] ?? view["id"])?.string.flatMap { ULID($0)?.description }
    }

    private func row(_ attempt: RunTrace.Attempt) -> Part {
        let state: Part
        let answer: String
        if let error = attempt.error {
            state = RunTrace.State.failed.part
            answer = FailurePart.line(error.view, cause: "failed")
        } else if attempt.answeredAt != nil {
            state = (step.state == .failed ? RunTrace.State.failed : .completed).part
            answer = step.state == .failed ? "failed for good" : "answered"
        } else if attempt.calledAt != nil {
            state = (step.state.isFinal ? step.state : .running).part
            answer = step.state.isFinal ? "" : "not yet"
        } else {
            state = (step.state.isFinal ? RunTrace.State.cancelled : .queued).part
            answer = step.state.isFinal ? "was not called" : "due \(time.relative(attempt.dueAt))"
        }
        let repeats = attempt.calls > 1 ? "; \(attempt.calls) calls" : ""
        let took = attempt.calledAt.map { TimeText.duration((attempt.answeredAt ?? time.now) - $0) } ?? "–"
        return [
            "number": .text(String(attempt.number + 1)), "state": state,
            "at": time.part(attempt.calledAt ?? attempt.dueAt),
            "queued": .text(attempt.calledAt.map { TimeText.duration($0 - attempt.dueAt) } ?? "–"),
            "took": .text(attempt.answeredAt == nil && step.state.isFinal ? "–" : took),
            "answer": .text(answer + repeats),
        ]
    }

    private var failure: Part {
        if let result = step.result, result.outcome == .failed {
            return FailurePart.part(
                "Error", at: time.part(step.endedAt), result.memo.json.view["error"] ?? result.memo.json.view, cause: ""
            )
        }
        guard let attempt = step.attempts.last(where: { $0.error != nil }), step.state != .completed else {
            return false
        }
        return FailurePart.part(
            "Error of attempt \(attempt.number + 1)", at: time.part(attempt.answeredAt), attempt.error?.view, cause: "")
    }

    private var payloads: [Part] {
        var payloads: [Part] = []
        let place = Link("runs", run, "payload").with("step", String(number))
        if let gateway = step.details.gateway {
            let label = "Request, without secrets"
            payloads.append(PayloadPart.part(label, gateway.input.json, link: place.with("of", "request")))
        }
        if let input = step.input {
            payloads.append(PayloadPart.part("Arguments", input, link: place.with("of", "input")))
        }
        if let result = step.result {
            payloads.append(
                PayloadPart.part(
                    result.outcome == .failed ? "Result, as later calls see it" : "Output", Self.output(result),
                    link: place.with("of", "step"))
            )
        }
        return payloads + metadata.entries { $0.step != nil && $0.step == step.id }.map { $0.part(of: run) }
    }

    /// What the step returned, without the wrapping.
    static func output(_ result: StepResult) -> RawJSON {
        let view = result.memo.json.view
        guard view.kind == .object, view.count == 1, let data = view["data"] else { return result.memo.json }
        return data.raw
    }
}
