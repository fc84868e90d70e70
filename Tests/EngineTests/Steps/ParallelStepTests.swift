import ApusCore
import Testing

@testable import ApusEngine

@Suite("Steps in parallel")
struct ParallelStepTests {
    private let engine = CoreHarness(function("app-f", on: "demo/x"), function("app-child"))

    /// Answers the first call of a run with these ops.
    private func begin(version: Int = 2, _ ops: Op...) throws {
        engine.send("demo/x")
        let list = AppReply.OpList(ops: ops, version: version)
        engine.reply(try engine.onlyCall(), with: .ops(list))
    }

    private var discoveries: Int { engine.calls.filter { $0.stepID == "step" }.count }

    // MARK: Joined

    @Test("planned steps are called side by side in plan mode and joined by one discovery")
    func joined() throws {
        try begin(planned("a"), planned("b"), planned("c"))
        #expect(engine.calls.count == 3)
        #expect(engine.calls.allSatisfy { $0.isPlanning == true && $0.attempt == 0 })
        #expect(Set(engine.calls.map(\.jobID)).count == 3)
        #expect(try engine.onlyRun().pending == [id("a"), id("b"), id("c")])

        engine.reply(try engine.call(for: "b"), stepRun("b", "2"))
        #expect(engine.calls.count == 2, "no discovery while steps are pending")
        #expect(try engine.onlyRun().pending == [id("a"), id("c")])
        engine.reply(try engine.call(for: "c"), stepRun("c", "3"))
        #expect(engine.calls.count == 1)
        engine.reply(try engine.call(for: "a"), stepRun("a", "1"))

        let call = try engine.discovery()
        #expect(engine.calls.count == 1)
        #expect(call.isPlanning == false)
        #expect(call.stack == ids("b", "c", "a"), "in the order of completion")
        #expect(call.memoized == ids("a", "b", "c").sorted())
        #expect(call.position == 3)
        try engine.complete("6")
        #expect(try engine.onlyRun().status == .completed)
    }

    @Test("a single planned step is called without plan mode, and followed by a discovery")
    func single() throws {
        try begin(planned("a"))
        #expect(try engine.call(for: "a").isPlanning == false)
        try engine.answer(stepRun("a", "1"))
        #expect(try engine.discovery().isPlanning == false)
        #expect(try engine.onlyRun().pending.isEmpty)
    }

    @Test("a step that is planned twice in one reply is called once")
    func plannedTwice() throws {
        try begin(planned("a"), planned("a"), planned("b"))
        #expect(engine.calls.count == 2)
        engine.reply(try engine.call(for: "a"), stepRun("a"))
        engine.reply(try engine.call(for: "b"), stepRun("b"))
        #expect(discoveries == 1)
    }

    @Test("two results in one reply lead to one discovery")
    func twoResults() throws {
        try begin(stepRun("a", "1"), stepRun("b", "2"))
        let call = try engine.discovery()
        #expect(engine.calls.count == 1)
        #expect(call.stack == ids("a", "b"))
        #expect(try engine.onlyRun().pending.isEmpty)
    }

    @Test("a result beside planned steps waits for them")
    func resultBesidePlanned() throws {
        try begin(stepRun("a", "1"), planned("b"))
        #expect(engine.calls.count == 1)
        #expect(try engine.call(for: "b").memo("a") == #"{"data":1}"#)
        try engine.answer(stepRun("b", "2"))
        #expect(try engine.discovery().stack == ids("a", "b"))
    }

    @Test("a reply to a targeted call may hold other finished steps")
    func targetWithTwoResults() throws {
        try begin(planned("a"), planned("b"))
        engine.reply(try engine.call(for: "a"), stepRun("a"), stepRun("x"))
        #expect(engine.calls.count == 1)
        engine.reply(try engine.call(for: "b"), stepRun("b"))
        #expect(try engine.discovery().stack == ids("a", "x", "b"))
    }

    @Test("a step that fails for good leaves the batch like one that succeeds")
    func failedMember() throws {
        try begin(planned("a"), planned("b"))
        engine.reply(try engine.call(for: "a"), stepFailed("a"))
        engine.reply(try engine.call(for: "b"), stepRun("b"))
        #expect(try engine.discovery().memo("a") == #"{"error":{"message":"boom","name":"E"}}"#)
        #expect(discoveries == 1)
    }

    @Test("a member is tried again by itself while its sibling goes on")
    func retriedMember() throws {
        try begin(planned("a"), planned("b"))
        let first = try engine.call(for: "a")
        engine.reply(first, stepError("a"))
        engine.reply(try engine.call(for: "b"), stepRun("b"))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .minutes(1))
        let retry = try engine.call(for: "a")
        #expect(retry.attempt == 1)
        #expect(retry.jobID == first.jobID)
        #expect(retry.stack == ids("b"), "a retry carries the current state")
        try engine.answer(stepRun("a"))
        #expect(try engine.discovery().stack == ids("b", "a"))
    }

    @Test("a batch after a batch is joined anew")
    func secondBatch() throws {
        try begin(planned("a"), planned("b"))
        engine.reply(try engine.call(for: "a"), stepRun("a"))
        engine.reply(try engine.call(for: "b"), stepRun("b"))
        try engine.answer(planned("c"), planned("d"))
        engine.reply(try engine.call(for: "d"), stepRun("d"))
        #expect(discoveries == 0)
        engine.reply(try engine.call(for: "c"), stepRun("c"))
        #expect(try engine.discovery().stack == ids("a", "b", "d", "c"))
    }

    @Test("a nested batch replaces the one it stands in")
    func nestedBatch() throws {
        try begin(planned("a"), planned("b", race: true))
        engine.reply(try engine.call(for: "b"), stepRun("b", race: true))
        // The discovery after the race meets two new steps while `a` is still under way.
        engine.reply(try engine.discovery(), planned("a"), planned("c"), planned("d"))
        #expect(try engine.onlyRun().pending == [id("a"), id("c"), id("d")])
        #expect(engine.calls.count == 3)
        for name in ["d", "a", "c"] {
            #expect(discoveries == 0)
            engine.reply(try engine.call(for: name), stepRun(name))
        }
        #expect(try engine.discovery().stack == ids("b", "d", "a", "c"))
    }

    @Test("what a discovery reports again while it is under way is not scheduled again")
    func reportedAgain() throws {
        try begin(planned("a", race: true), planned("b", race: true))
        engine.reply(try engine.call(for: "a"), stepRun("a", race: true))
        engine.reply(try engine.discovery(), planned("b", race: true))
        #expect(engine.calls.count == 1)
        engine.reply(try engine.call(for: "b"), stepRun("b", race: true))
        #expect(discoveries == 1)
    }

    @Test("steps that a reply repeats from before are not waited for")
    func repeatedMember() throws {
        try begin(stepRun("a"))
        try engine.answer(stepRun("a"), planned("b"), planned("c"))
        #expect(try engine.onlyRun().pending == [id("b"), id("c")])
        engine.reply(try engine.call(for: "b"), stepRun("b"))
        engine.reply(try engine.call(for: "c"), stepRun("c"))
        #expect(try engine.discovery().stack == ids("a", "b", "c"))
    }

    @Test("a request to be called again is no member of the batch it stands in")
    func requestInBatch() throws {
        try begin(planned("a"), op(.discoveryRequest, "d"))
        #expect(engine.calls.count == 2)
        engine.reply(try engine.discovery(), planned("a"))
        engine.reply(try engine.call(for: "a"), stepRun("a"))
        #expect(try engine.discovery().stack == ids("a"))
    }

    @Test("a target that is called in vain does not keep its siblings waiting")
    func targetInVain() throws {
        try begin(planned("a"), planned("b"))
        engine.reply(try engine.call(for: "b"))
        #expect(engine.calls.count == 1)
        engine.reply(try engine.call(for: "a"), stepRun("a"))
        #expect(try engine.discovery().stack == ids("a"))
        #expect(try engine.discovery().isPlanning == false)
        for name in ["b", "c", "d"] { try engine.answer(stepRun(name)) }
        #expect(try engine.discovery().stack == ids("a", "b", "c", "d"))
    }

    @Test("nor does it keep a sleep or an invocation waiting, nor what comes after them")
    func targetInVainBesideWaits() throws {
        try begin(planned("b"), sleep("s", "2s"), invoke("i", "app-child", #""timeout":"5s""#))
        engine.reply(try engine.call(for: "b"))
        engine.advance(by: .seconds(2))
        #expect(engine.calls.count == 1, "the invocation is still under way")
        engine.advance(by: .seconds(3))
        let call = try engine.call(of: "app-f")
        #expect(call.stack == ids("s", "i"))
        engine.reply(call, stepRun("c"))
        let next = try engine.call(of: "app-f")
        engine.reply(next, sleep("t", "1s"))
        engine.advance(by: .seconds(1))
        #expect(try engine.call(of: "app-f").stack == ids("s", "i", "c", "t"))
    }

    @Test("a target that reports another step has made progress")
    func otherStepThanTarget() throws {
        try begin(planned("a"), planned("b"))
        engine.reply(try engine.call(for: "a"), stepRun("a"))
        engine.reply(try engine.call(for: "b"), stepRun("c"))
        #expect(try engine.discovery().stack == ids("a", "c"))
        #expect(try engine.discovery().attempt == 0)
    }

    @Test("a function that returns while members are under way ends the run")
    func returnsEarly() throws {
        try begin(planned("a", race: true), planned("b", race: true))
        let slow = try engine.call(for: "b")
        engine.reply(try engine.call(for: "a"), stepRun("a", race: true))
        engine.reply(try engine.discovery(), with: .returned(json("1")))
        #expect(try engine.onlyRun().status == .completed)
        let late = engine.reply(slow, stepRun("b"))
        #expect(late.writes.isEmpty)
        #expect(engine.core.openCalls.isEmpty)
        #expect(engine.loads == 0)
    }

    // MARK: Sleeps and invocations as members

    @Test("a sleep in a batch is waited for, and its job goes on as the joined discovery")
    func sleepLast() throws {
        try begin(planned("a"), sleep("s", "2s"))
        engine.reply(try engine.call(for: "a"), stepRun("a"))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .seconds(2))
        let call = try engine.discovery()
        #expect(call.stack == ids("a", "s"))
        #expect(call.memo("s") == "null")
        #expect(engine.calls.count == 1)
    }

    @Test("a sleep that ends before its siblings makes no call")
    func sleepFirst() throws {
        try begin(sleep("s", "2s"), planned("a"))
        engine.advance(by: .seconds(5))
        #expect(engine.calls.count == 1)
        engine.reply(try engine.call(for: "a"), stepRun("a"))
        #expect(try engine.discovery().stack == ids("s", "a"))
        engine.advance(by: .minutes(1))
        #expect(engine.calls.count == 1)
    }

    @Test("a result beside a sleep waits for it")
    func resultBesideSleep() throws {
        try begin(stepRun("a"), sleep("s", "2s"))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .seconds(2))
        #expect(try engine.discovery().stack == ids("a", "s"))
    }

    @Test("two sleeps are joined by one discovery, also when they end together")
    func twoSleeps() throws {
        try begin(sleep("s", "2s"), sleep("t", "2s"))
        engine.advance(by: .seconds(2))
        #expect(Set(try engine.discovery().stack) == Set(ids("s", "t")))
        #expect(engine.calls.count == 1)
    }

    @Test("a sleep of the past inside a batch ends at once and is not waited for")
    func sleepOfThePast() throws {
        for ops in [[sleep("s", "2020-01-01T00:00:00Z"), planned("a")], [planned("a"), sleep("s", "0s")]] {
            let engine = CoreHarness(function("app-f", on: "demo/x"))
            engine.send("demo/x")
            engine.reply(try engine.onlyCall(), with: .ops(AppReply.OpList(ops: ops, version: 2)))
            #expect(try engine.call(for: "a").memo("s") == "null")
            try engine.answer(stepRun("a"))
            #expect(try engine.discovery().stack == ids("s", "a"))
            #expect(engine.calls.count == 1)
        }
    }

    @Test("a batch of sleeps of the past leads to one discovery")
    func sleepsOfThePast() throws {
        try begin(sleep("s", "0s"), sleep("t", "0s"))
        #expect(try engine.discovery().stack == ids("s", "t"))
        #expect(engine.calls.count == 1)
    }

    @Test("an invocation in a batch is waited for")
    func invocation() throws {
        try begin(invoke("i", "app-child"), planned("a"))
        engine.reply(try engine.call(for: "a"), stepRun("a"))
        engine.reply(try engine.call(of: "app-child"), with: .returned(json("7")))
        let call = try engine.call(of: "app-f")
        #expect(call.stack == ids("a", "i"))
        #expect(call.memo("i") == #"{"data":7}"#)
        #expect(engine.calls.count == 1)
    }

    @Test("an invocation that times out leaves the batch")
    func invocationTimesOut() throws {
        try begin(invoke("i", "app-child", #""timeout":"5s""#), sleep("s", "2s"))
        engine.advance(by: .seconds(5))
        #expect(try engine.call(of: "app-f").stack == ids("s", "i"))
    }

    @Test("an invocation of an unknown function leaves the batch at once")
    func unknownInvocation() throws {
        try begin(invoke("i", "app-x"), planned("a"))
        #expect(engine.calls.count == 1)
        engine.reply(try engine.call(for: "a"), stepRun("a"))
        #expect(try engine.discovery().stack == ids("i", "a"))
    }

    // MARK: Race

    @Test("in race mode each result leads to a discovery of its own")
    func race() throws {
        try begin(planned("a", race: true), planned("b", race: true), planned("c", race: true))
        engine.reply(try engine.call(for: "b"), stepRun("b"))
        let first = try engine.discovery()
        #expect(first.isPlanning == true, "siblings are still under way")
        #expect(first.stack == ids("b"))
        engine.reply(try engine.call(for: "a"), stepRun("a"))
        #expect(discoveries == 2)
        engine.reply(first, planned("c", race: true))
        engine.reply(try engine.call(for: "c"), stepRun("c"))
        #expect(discoveries == 2)
    }

    @Test("a sleep in race mode leads to a discovery while its siblings are under way")
    func raceWithSleep() throws {
        try begin(planned("a", race: true), sleep("s", "2s", race: true))
        engine.advance(by: .seconds(2))
        #expect(try engine.discovery().stack == ids("s"))
        #expect(try engine.discovery().isPlanning == true)
        engine.reply(try engine.discovery(), planned("a", race: true))
        engine.reply(try engine.call(for: "a"), stepRun("a"))
        #expect(try engine.discovery().stack == ids("s", "a"))
    }

    @Test("an invocation in race mode leads to a discovery while its siblings are under way")
    func raceWithInvocation() throws {
        try begin(
            planned("a", race: true),
            invoke("i", "app-child", #""parallelMode":"race""#)
        )
        engine.reply(try engine.call(of: "app-child"), with: .returned(json("7")))
        #expect(try engine.discovery().stack == ids("i"))
        _ = try engine.call(for: "a")
    }

    @Test("a failed step in race mode leads to a discovery by the mode of its job")
    func raceWithFailure() throws {
        try begin(planned("a", race: true), planned("b", race: true))
        engine.reply(try engine.call(for: "a"), stepFailed("a"))
        #expect(try engine.discovery().memo("a") == #"{"error":{"message":"boom","name":"E"}}"#)
    }

    @Test("the loser of a race does not hold up the steps after it")
    func loser() throws {
        try begin(planned("a", race: true), sleep("s", "1d", race: true))
        engine.reply(try engine.call(for: "a"), stepRun("a", race: true))
        for name in ["b", "c"] {
            #expect(try engine.discovery().isPlanning == true, "the sleep may end meanwhile")
            try engine.answer(planned(name))
            try engine.answer(stepRun(name))
        }
        try engine.answer(planned("d"), planned("e"))
        engine.reply(try engine.call(for: "d"), stepRun("d"))
        engine.reply(try engine.call(for: "e"), stepRun("e"))
        #expect(try engine.discovery().stack == ids("a", "b", "c", "d", "e"))
        try engine.complete()
        engine.advance(by: .days(2))
        #expect(engine.calls.isEmpty)
    }

    // MARK: Version 1

    @Test("runs of version 1 are not joined and keep planning")
    func version1() throws {
        try begin(version: 1, planned("a"), planned("b"))
        #expect(try engine.onlyRun().pending.isEmpty)
        engine.reply(try engine.call(for: "a"), stepRun("a"), version: 1)
        let first = try engine.discovery()
        #expect(first.isPlanning == true)
        #expect(first.stack == ids("a"))
        engine.reply(first, version: 1)
        engine.reply(try engine.call(for: "b"), stepRun("b"), version: 1)
        let second = try engine.discovery()
        #expect(second.isPlanning == true)
        #expect(second.stack == ids("a", "b"))
        engine.reply(second, planned("c"), version: 1)
        #expect(try engine.call(for: "c").isPlanning == true)
        try engine.answer(stepRun("c"), version: 1)
        #expect(try engine.discovery().isPlanning == true)
    }

    @Test("extra discoveries of version 1 that find nothing new do not fail the run")
    func version1ExtraDiscoveries() throws {
        try begin(version: 1, planned("a"), planned("b"))
        engine.reply(try engine.call(for: "a"), stepRun("a"), version: 1)
        engine.reply(try engine.call(for: "b"), stepRun("b"), version: 1)
        #expect(discoveries == 2)
        let calls = engine.calls
        engine.reply(calls[1], planned("c"), version: 1)
        engine.reply(calls[0], planned("c"), version: 1)
        #expect(engine.calls.count == 1)
        engine.reply(try engine.call(for: "c"), stepRun("c"), version: 1)
        try engine.complete()
        #expect(try engine.onlyRun().status == .completed)
    }

    @Test("a sleep of version 1 is registered once, however often it is reported")
    func version1Sleep() throws {
        try begin(version: 1, planned("a"), sleep("s", "10s"))
        engine.reply(try engine.call(for: "a"), stepRun("a"), version: 1)
        engine.now += .seconds(5)
        engine.reply(try engine.discovery(), sleep("s", "10s"), version: 1)
        #expect(engine.calls.isEmpty)
        engine.advance(to: CoreHarness.start + .seconds(10))
        #expect(try engine.discovery().stack == ids("a", "s"))
        try engine.complete()
        #expect(engine.calls.isEmpty)
    }

    @Test("a first reply without a version behaves like version 1")
    func version0() throws {
        try begin(version: 0, planned("a"), planned("b"))
        engine.reply(try engine.call(for: "a"), stepRun("a"), version: 0)
        #expect(discoveries == 1)
    }

    // MARK: Retries among parallel work

    @Test("an untargeted call that is tried again is the discovery of what it finished beside the error")
    func retriedDiscovery() throws {
        try begin(stepRun("a"), stepError("b"))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .minutes(1))
        let call = try engine.onlyCall()
        #expect(call.attempt == 1)
        #expect(call.stack == ids("a"))
        #expect(try engine.onlyRun().isPlanning == false)
        try engine.answer(stepRun("b"))
        #expect(try engine.discovery().stack == ids("a", "b"))
    }

    @Test("an error beside planned steps is tried again while they go on")
    func retriedBesidePlanned() throws {
        try begin(stepError("a"), planned("b"))
        engine.reply(try engine.call(for: "b"), stepRun("b"))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .minutes(1))
        #expect(try engine.onlyCall().isPlanning == false)
        try engine.answer(stepRun("a"))
        #expect(try engine.discovery().stack == ids("b", "a"))
    }
}
