import ApusCore
import Testing

@testable import ApusEngine

@Suite("What a run did, for people")
struct RunTraceTests {
    private let engine = CoreHarness(function("app-f", on: "demo/x", retries: 3), function("app-child"))

    private var trace: RunTrace {
        get throws {
            let row = try #require(engine.store.turns.keys.min())
            return RunTrace(engine.store.turns[row] ?? [])
        }
    }

    /// A step in short: `a run completed 2`, with the number of its attempts.
    private func short(_ trace: RunTrace) -> [String] {
        trace.steps.map { step in
            let kind =
                switch step.kind {
                case .step(let kind): "\(kind)"
                case .end: "end"
                case .plan: "plan"
                }
            return "\(step.name) \(kind) \(step.state) \(step.attempts.count)"
        }
    }

    @Test("steps one after the other have the times of the calls that ran them")
    func sequence() throws {
        engine.send("demo/x")
        engine.now += .milliseconds(40)
        try engine.answer(stepRun("a", "1"))
        engine.now += .milliseconds(60)
        try engine.answer(stepRun("b", "2"))
        #expect(try short(trace) == ["a run completed 1", "b run completed 1"])
        engine.now += .milliseconds(5)
        try engine.complete(#"{"ok":true}"#)
        let trace = try trace
        #expect(short(trace) == ["a run completed 1", "b run completed 1", "end end completed 1"])
        let start = CoreHarness.start
        #expect(trace.steps.map(\.startedAt) == [start, start + .milliseconds(40), start + .milliseconds(100)])
        #expect(trace.steps.map(\.endedAt) == [40, 100, 105].map { start + .milliseconds($0) })
        #expect(trace.createdAt == start && trace.startedAt == start && trace.endedAt == start + .milliseconds(105))
        #expect(trace.steps[0].result?.memo.json == json(#"{"data":1}"#))
        #expect(trace.end?.status == .completed)
    }

    @Test("attempts of a step that fails belong to the step, with their errors")
    func retries() throws {
        engine.send("demo/x")
        try engine.answer(stepError("a", "no luck"))
        #expect(try short(trace) == ["a run queued 2"])
        engine.advance(by: .minutes(1))
        try engine.answer(stepRun("a", "1"))
        let step = try #require(try trace.steps.first)
        #expect(step.state == .completed && step.attempts.count == 2)
        #expect(step.attempts[0].error?.view["message"]?.string == "no luck")
        #expect(step.attempts[1].error == nil && step.attempts[1].number == 1)
        #expect(step.attempts[0].calledAt == CoreHarness.start)
        #expect(step.attempts[1].dueAt == step.attempts[1].calledAt)
    }

    @Test("a function that fails outside its steps, and the run that it ends")
    func failure() throws {
        engine.send("demo/x")
        try engine.fail()
        #expect(try short(trace) == ["end end queued 2"])
        for _ in 0..<3 {
            engine.advance(by: .hours(1))
            try engine.fail()
        }
        #expect(try short(trace) == ["end end failed 4"])
        #expect(try trace.endedAt != nil)
    }

    @Test("a call that failed before it came to its step counts for the step")
    func failureBeforeStep() throws {
        engine.send("demo/x")
        try engine.fail()
        engine.advance(by: .hours(1))
        try engine.answer(stepRun("a", "1"))
        try engine.complete()
        #expect(try short(trace) == ["a run completed 2", "end end completed 1"])
    }

    @Test("planned steps have calls of their own, beside the call that planned them")
    func parallel() throws {
        engine.send("demo/x")
        try engine.answer(planned("a"), planned("b"))
        #expect(try short(trace) == ["a run running 1", "b run running 1", "plan plan completed 1"])
        engine.reply(try engine.call(for: "b"), stepRun("b"))
        #expect(try short(trace).prefix(2) == ["a run running 1", "b run completed 1"])
    }

    @Test("sleeps, waits and invocations say until when and for what")
    func waits() throws {
        engine.send("demo/x")
        try engine.answer(sleep("nap", "1h"))
        var nap = try #require(try trace.steps.first)
        #expect(nap.state == .waiting && nap.details.until == CoreHarness.start + .hours(1))
        engine.advance(by: .hours(1))
        try engine.answer(waitForEvent("paid", "shop/paid"))
        nap = try #require(try trace.steps.first)
        #expect(nap.state == .completed && nap.endedAt == CoreHarness.start + .hours(1))
        let wait = try #require(try trace.steps.first { $0.name == "paid" })
        #expect(wait.state == .waiting && wait.details.listener?.name == "shop/paid")
        engine.advance(by: .hours(1))
        #expect(try trace.steps.first { $0.name == "paid" }?.state == .timedOut)
        try engine.answer(invoke("child", "app-child"))
        let call = try #require(try trace.steps.first { $0.name == "child" })
        #expect(call.state == .waiting && call.details.invocation?.functionSlug == "app-child")
    }

    @Test("a cancelled run leaves no step open")
    func cancelled() throws {
        engine.send("demo/x")
        try engine.answer(sleep("nap", "1h"))
        engine.feed(.cancel(run: try engine.onlyRun().row, .cancelled))
        let trace = try trace
        #expect(trace.steps.map(\.state) == [.cancelled])
        #expect(trace.steps[0].endedAt == trace.endedAt)
    }

    @Test("a repeat after a crash is the same attempt")
    func crash() throws {
        engine.send("demo/x")
        engine.now += .seconds(9)
        engine.restart()
        try engine.answer(stepRun("a", "1"))
        let attempt = try #require(try trace.steps.first?.attempts.first)
        #expect(attempt.calls == 2 && attempt.calledAt == CoreHarness.start + .seconds(9))
    }
}
