import ApusCore
import Testing

@testable import ApusEngine

@Suite("Deferred calls")
struct DeferralTests {
    private let harness: CoreHarness

    init() {
        harness = CoreHarness(function("f", on: "e", retries: 0))
        harness.send("e")
    }

    @Test("what is deferred starts when the run ends, and not before")
    func startsAtTheEnd() throws {
        try harness.answer(add("d", #"{"a":1}"#), stepRun("a"))
        #expect(harness.events(named: DeferredEvent.name).isEmpty)
        try harness.answer(runComplete("1"))
        let event = try #require(harness.events(named: DeferredEvent.name).first)
        let run = try harness.onlyRun()
        let data = try #require(event.body.view["data"])
        #expect(data["a"]?.int == 1)
        #expect(data["_inngest"]?["fn_slug"]?.string == "app-later")
        #expect(data["_inngest"]?["parent_run_id"]?.string == run.id.description)
        #expect(data["_inngest"]?["parent_fn_slug"]?.string == "f")
        #expect(event.body.view["id"]?.string == "\(run.id).\(id("d"))")
        #expect(event.body.view["meta"]?["x"]?.bool == true)
    }

    @Test("it starts however the run ends", arguments: [RunStatus.completed, .failed, .cancelled])
    func howeverItEnds(status: RunStatus) throws {
        try harness.answer(add("d"), stepRun("a"))
        switch status {
        case .failed: try harness.fail()
        case .cancelled: harness.feed(.cancel(run: try harness.onlyRun().row))
        default: try harness.complete()
        }
        #expect(try harness.onlyRun().status == status)
        #expect(harness.events(named: DeferredEvent.name).count == 1)
    }

    @Test("calls tell the app what it has deferred, so that it does not do so again")
    func toldToTheApp() throws {
        try harness.answer(add("d"), add("e"), stepRun("a"))
        try harness.answer(abort("e"), add("d"), stepRun("b"))
        let body = try RawJSON(parsing: try harness.onlyCall().body)
        let defers = try #require(body.view["defers"])
        #expect(defers[id("d").description]?["abortable"]?.bool == true)
        #expect(defers[id("e").description]?["abortable"]?.bool == false)
        #expect(defers.count == 2)
        // Its keys stand in canonical order, in which the body is signed.
        #expect(body.bytes == (try harness.onlyCall().body))
        try harness.complete()
        #expect(harness.events(named: DeferredEvent.name).count == 1)
    }

    @Test("one that was taken back stays so when it comes again")
    func abortedForGood() throws {
        try harness.answer(add("d"), stepRun("a"))
        try harness.answer(abort("d"), stepRun("b"))
        try harness.answer(add("d"), stepRun("c"))
        try harness.complete()
        #expect(harness.events(named: DeferredEvent.name).isEmpty)
    }

    @Test("an answer that only defers is followed by another call")
    func onlyDefers() throws {
        try harness.answer(add("d"))
        #expect(try harness.onlyCall().attempt == 0)
        #expect(try harness.onlyCall().stack.isEmpty)
        try harness.answer(runComplete("1"))
        #expect(harness.events(named: DeferredEvent.name).count == 1)
    }

    @Test("it does not make parallel work of one step beside it")
    func isNoParallelWork() throws {
        try harness.answer(add("d"), planned("p"))
        #expect(try harness.onlyRun().pending == [id("p")] || harness.onlyRun().pending.isEmpty)
        harness.reply(try harness.call(for: "p"), stepRun("p"))
        #expect(try harness.onlyCall().stack == ids("p"))
    }

    @Test("a report of a call that goes on can defer too, and a repeat changes nothing")
    func byCheckpoint() throws {
        let call = try harness.onlyCall()
        #expect(try harness.checkpoint(call, add("d")) == .stored)
        #expect(try harness.checkpoint(call, stepRun("a"), add("d"), add("e")) == .stored)
        try harness.answer(runComplete("1"))
        #expect(harness.events(named: DeferredEvent.name).count == 2)
    }

    @Test("it survives a restart")
    func survivesRestart() throws {
        try harness.answer(add("d"), stepRun("a"))
        harness.restart()
        try harness.complete()
        #expect(harness.events(named: DeferredEvent.name).count == 1)
    }

    @Test(
        "what cannot be deferred is left out with the reason, and the run goes on",
        arguments: [
            (#"{"fn_slug":"f","input":[]}"#, "not an object"), (#"{"fn_slug":"f"}"#, "not an object"),
            (#"{"input":{}}"#, "fn_slug"), (#"{"fn_slug":"f","input":{},"meta":1}"#, "meta"),
        ]
    )
    func leftOut(options: String, reason: String) throws {
        var bad = op(.deferAdd, "d")
        bad.options = json(options)
        try harness.answer(bad, stepRun("a"))
        let reasons = try leftOut()
        #expect(reasons.count == 1 && reasons[0].contains(reason))
        try harness.complete()
        #expect(try harness.onlyRun().status == .completed)
        #expect(harness.events(named: DeferredEvent.name).isEmpty)
    }

    @Test("a run defers a bounded number of calls")
    func countLimit() throws {
        for number in 0..<25 { try harness.answer(add("d\(number)"), stepRun("s\(number)")) }
        #expect(try leftOut().count == 25 - Deferral.countLimit)
        try harness.complete()
        #expect(harness.events(named: DeferredEvent.name).count == Deferral.countLimit)
    }

    @Test("the inputs of all deferred calls together are bounded")
    func totalLimit() throws {
        let large = #"{"text":"\#(String(repeating: "x", count: Deferral.totalLimit / 2))"}"#
        try harness.answer(add("d", large), add("e", large), stepRun("a"))
        #expect(try leftOut().count == 1)
        try harness.complete()
        #expect(harness.events(named: DeferredEvent.name).count == 1)
    }

    private func leftOut() throws -> [String] {
        let run = try harness.onlyRun()
        return RunTrace(harness.store.turns[run.row] ?? []).leftOut.map(\.reason)
    }

    private func add(_ name: String, _ input: String = "{}") -> Op {
        var op = op(.deferAdd, name)
        op.options = json(#"{"fn_slug":"app-later","input":\#(input),"meta":{"x":true}}"#)
        return op
    }

    private func abort(_ name: String) -> Op {
        var op = op(.deferAbort, "\(name):abort")
        op.options = json(#"{"target_hashed_id":"\#(id(name))"}"#)
        return op
    }
}
