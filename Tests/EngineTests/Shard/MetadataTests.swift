import ApusCore
import Testing

@testable import ApusEngine

@Suite("Metadata")
struct MetadataTests {
    private let harness: CoreHarness

    init() {
        harness = CoreHarness(function("f", on: "e", retries: 1))
        harness.send("e")
    }

    @Test("ops bring metadata for the run, their step or the attempt")
    func byOps() throws {
        try harness.answer(
            note(stepError("a"), #"[{"kind":"userland.x","scope":"step_attempt","op":"set","values":{"try":1}}]"#))
        harness.advance(by: .hours(1))
        try harness.answer(
            note(
                stepRun("a"),
                #"[{"kind":"userland.x","scope":"step","op":"merge","values":{"b":2}},{"kind":"inngest.ai","scope":"run","op":"merge","values":{"c":3}}]"#
            )
        )
        let entries = try trace().metadata.entries
        #expect(entries.map(\.target) == [.attempt(id("a"), 0), .step(id("a")), .run])
        #expect(entries.map(\.values.description) == [#"{"try":1}"#, #"{"b":2}"#, #"{"c":3}"#])
    }

    @Test("a step that is reported a second time is noted once")
    func onceAStep() throws {
        let call = try harness.onlyCall()
        let step = note(stepRun("a"), #"[{"kind":"userland.n","scope":"run","op":"add","values":{"n":1}}]"#)
        #expect(try harness.checkpoint(call, step) == .stored)
        #expect(try harness.checkpoint(call, step) == .stored)
        try harness.answer(step, runComplete("1"))
        #expect(try trace().metadata.entries.map(\.values.description) == [#"{"n":1}"#])
    }

    @Test("bad metadata is left out with the reason, and never makes an answer fail")
    func leftOut() throws {
        try harness.answer(
            note(
                stepRun("a"),
                #"[{"kind":"mine","scope":"run"},{"kind":"userland.x","scope":"galaxy"},7,{"kind":"userland.y","scope":"run","values":{"a":1}}]"#
            ),
            note(stepRun("b"), #""text""#)
        )
        #expect(try trace().leftOut.count == 4)
        #expect(try trace().metadata.entries.count == 1)
        #expect(try harness.onlyRun().stack == [id("a"), id("b")])
    }

    @Test("metadata comes by request, also for a run that has left memory, and survives a restart")
    func byRequest() throws {
        let run = try harness.onlyRun()
        #expect(annotate(run, .run, #"{"a":1}"#) == .annotated(.stored))
        harness.restart()
        #expect(annotate(run, .step(id("s")), #"{"b":1}"#) == .annotated(.stored))
        #expect(try trace().metadata.entries.count == 2)
        try harness.complete()
        #expect(try harness.onlyRun().status == .completed)
    }

    @Test("the journal of a run that has ended goes on with metadata, and nothing else changes")
    func afterTheEnd() throws {
        try harness.complete("42")
        let before = try harness.onlyRun()
        let head = harness.store.projections[before.row]
        #expect(annotate(before, .run, #"{"a":1}"#) == .annotated(.stored))
        #expect(annotate(before, .run, #"{"b":2}"#) == .annotated(.stored))
        let after = try harness.onlyRun()
        #expect(after.output == before.output && after.endedAt == before.endedAt && after.status == .completed)
        var projection = harness.store.projections[before.row]
        #expect(projection?.head != head?.head)
        projection?.head = head?.head ?? 0
        #expect(projection == head)
        #expect(try trace().metadata.entries.map(\.values.description) == [#"{"a":1,"b":2}"#])
        harness.restart()
        #expect(annotate(before, .run, #"{"c":3}"#) == .annotated(.stored))
        #expect(try trace().metadata.entries.map(\.values.description) == [#"{"a":1,"b":2,"c":3}"#])
    }

    @Test("a run has a bounded amount of metadata", arguments: [false, true])
    func limit(hasEnded: Bool) throws {
        let run = try harness.onlyRun()
        if hasEnded { try harness.complete() }
        let values = #"{"a":"\#(String(repeating: "x", count: 60_000))"}"#
        for _ in 0..<17 { #expect(annotate(run, .run, values) == .annotated(.stored)) }
        #expect(annotate(run, .run, values) == .annotated(.tooLarge))
    }

    @Test("a run that is not there has none")
    func unknownRun() throws {
        let run = try harness.onlyRun()
        let stranger = Input.annotate(row: run.row, run: ULID(high: 1, low: 1), [])
        #expect(harness.feed(stranger).answer == .annotated(.unknownRun))
    }

    @Test("what a step is called with and what makes it is kept once")
    func descriptions() throws {
        var step = planned("a")
        step.options = json(#"{"type":"step.sendEvent","input":[1,{"b":2}]}"#)
        try harness.answer(step, planned("b"))
        var done = stepRun("a")
        done.options = step.options
        harness.reply(try harness.call(for: "a"), done)
        let found = try #require(trace().steps.first { $0.id == id("a") })
        #expect(found.type == "step.sendEvent")
        #expect(found.input?.description == #"[1,{"b":2}]"#)
        let run = try harness.onlyRun()
        #expect(harness.store.count(of: run) { if case .stepDescribed = $0 { true } else { false } } == 1)
    }

    private func trace() throws -> RunTrace {
        RunTrace(harness.store.turns[try harness.onlyRun().row] ?? [])
    }

    private func annotate(_ run: Run, _ target: Annotation.Target, _ values: String) -> Answer {
        let update = MetadataUpdate(kind: "userland.x", operation: .merge, values: json(values))
        let annotations = [Annotation(target: target, update: update)]
        return harness.feed(.annotate(row: run.row, run: run.id, annotations)).answer
    }

    private func note(_ op: Op, _ metadata: String) -> Op {
        var op = op
        op.metadata = json(metadata)
        return op
    }
}
