import ApusCore
import Testing

@testable import ApusEngine

@Suite("Checkpoints")
struct CheckpointTests {
    private let harness: CoreHarness

    init() {
        harness = CoreHarness(function("f", on: "e"))
        harness.send("e")
    }

    @Test("steps are recorded while the call goes on, and nothing more is called")
    func recorded() throws {
        let call = try harness.onlyCall()
        #expect(try harness.checkpoint(call, stepRun("a", "1")) == .stored)
        #expect(try harness.checkpoint(call, stepRun("b", "2"), stepRun("c", "3")) == .stored)
        #expect(try harness.onlyCall().id == call.id)
        #expect(try harness.onlyRun().stack == [id("a"), id("b"), id("c")])
        try harness.answer(runComplete("6"))
        #expect(try harness.onlyRun().output == "6")
    }

    @Test("a repeat changes nothing, also with other data, and writes nothing")
    func repeated() throws {
        let call = try harness.onlyCall()
        _ = try harness.checkpoint(call, stepRun("a", "1"))
        let decision = harness.feed(.checkpoint(try harness.checkpoint(of: call, [stepRun("a", "2")])))
        #expect(decision.answer == .checkpoint(.stored))
        #expect(decision.writes.isEmpty)
        #expect(try harness.onlyRun().memo("a") == #"{"data":1}"#)
    }

    @Test("what the call answers goes on from there")
    func goesOn() throws {
        let call = try harness.onlyCall()
        _ = try harness.checkpoint(call, stepRun("a", "1"))
        try harness.answer(sleep("nap", "1h"))
        harness.advance(by: .hours(1))
        let next = try harness.onlyCall()
        #expect(next.stack == ids("a", "nap"))
        #expect(next.memo("a") == #"{"data":1}"#)
        #expect(next.position == 2)
    }

    @Test("planned steps after a checkpoint are joined as ever")
    func plans() throws {
        let call = try harness.onlyCall()
        _ = try harness.checkpoint(call, stepRun("a", "1"))
        try harness.answer(planned("p"), planned("q"))
        harness.reply(try harness.call(for: "p"), stepRun("p"))
        harness.reply(try harness.call(for: "q"), stepRun("q"))
        #expect(try harness.onlyCall().stack == ids("a", "p", "q"))
    }

    @Test("a step that is reported again at the end of its call leads on")
    func reportedAgain() throws {
        let call = try harness.onlyCall()
        _ = try harness.checkpoint(call, stepRun("a", "1"))
        try harness.answer(stepRun("a", "1"))
        #expect(try harness.onlyCall().stack == ids("a"))
        #expect(try harness.onlyCall().attempt == 0)
    }

    @Test("a failure after a checkpoint repeats only what comes after it")
    func failure() throws {
        let call = try harness.onlyCall()
        _ = try harness.checkpoint(call, stepRun("a", "1"))
        try harness.answer(stepError("b"))
        harness.advance(by: .hours(1))
        let retry = try harness.onlyCall()
        #expect(retry.attempt == 1)
        #expect(retry.id.job == call.id.job)
        #expect(retry.stack == ids("a"))
        #expect(retry.position == 1)
    }

    @Test("a crash repeats the call with what was reported; the old one is told at its next step")
    func crash() throws {
        let old = try harness.onlyCall()
        _ = try harness.checkpoint(old, stepRun("a", "1"))
        harness.restart()
        let new = try harness.onlyCall()
        #expect(new.id.generation == old.id.generation + 1)
        #expect(new.stack == ids("a"))
        #expect(try harness.checkpoint(old, stepRun("b", "2")) == .stale)
        #expect(try harness.checkpoint(new, stepRun("b", "2")) == .stored)
        harness.reply(old, with: .failed(.status500))
        #expect(try harness.onlyRun().stack == ids("a", "b").compactMap { StepID($0) })
    }

    @Test("a call that a process made before its shard was read again still reports")
    func inherited() throws {
        let call = try harness.onlyCall()
        harness.restart(keepingCalls: true)
        #expect(try harness.checkpoint(call, stepRun("a", "1")) == .stored)
        #expect(try harness.onlyRun().stack == [id("a")])
    }

    @Test("who does not say which call it is about means the one under way")
    func withoutToken() throws {
        let call = try harness.onlyCall()
        let checkpoint = try Checkpoint(
            run: call.runID, row: call.id.run, job: nil, generation: nil, ops: [stepRun("a", "1")]
        )
        #expect(harness.feed(.checkpoint(checkpoint)).answer == .checkpoint(.stored))
        try harness.answer(sleep("nap", "1h"))
        #expect(harness.feed(.checkpoint(checkpoint)).answer == .checkpoint(.stale))
    }

    @Test("a run that has ended takes no more, and one that never was is not known")
    func ended() throws {
        let call = try harness.onlyCall()
        harness.feed(.cancel(run: call.id.run))
        #expect(try harness.checkpoint(call, stepRun("a", "1")) == .stale)
        var other = try harness.checkpoint(of: call, [])
        other.row += 1
        #expect(harness.feed(.checkpoint(other)).answer == .checkpoint(.unknownRun))
        other.row -= 1
        other.run = ULID(high: 1, low: 1)
        #expect(harness.feed(.checkpoint(other)).answer == .checkpoint(.stale))
    }

    @Test("results beyond the limit are refused, and the run goes on")
    func tooLarge() throws {
        let harness = CoreHarness(function("f", on: "e")) { $0.limits.runStateBytes = 64 }
        harness.send("e")
        let call = try harness.onlyCall()
        let large = stepRun("large", #""\#(String(repeating: "x", count: 64))""#)
        #expect(try harness.checkpoint(call, stepRun("a", "1"), large) == .tooLarge(id("large")))
        #expect(try harness.onlyRun().stack.isEmpty, "nothing of the checkpoint is kept")
        try harness.complete()
    }

    @Test("a run of too many steps ends")
    func tooMany() throws {
        let harness = CoreHarness(function("f", on: "e")) { $0.limits.stepsPerRun = 2 }
        harness.send("e")
        let call = try harness.onlyCall()
        #expect(try harness.checkpoint(call, stepRun("a"), stepRun("b")) == .stored)
        #expect(try harness.checkpoint(call, stepRun("c")) == .stale)
        #expect(try harness.onlyRun().status == .failed)
    }

    @Test("what ends or delays a run is no checkpoint")
    func problems() throws {
        let call = try harness.onlyCall()
        #expect(throws: CheckpointProblem.opcode(.runComplete)) {
            try harness.checkpoint(call, stepRun("a"), runComplete("1"))
        }
        #expect(throws: CheckpointProblem.asynchronous) { try harness.checkpoint(call, sleep("nap", "1h")) }
        #expect(throws: CheckpointProblem.asynchronous) { try harness.checkpoint(call, stepError("a")) }
        #expect(try harness.checkpoint(call, planned("a")) == .stored)
        #expect(try harness.onlyRun().stack.isEmpty)
    }

    @Test("each reported step has its own part of the call's time")
    func trace() throws {
        let call = try harness.onlyCall()
        harness.advance(by: .seconds(1))
        _ = try harness.checkpoint(call, stepRun("a", "1"))
        harness.advance(by: .seconds(2))
        _ = try harness.checkpoint(call, stepRun("b", "2"))
        harness.advance(by: .seconds(3))
        try harness.answer(runComplete("1"))
        let run = try #require(harness.store.run(call.id.run))
        let trace = RunTrace(run.turns)
        #expect(trace.steps.map(\.name) == ["a", "b", "end"])
        let times = trace.steps.map { step in
            step.attempts.map { attempt in
                [attempt.calledAt, attempt.answeredAt].compactMap { $0.map { ($0 - CoreHarness.start).milliseconds } }
            }
        }
        #expect(times == [[[0, 1_000]], [[1_000, 3_000]], [[3_000, 6_000]]])
    }
}

extension CoreHarness {
    func checkpoint(of call: OutgoingCall, _ ops: [Op]) throws -> Checkpoint {
        try Checkpoint(
            run: call.runID, row: call.id.run, job: call.id.job, generation: call.id.generation, ops: ops
        )
    }

    func checkpoint(_ call: OutgoingCall, _ ops: Op...) throws -> CheckpointAnswer? {
        guard case .checkpoint(let answer) = feed(.checkpoint(try checkpoint(of: call, ops))).answer else { return nil }
        return answer
    }
}
