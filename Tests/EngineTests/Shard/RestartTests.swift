import ApusCore
import Testing

@testable import ApusEngine

@Suite("After a restart")
struct RestartTests {
    private let engine = CoreHarness(function("app-f", on: "demo/x"), function("app-child"))

    @Test("a call whose reply was lost is repeated: same job and attempt, next generation")
    func orphanedCall() throws {
        engine.send("demo/x")
        try engine.answer(stepRun("a", "1"))
        let lost = try engine.onlyCall()
        engine.now += .minutes(3)
        engine.restart()
        let call = try engine.onlyCall()
        #expect(call.id == CallID(run: lost.id.run, job: lost.id.job, generation: 2))
        #expect(call.jobID == lost.jobID)
        #expect(call.requestID != lost.requestID)
        #expect(call.attempt == 0)
        #expect(call.generation == 2)
        #expect(call.memo("a") == #"{"data":1}"#)
        #expect(call.version == 2)
        #expect(call.json["event"]?.raw == lost.json["event"]?.raw)
        try engine.answer(stepRun("b", "2"))
        #expect(try engine.onlyCall().stack == ids("a", "b"))
        #expect(try engine.onlyCall().generation == 1)
    }

    @Test("a reply of an older generation is dropped")
    func staleReply() throws {
        engine.send("demo/x")
        let lost = try engine.onlyCall()
        engine.restart()
        let stale = engine.feed(.reply(lost.id, .ops(AppReply.OpList(ops: [stepRun("a", "1")], version: 1))))
        #expect(stale.writes.isEmpty)
        try engine.answer(stepRun("a", "2"))
        #expect(try engine.onlyCall().memo("a") == #"{"data":2}"#)
        #expect(try engine.onlyCall().version == 2)
    }

    @Test("generations go on from crash to crash, and with each attempt")
    func generations() throws {
        engine.send("demo/x")
        engine.restart()
        engine.restart()
        #expect(try engine.onlyCall().generation == 3)
        #expect(try engine.onlyCall().attempt == 0)
        try engine.fail()
        engine.advance(by: .minutes(1))
        #expect(try engine.onlyCall().generation == 4)
        #expect(try engine.onlyCall().attempt == 1)
    }

    @Test("parallel calls are all repeated, in plan mode, and joined")
    func parallel() throws {
        engine.send("demo/x")
        try engine.answer(planned("a"), planned("b"), planned("c"))
        engine.reply(try engine.call(for: "b"), stepRun("b"))
        engine.restart()
        #expect(engine.calls.count == 2)
        #expect(engine.calls.allSatisfy { $0.isPlanning == true && $0.generation == 2 && $0.stack == ids("b") })
        engine.reply(try engine.call(for: "a"), stepRun("a"))
        engine.reply(try engine.call(for: "c"), stepRun("c"))
        #expect(try engine.discovery().stack == ids("b", "a", "c"))
    }

    @Test("a retry happens at the time that was drawn before")
    func retry() throws {
        engine.send("demo/x")
        try engine.fail()
        let due = try #require(try engine.onlyRun().wakeTime)
        engine.restart()
        engine.advance(to: Timestamp(milliseconds: due.milliseconds - 1))
        #expect(engine.calls.isEmpty)
        engine.advance(to: due)
        #expect(try engine.onlyCall().attempt == 1)
        #expect(try engine.onlyCall().generation == 2)
    }

    @Test("a sleep goes on; one that ended meanwhile ends at once", arguments: [10, 3_600])
    func sleeping(pause: Int64) throws {
        engine.send("demo/x")
        try engine.answer(sleep("s", "1h"))
        engine.now += .seconds(pause)
        engine.restart()
        #expect(engine.calls.count == (pause == 3_600 ? 1 : 0))
        engine.advance(to: CoreHarness.start + .hours(1))
        #expect(try engine.onlyCall().stack == ids("s"))
    }

    @Test("an event of the future still waits for its time")
    func futureEvent() throws {
        engine.send("demo/x", at: engine.now + .hours(2))
        engine.restart()
        engine.advance(by: .milliseconds(2 * 3_600_000 - 1))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .milliseconds(1))
        _ = try engine.onlyCall()
    }

    @Test("a parent still waits for its child")
    func invocation() throws {
        engine.send("demo/x")
        try engine.answer(invoke("i", "app-child", #""timeout":"1h""#))
        engine.restart()
        #expect(try engine.onlyCall().generation == 2)
        try engine.complete("7")
        #expect(try engine.onlyCall().memo("i") == #"{"data":7}"#)
    }

    @Test("a wait that ended meanwhile is given up")
    func deadline() throws {
        engine.send("demo/x")
        try engine.answer(invoke("i", "app-child", #""timeout":"1h""#))
        engine.now += .hours(2)
        engine.restart()
        #expect(try engine.call(of: "app-f").memo("i")?.contains("InngestInvokeTimeoutError") == true)
        _ = try engine.call(of: "app-child")
    }

    @Test("runs that have ended are left alone")
    func ended() throws {
        engine.send("demo/x")
        try engine.complete()
        engine.restart()
        #expect(engine.loads == 0)
        #expect(engine.calls.isEmpty)
    }

    @Test("a call that had to wait for its app is made")
    func waiting() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.limits.callsPerApp = 1 }
        for _ in 0..<3 { engine.send("demo/x") }
        engine.restart()
        for _ in 0..<3 { try engine.complete() }
        #expect(engine.runs.allSatisfy { $0.status == .completed })
    }

    @Test("events are recognised by the store's memory; what the shard drew before is not drawn again")
    func newIDs() throws {
        engine.send("demo/x")
        engine.restart()
        engine.send("demo/x")
        #expect(Set(engine.runs.map(\.id)).count == 2)
    }

    @Test("the shard's clock does not go back behind what it committed")
    func clock() throws {
        engine.send("demo/x")
        try engine.answer(sleep("s", "10s"))
        engine.restart()
        let committed = engine.now
        engine.now = committed - .hours(1)
        engine.send("demo/x")
        #expect(engine.runs.last?.createdAt == committed)
    }

    // MARK: Handed over

    @Test("a call that can still be answered is not repeated")
    func handedOver() throws {
        engine.send("demo/x")
        let call = try engine.onlyCall()
        engine.restart(keepingCalls: true)
        #expect(engine.calls.map(\.id) == [call.id])
        #expect(engine.core.gates[CoreHarness.app]?.callsInFlight == 1)
        engine.reply(call, stepRun("a", "1"))
        #expect(try engine.onlyCall().memo("a") == #"{"data":1}"#)
        #expect(engine.core.gates[CoreHarness.app]?.callsInFlight == 1)
    }

    @Test("its reply counts also when it comes before the run has been read")
    func replyBeforeRead() throws {
        engine.send("demo/x")
        let call = try engine.onlyCall()
        engine.holdsReads = true
        engine.restart(keepingCalls: true)
        engine.reply(call, stepRun("a", "1"))
        engine.releaseReads()
        #expect(try engine.onlyCall().memo("a") == #"{"data":1}"#)
        #expect(try engine.onlyCall().generation == 1)
        #expect(engine.core.openCalls.count == 1)
    }

    @Test("its reply frees its slot also when the run has ended")
    func replyAfterEnd() throws {
        engine.send("demo/x")
        try engine.answer(planned("a", race: true), planned("b", race: true))
        let slow = try engine.call(for: "b")
        engine.reply(try engine.call(for: "a"), stepRun("a", race: true))
        engine.reply(try engine.discovery(), with: .returned(nil))
        engine.restart(keepingCalls: true)
        #expect(engine.core.gates[CoreHarness.app]?.callsInFlight == 1)
        engine.reply(slow, stepRun("b"))
        #expect(engine.core.gates[CoreHarness.app]?.callsInFlight == 0)
        #expect(engine.core.openCalls.isEmpty)
        #expect(engine.calls.isEmpty)
    }

    // MARK: Many runs

    @Test("due runs are read a page and a few loads at a time, until all of them go on")
    func manyRuns() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) {
            $0.limits.wakePage = 4
            $0.limits.concurrentLoads = 2
        }
        for _ in 0..<30 {
            engine.send("demo/x")
            try engine.answer(sleep("s", "1h"))
        }
        engine.now += .hours(2)
        engine.restart()
        engine.advance(by: .zero)
        #expect(engine.calls.count == 30)
        #expect(Set(engine.calls.map(\.runID)).count == 30)
    }
}
