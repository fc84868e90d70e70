import ApusCore
import Testing

@testable import ApusEngine

@Suite("Steps one after the other")
struct SequentialStepTests {
    private let engine = CoreHarness(function("app-f", on: "demo/x"))

    @Test("each finished step leads to one call that carries it, until the function returns")
    func sequence() throws {
        engine.send("demo/x")
        try engine.answer(stepRun("a", "1"))
        let second = try engine.onlyCall()
        #expect(second.attempt == 0)
        #expect(second.generation == 1)
        #expect(second.position == 1)
        #expect(second.isPlanning == false)
        #expect(second.memo("a") == #"{"data":1}"#)
        try engine.answer(stepRun("b", #"{"x":[]}"#))
        #expect(try engine.onlyCall().stack == ids("a", "b"))
        try engine.complete(#"{"ok":true}"#)
        let run = try engine.onlyRun()
        #expect(run.status == .completed)
        #expect(run.output == #"{"ok":true}"#)
        #expect(run.startedAt == engine.now)
        #expect(run.endedAt == engine.now)
        #expect(engine.calls.isEmpty)
        #expect(engine.core.residents.isEmpty)
    }

    @Test("a reply's step and the call after it are one decision")
    func oneDecision() throws {
        engine.send("demo/x")
        let decision = engine.reply(try engine.onlyCall(), stepRun("a", "1"))
        #expect(decision.writes.count == 2, "a turn and a projection")
        #expect(engine.calls.count == 1)
    }

    @Test("a function that returns nothing has no output")
    func noOutput() throws {
        engine.send("demo/x")
        try engine.complete(nil)
        #expect(try engine.onlyRun().status == .completed)
        #expect(try engine.onlyRun().output == nil)
    }

    @Test(
        "results are handed back in the shape of their op",
        arguments: [
            (stepRun("a", "1"), #"{"data":1}"#),
            (stepRun("a", "null"), #"{"data":null}"#),
            (stepRun("a", nil), #"{"data":null}"#),
            (Op(kind: .step, id: id("a"), data: json("[1]")), "[1]"),
            (Op(kind: .step, id: id("a")), "null"),
            (stepFailed("a", "gone"), #"{"error":{"message":"gone","name":"E"}}"#),
        ]
    )
    func memos(op: Op, memo: String) throws {
        engine.send("demo/x")
        try engine.answer(op)
        #expect(try engine.onlyCall().memo("a") == memo)
    }

    @Test("the repeats of one step id are steps of their own")
    func repeatedIDs() throws {
        engine.send("demo/x")
        for index in 0..<3 {
            let step = StepID.hashing("loop", index: index)
            try engine.answer(Op(kind: .stepRun, id: step, displayName: "loop", data: .int(Int64(index))))
        }
        let steps = try #require(try engine.onlyCall().json["steps"])
        for index in 0..<3 {
            #expect(steps[StepID.hashing("loop", index: index).description]?["data"]?.int == Int64(index))
        }
    }

    // MARK: Version

    @Test("the first reply with ops fixes the version; later headers are ignored", arguments: [0, 1, 2])
    func version(first: Int) throws {
        engine.send("demo/x")
        try engine.answer(stepRun("a"), version: first)
        #expect(try engine.onlyCall().version == first)
        try engine.answer(stepRun("b"), version: 2 - first)
        #expect(try engine.onlyCall().version == first)
        #expect(try engine.onlyCall().json["version"]?.int == Int64(first))
    }

    @Test("an error answer does not fix the version")
    func versionAfterError() throws {
        engine.send("demo/x")
        try engine.fail()
        engine.advance(by: .minutes(1))
        #expect(try engine.onlyCall().version == -1)
        try engine.answer(stepRun("a"), version: 1)
        #expect(try engine.onlyCall().version == 1)
    }

    @Test("a first reply whose step is to be tried again fixes the version too")
    func versionAfterStepError() throws {
        engine.send("demo/x")
        try engine.answer(stepError("a"), version: 2)
        engine.advance(by: .minutes(1))
        let call = try engine.onlyCall()
        #expect(call.version == 2)
        #expect(call.attempt == 1)
        #expect(call.generation == 2)
    }

    // MARK: Repeats

    @Test("the first result of a step wins")
    func firstWins() throws {
        engine.send("demo/x")
        try engine.answer(stepRun("a", "1"))
        try engine.answer(stepRun("a", "2"), stepRun("b", "3"))
        let call = try engine.onlyCall()
        #expect(call.memo("a") == #"{"data":1}"#)
        #expect(call.memo("b") == #"{"data":3}"#)
        #expect(call.stack == ids("a", "b"))
    }

    @Test("the same op twice in one reply counts once")
    func sameOpTwice() throws {
        engine.send("demo/x")
        try engine.answer(stepRun("a", "1"), stepRun("a", "2"))
        #expect(try engine.onlyCall().memo("a") == #"{"data":1}"#)
        #expect(try engine.onlyCall().stack == ids("a"))
    }

    @Test("a reply to a call that was answered already changes nothing")
    func repeatedReply() throws {
        engine.send("demo/x")
        let call = try engine.onlyCall()
        engine.reply(call, stepRun("a", "1"))
        let decision = engine.reply(call, stepRun("a", "2"))
        #expect(decision.writes.isEmpty)
        #expect(try engine.onlyCall().memo("a") == #"{"data":1}"#)
    }

    // MARK: Nothing new

    @Test("a reply without ops asks to be called again, as the first attempt of a new job")
    func emptyReply() throws {
        engine.send("demo/x")
        let first = try engine.onlyCall()
        try engine.answer()
        let second = try engine.onlyCall()
        #expect(second.attempt == 0)
        #expect(second.jobID != first.jobID)
        try engine.answer(op(.none))
        try engine.answer(op(.deferAdd, "d"))
        try engine.answer(stepRun("a"))
        try engine.complete()
        #expect(try engine.onlyRun().status == .completed)
    }

    @Test("an app may ask to be called again")
    func discoveryRequest() throws {
        engine.send("demo/x")
        try engine.answer(op(.discoveryRequest, "d"))
        try engine.answer(stepRun("a"), op(.discoveryRequest, "d"))
        #expect(engine.calls.count == 1)
        #expect(try engine.onlyCall().stack == ids("a"))
    }

    @Test("ops that ask for nothing do not disturb the others")
    func noneAmongOthers() throws {
        engine.send("demo/x")
        try engine.answer(op(.none), stepRun("a"), op(.deferAbort, "d"))
        #expect(try engine.onlyCall().stack == ids("a"))
        #expect(try engine.onlyCall().isPlanning == false)
    }

    @Test("an app that asks again without end fails its run", arguments: [Op.Kind.none, .discoveryRequest])
    func endlessRequests(kind: Op.Kind) throws {
        let engine = CoreHarness(function("app-f", on: "demo/x", retries: 1)) { $0.limits.emptyReplies = 10 }
        engine.send("demo/x")
        var replies = 0
        while let call = engine.calls.first, replies < 50 {
            engine.reply(call, op(kind, kind == .none ? "" : "d"))
            replies += 1
            if engine.calls.isEmpty { engine.advance(by: .hours(3)) }
        }
        #expect(replies == 12, "ten repeats, then the two attempts of the last one")
        #expect(try engine.onlyRun().status == .failed)
        #expect(try engine.onlyRun().output?.contains("made no progress") == true)
    }

    @Test("a finished step lets an app ask again as often as before")
    func requestsAreCountedAnew() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.limits.emptyReplies = 3 }
        engine.send("demo/x")
        for name in ["a", "b", "c"] {
            for _ in 0..<3 { try engine.answer() }
            try engine.answer(stepRun(name))
        }
        #expect(try engine.onlyCall().stack == ids("a", "b", "c"))
    }

    @Test("a reply that repeats only what is known is a failed attempt")
    func noProgress() throws {
        engine.send("demo/x")
        try engine.answer(stepRun("a", "1"))
        let call = try engine.onlyCall()
        try engine.answer(stepRun("a", "2"))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .minutes(1))
        let retry = try engine.onlyCall()
        #expect(retry.attempt == 1)
        #expect(retry.jobID == call.jobID)
        try engine.answer(stepRun("b"))
        #expect(try engine.onlyCall().attempt == 0)
    }

    // MARK: The end

    @Test("RunComplete ends the run with its data")
    func endedByOp() throws {
        engine.send("demo/x")
        try engine.answer(runComplete(#"{"ok":true}"#))
        #expect(try engine.onlyRun().status == .completed)
        #expect(try engine.onlyRun().output == #"{"ok":true}"#)
    }

    @Test("steps beside RunComplete are stored before the run ends")
    func endedWithSteps() throws {
        engine.send("demo/x")
        try engine.answer(runComplete("7"), stepRun("a", "1"), stepRun("b", "2"))
        let run = try engine.onlyRun()
        #expect(run.output == "7")
        #expect(run.memo("a") == #"{"data":1}"#)
        #expect(run.memo("b") == #"{"data":2}"#)
        #expect(engine.calls.isEmpty)
    }

    @Test("a sleep beside RunComplete is not waited for")
    func endedWithSleep() throws {
        engine.send("demo/x")
        try engine.answer(sleep("s", "1h"), runComplete(nil))
        #expect(try engine.onlyRun().status == .completed)
        #expect(try engine.onlyRun().output == nil)
        engine.advance(by: .hours(2))
        #expect(engine.calls.isEmpty)
    }

    @Test("a reply with more ops than the limit fails the run at once")
    func opsPerReply() throws {
        for (count, status) in [(3, RunStatus.running), (4, .failed)] {
            let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.limits.opsPerReply = 3 }
            engine.send("demo/x")
            let ops = (0..<count).map { planned("s\($0)") }
            engine.reply(try engine.onlyCall(), with: .ops(AppReply.OpList(ops: ops, version: 2)))
            let run = try engine.onlyRun()
            #expect(run.status == status)
            guard status == .failed else { continue }
            #expect(run.end?.output?.json.view["name"]?.string == "InngestErrFunctionOverflowed")
        }
    }

    @Test("a run with as many steps as the limit fails instead of being called again")
    func stepsPerRun() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.limits.stepsPerRun = 3 }
        engine.send("demo/x")
        for name in ["a", "b", "c"] { try engine.answer(stepRun(name)) }
        let run = try engine.onlyRun()
        let message = "The function run exceeded the step limit of 3 steps."
        #expect(run.status == .failed)
        #expect(run.output == #"{"error":"\#(message)","message":"\#(message)","name":"InngestErrFunctionOverflowed"}"#)
        #expect(engine.calls.isEmpty)
    }

    @Test("a run may end with as many steps as the limit")
    func lastStep() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.limits.stepsPerRun = 3 }
        engine.send("demo/x")
        for name in ["a", "b"] { try engine.answer(stepRun(name)) }
        try engine.answer(stepRun("c"), runComplete("1"))
        #expect(try engine.onlyRun().status == .completed)
    }

    @Test("a step whose result would exceed the state limit fails the run", arguments: [(90, true), (91, false)])
    func stateBytes(bytes: Int, fits: Bool) throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.limits.runStateBytes = 100 }
        engine.send("demo/x")
        try engine.answer(stepRun("a", "1"))
        // {"data":1} has 10 bytes, so 90 are left.
        try engine.answer(stepRun("b", "\"" + String(repeating: "x", count: bytes - 11) + "\""))
        let run = try engine.onlyRun()
        #expect(run.status == (fits ? .running : .failed))
        guard !fits else { return }
        #expect(run.end?.output?.json.view["name"]?.string == "InngestErrStateOverflowed")
        #expect(run.end?.cause == "The function run exceeded the state size limit of 100 bytes.")
        #expect(run.memo("b") == nil)
    }

    @Test("a large result has a payload row of its own and is read back from there")
    func payloads() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.limits.inlinePayloadBytes = 50 }
        engine.send("demo/x")
        let text = "\"" + String(repeating: "x", count: 60) + "\""
        try engine.answer(stepRun("small", "1"), stepRun("large", text))
        #expect(engine.store.payloads.values.map(\.description) == [#"{"data":\#(text)}"#])
        engine.restart()
        #expect(try engine.onlyCall().memo("large") == #"{"data":\#(text)}"#)
        try engine.complete(text)
        #expect(engine.store.payloads.count == 2)
        #expect(try engine.onlyRun().output == text)
    }
}
