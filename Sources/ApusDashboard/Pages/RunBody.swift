import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import Hummingbird

/// What a run's page and its panel have in common.
struct RunBody: Sendable {
    let site: Site
    let visit: Visit
    /// The page on which it is shown, to which the chosen step is added.
    let base: Link

    /// A run with its whole history.
    struct Loaded: Sendable {
        var run: StoredRun
        var history: LoadedRun
        var trace: RunTrace
        /// What the app made itself.
        var spans: [AppSpan]

        /// What the app is told as the run's function.
        var start: RunStart? {
            guard case .started(let start)? = history.turns.first?.entries.first else { return nil }
            return start
        }
    }

    /// The page on which a run is shown: its own, or the list beside which it opens.
    static func base(of id: String, _ visit: Visit) throws(PageProblem) -> Link {
        guard visit.value("panel") != nil else { return Link("runs", id) }
        let filter = try RunFilter(visit)
        return filter.link.with("before", filter.before).with("panel", id)
    }

    func part(_ id: String) async throws -> Part {
        let loaded = try await site.load(run: id)
        let run = loaded.run
        let id = run.id.description
        let waiting = try await WaitReport.find(run, on: site.node)
        let children = try await ChildRun.find(loaded.trace, on: site.node, now: visit.now)
        let runID = run.id
        let repeats = try await site.node.read { reader throws(StoreError) in try reader.runs(repeating: runID) }
        let steps = loaded.trace.steps
        let number = visit.value("step").flatMap { Int($0) }.flatMap { steps.indices.contains($0 - 1) ? $0 : nil }
        let isLiving = !run.projection.status.isFinal
        let chosen = base.with("step", number.map(String.init))
        return [
            "id": .text(id), "short": .text(id.shortID), "functionName": .text(run.functionSlug.visible()),
            "state": RunRow.statePart(run.projection, visit.now),
            "runLive": isLiving ? chosen.with("row", visit.value("row")).at("live", "runs", id).part : false,
            "actions": .list(actions(run) + RerunActions.parts(run, visit.now)),
            "copies": .list(copies(loaded, step: number)),
            "waiting": waiting.map { self.waiting($0, loaded) } ?? false,
            "failure": failure(run), "facts": .list(facts(loaded)),
            "waterfall": steps.isEmpty ? false : waterfall(loaded, children, selected: number),
            "step": number.map { number in
                StepPart(
                    step: steps[number - 1], number: number, run: id, child: children[number - 1]?.run,
                    mayRepeat: !isLiving, metadata: loaded.trace.metadata, close: base,
                    time: visit.time
                ).part
            } ?? false,
            "inputs": .list(inputs(loaded)),
            "outputs": .list(
                [output(run)] + loaded.trace.metadata.entries { $0 == .run }.map { $0.part(of: id) }),
            "spans": spans(loaded, step: number), "linked": linked(loaded, children, repeats),
            "command": .text("apus trace \(id)"),
        ]
    }

    /// The rows in the page begin where the URL says, or else so that the chosen step is one of them.
    private func waterfall(_ loaded: Loaded, _ children: [Int: ChildRun], selected: Int?) -> Part {
        let usual = selected.map { ($0 - 1) / WaterfallPart.pageRows * WaterfallPart.pageRows } ?? 0
        return drawing(loaded, children, selected: selected).part(
            from: visit.number("row", usual: usual, most: .max),
            base: base.with("step", selected.map(String.init)),
            source: base.at("runs", loaded.run.id.description, "steps"))
    }

    func drawing(_ loaded: Loaded, _ children: [Int: ChildRun], selected: Int?) -> WaterfallPart {
        WaterfallPart(loaded.trace, children: children, now: visit.now, selected: selected) {
            base.with("step", String($0))
        }
    }

    /// What can be taken elsewhere.
    private func copies(_ loaded: Loaded, step: Int?) -> [Part] {
        let id = loaded.run.id.description
        let own = Link("runs", id).with("step", step.map(String.init))
        var copies: [Part] = [["label": "Copy link", "href": own.part, "isLink": true]]
        let copy = RunCopy(
            loaded, app: site.app(of: loaded.run.function), server: visit.serverURL, eventKey: site.eventKey)
        if copy.curl != nil {
            copies.append(["label": "Copy as curl", "href": Link("runs", id, "curl").part, "isLink": false])
        }
        let what = copy.isTest ? "Copy as a test" : "Copy as JSON"
        copies.append(["label": .text(what), "href": Link("runs", id, "copy").part, "isLink": false])
        return copies
    }

    // MARK: - Parts

    private func actions(_ run: StoredRun) -> [Part] {
        guard !run.projection.status.isFinal else { return [] }
        let id = run.id.description
        return [
            ActionPart(
                label: "Cancel", title: "Cancel this run?",
                consequence: "It makes no further call. A call that is under way runs to its end in the app, and its "
                    + "answer is not used.",
                action: Link("runs", id, "cancel"), verb: "Cancel it", isDangerous: true,
                command: "apus runs cancel \(id)"
            ).part
        ]
    }

    private func waiting(_ report: WaitReport, _ loaded: Loaded) -> Part {
        let run = loaded.run
        // A step that waits says when it began to.
        let step = loaded.trace.steps.last { $0.state == .waiting }
        var rule: Part = false
        let slug = run.functionSlug
        if FlowRule.allCases.contains(where: { $0.name == report.kind }) {
            let link = Link("functions", slug).text + "#backlog"
            rule = ["href": .text(link), "text": .text("Limits and backlog of \(slug.visible())")]
        }
        return [
            "reason": .text(report.reason.visible()),
            "since": visit.time.part(report.since ?? step?.startedAt ?? run.createdAt),
            "until": visit.time.part(report.until), "rule": rule, "command": .text("apus why \(run.id)"),
        ]
    }

    private func failure(_ run: StoredRun) -> Part {
        guard let end = run.end, end.status == .failed else { return false }
        return FailurePart.part(
            "Error", at: visit.time.part(run.projection.endedAt), end.output?.json.view, cause: end.cause)
    }

    private func facts(_ loaded: Loaded) -> [Part] {
        let run = loaded.run
        let (time, projection) = (visit.time, run.projection)
        var facts = [FactPart.link("Function", run.functionSlug, Link("functions", run.functionSlug))]
        if let app = site.app(of: run.function) {
            facts.append(FactPart.link("App", app.name, Link("apps")))
        }
        facts.append(FactPart.link("Trigger", run.eventName, Link("events", run.eventID.description)))
        facts.append(FactPart.time("Queued", time.part(run.createdAt)))
        if let started = projection.startedAt {
            facts.append(FactPart.time("Started", time.part(started)))
        } else {
            facts.append(FactPart.text("Started", "not yet"))
        }
        if let ended = projection.endedAt {
            facts.append(FactPart.time("Ended", time.part(ended)))
        } else {
            facts.append(FactPart.text("Ended", "not yet"))
        }
        if let started = projection.startedAt {
            facts.append(
                FactPart.text("Duration", TimeText.duration((projection.endedAt ?? visit.now) - started)))
            facts.append(FactPart.text("Waited for its turn", TimeText.duration(started - run.createdAt)))
        }
        if let end = run.end, end.status == .cancelled, !end.cause.isEmpty {
            facts.append(FactPart.text("Cancelled because", end.cause))
        }
        facts.append(FactPart.code("Run", run.id.description))
        for case .keyed(let flow) in loaded.history.turns.lazy.flatMap(\.entries) {
            let keys = flow.keys.texts.map { "\"\($0)\"" }.joined(separator: ", ")
            if flow.priority != .zero { facts.append(FactPart.text("Priority", "\(flow.priority.seconds) s")) }
            if !keys.isEmpty { facts.append(FactPart.code("Keys", keys)) }
        }
        for entry in loaded.trace.deferrals {
            let label = entry.isAborted ? "Deferred, taken back" : run.end == nil ? "Starts at its end" : "Deferred"
            let slug = entry.deferral.function
            facts.append(FactPart.link(label, slug, Link("functions", slug)))
        }
        for refusal in loaded.trace.leftOut.prefix(20) { facts.append(FactPart.text("Left out", refusal.reason)) }
        let entries = loaded.history.turns.reduce(0) { $0 + $1.entries.count }
        facts.append(
            FactPart.text(
                "Journal",
                "\(NumberText.counted(loaded.history.turns.count, "turn")), "
                    + (entries == 1 ? "1 entry" : "\(NumberText.grouped(entries)) entries")))
        return facts
    }

    private func inputs(_ loaded: Loaded) -> [Part] {
        let id = loaded.run.id.description
        let events = loaded.history.events
        return events.prefix(20).enumerated().map { index, event in
            let label = events.count == 1 ? "Input" : "Input, event \(index + 1) of \(events.count)"
            return PayloadPart.part(label, event, link: Link("runs", id, "payload").with("of", "event\(index)"))
        }
    }

    private func output(_ run: StoredRun) -> Part {
        guard let end = run.end else { return PayloadPart.none("Output", "The run has not ended.") }
        let label = end.status == .failed ? "Error, as the app sent it" : "Output"
        guard let output = end.output else {
            return PayloadPart.none(label, end.status == .cancelled ? "The run was cancelled." : "There is none.")
        }
        return PayloadPart.part(
            label, output.json, link: Link("runs", run.id.description, "payload").with("of", "output"))
    }

    /// The run whose end has started this one.
    private static func deferring(_ loaded: Loaded) -> ULID? {
        guard loaded.run.eventName == DeferredEvent.name, let event = loaded.history.events.first else { return nil }
        return event.view["data"]?["_inngest"]?["parent_run_id"]?.string.flatMap { ULID($0) }
    }

    /// Spans that are listed.
    private static let spans = 200

    /// Spans of the app, of one step if one is chosen.
    private func spans(_ loaded: Loaded, step number: Int?) -> Part {
        let steps = loaded.trace.steps
        let chosen = number.flatMap { steps[$0 - 1].id }
        let found = loaded.spans.filter { chosen == nil || $0.step == chosen }
            .sorted { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) }
        guard !found.isEmpty else { return false }
        let start = loaded.run.createdAt.milliseconds * 1_000_000
        let left = found.count - Self.spans
        return [
            "rows": .list(
                found.prefix(Self.spans).map { span in
                    let name = steps.first { $0.id != nil && $0.id == span.step }?.name ?? ""
                    return [
                        "name": .text(span.name.visible()), "step": .text(name.visible()),
                        "scope": .text(span.scope.visible()),
                        "state": (span.status == .error ? RunTrace.State.failed : .completed).part,
                        "began": .text(TimeText.duration(.milliseconds((span.startedAt - start) / 1_000_000))),
                        "took": .text(TimeText.duration(.milliseconds((span.endedAt - span.startedAt) / 1_000_000))),
                    ]
                }),
            "more": left > 0 ? .text("and \(NumberText.grouped(left)) more") : false,
        ]
    }

    /// Runs that are listed as repeating this one.
    private static let repeats = 20

    /// Runs that this one was invoked by or repeats, and those that it has invoked or that repeat it.
    private func linked(_ loaded: Loaded, _ children: [Int: ChildRun], _ repeats: [StoredRun]) -> Part {
        var links: [Part] = []
        if let invoker = loaded.start?.invoker {
            let id = invoker.runID.description
            links.append([
                "relation": "invoked by", "state": false, "functionName": "the run that waits for it",
                "href": Link("runs", id).part, "id": .text(id), "short": .text(id.shortID),
            ])
        }
        if let parent = Self.deferring(loaded) {
            let id = parent.description
            links.append([
                "relation": "deferred by", "state": false, "functionName": "the run that ended before",
                "href": Link("runs", id).part, "id": .text(id), "short": .text(id.shortID),
            ])
        }
        if let origin = loaded.trace.origin {
            let id = origin.run.description
            links.append([
                "relation": .text("repeats, from the \(origin.start.name)"), "state": false,
                "functionName": "the run before", "href": Link("runs", id).part, "id": .text(id),
                "short": .text(id.shortID),
            ])
        }
        let others =
            children.sorted { $0.key < $1.key }.map { ("invoked", $0.value.run) }
            + repeats.suffix(Self.repeats).map { ("is repeated by", $0) }
        for (relation, other) in others {
            let id = other.id.description
            links.append([
                "relation": .text(relation), "state": RunRow.statePart(other.projection, visit.now),
                "functionName": .text(other.functionSlug.visible()), "href": Link("runs", id).part, "id": .text(id),
                "short": .text(id.shortID),
            ])
        }
        return links.isEmpty ? false : ["links": .list(links)]
    }
}

extension Site {
    func load(run text: String) async throws -> RunBody.Loaded {
        guard let id = ULID(text) else { throw PageProblem.missing("run", text) }
        let kept = longRuns.find(id)
        let found = try await node.read { reader throws(StoreError) -> RunBody.Loaded? in
            guard let run = try reader.run(id: id) else { return nil }
            // Something may have been noted since.
            if let kept, kept.history.projection.head == run.projection.head { return kept }
            guard let history = try reader.journal(ofRun: id) else { return nil }
            return RunBody.Loaded(
                run: run, history: history, trace: RunTrace(history.turns), spans: try reader.spans(ofRun: id))
        }
        guard let found else { throw PageProblem.missing("run", text) }
        if kept?.history.projection.head != found.history.projection.head { longRuns.keep(found) }
        return found
    }

    /// The app that a function belongs to.
    func app(of function: UUID16) -> AppRecord? {
        let registry = node.registry
        return registry.functions[function].flatMap { registry.apps[$0.app] }
    }
}
