import ApusCore
import Testing

@testable import ApusEngine

@Suite("Repeated runs")
struct RerunTests {
    @Test("a run from its beginning takes over nothing but its events")
    func fromTheBeginning() throws {
        let harness = try failedRun()
        let run = try harness.rerun(from: .beginning)
        #expect(run.stack.isEmpty)
        #expect(try run.origin == RunOrigin(run: harness.first.id, start: .beginning))
        #expect(try run.start.events == harness.first.start.events)
        let call = try harness.onlyCall()
        #expect(call.runID == run.id)
        #expect(call.memo("one") == nil)
    }

    @Test("a failed run goes on at the step that failed, with fresh attempts")
    func fromTheFailure() throws {
        let harness = try failedRun()
        let run = try harness.rerun(from: .failure)
        #expect(run.stack == [id("one"), id("two")])
        let call = try harness.onlyCall()
        #expect(call.memo("one") == #"{"data":1}"#)
        #expect(call.memo("two") == #"{"data":2}"#)
        #expect(call.memo("three") == nil)
        #expect(call.attempt == 0)
        #expect(call.position == 2)
        try harness.answer(stepRun("three", "3"))
        try harness.complete("3")
        #expect(harness.store.folds.values.count { $0.status == .completed } == 1)
        #expect(try harness.first.status == .failed, "the original stays as it is")
    }

    @Test("a failure that the function caught and went on from keeps its result")
    func caughtFailure() throws {
        let harness = CoreHarness(function("f", on: "e", retries: 0))
        harness.send("e")
        try harness.answer(stepFailed("caught"))
        try harness.answer(stepRun("after"))
        try harness.fail()
        let run = try harness.rerun(from: .failure)
        #expect(run.stack == [id("caught"), id("after")])
    }

    @Test("from a step on, what came before it counts, and nothing that came after")
    func fromAStep() throws {
        let harness = try failedRun()
        let run = try harness.rerun(from: .step("two"))
        #expect(run.stack == [id("one")])
        #expect(run.edit == nil)
        #expect(try harness.onlyCall().memo("two") == nil)
    }

    @Test("steps beside the chosen one keep their results, whenever those came")
    func fromAParallelStep() throws {
        let harness = CoreHarness(function("f", on: "e", retries: 0))
        harness.send("e")
        try harness.answer(planned("left"), planned("right"))
        harness.reply(try harness.call(for: "left"), stepRun("left", "1"))
        harness.reply(try harness.call(for: "right"), stepRun("right", "2"))
        try harness.answer(stepRun("joined", "3"))
        try harness.complete()
        let run = try harness.rerun(from: .step(id("left").description))
        #expect(run.stack == [id("right")])
    }

    @Test("steps that one reply has run one after the other are no siblings")
    func fromAStepOfAList() throws {
        let harness = CoreHarness(function("f", on: "e", retries: 0))
        harness.send("e")
        try harness.answer(stepRun("one", "1"), stepRun("two", "2"), stepRun("three", "3"))
        try harness.complete()
        #expect(try harness.rerun(from: .step("two")).stack == [id("one")])
    }

    @Test("a step is told of its new arguments until it has a result")
    func editedInput() throws {
        let harness = try failedRun()
        let run = try harness.rerun(from: .step("two"), input: json(#"[{"amount":5}]"#))
        let call = try harness.onlyCall()
        #expect(call.memo("two") == #"{"input":[{"amount":5}]}"#)
        #expect(run.stack == [id("one")], "arguments are no result")
        harness.restart()
        let again = try harness.onlyCall()
        #expect(again.memo("two") == #"{"input":[{"amount":5}]}"#)
        try harness.answer(stepRun("two", "5"))
        #expect(try harness.onlyCall().memo("two") == #"{"data":5}"#)
    }

    @Test("a repeat of a repeat takes over what that one has taken over")
    func again() throws {
        let harness = try failedRun()
        let second = try harness.rerun(from: .failure)
        try harness.answer(stepFailed("three"))
        try harness.fail()
        let loaded = try #require(harness.store.run(second.row))
        let order = try RerunOrder(repeating: loaded, from: .failure, at: harness.now, by: "x")
        #expect(order.results.map(\.step) == [id("one"), id("two")])
        #expect(order.origin.run == second.id)
    }

    @Test("what cannot be repeated says why")
    func refusals() throws {
        let harness = try failedRun()
        let loaded = try #require(harness.store.run(try harness.first.row))
        func order(_ place: RerunOrder.Place) throws -> RerunOrder {
            try RerunOrder(repeating: loaded, from: place, at: harness.now, by: "x")
        }
        #expect(throws: RerunProblem.unknownStep) { try order(.step("none")) }
        harness.feed(.pause(function: try harness.first.start.function, true))
        #expect(harness.feed(.rerun(try order(.failure))).answer == .rerun(.paused))
        harness.feed(.pause(function: try harness.first.start.function, false))
        harness.register([])
        #expect(harness.feed(.rerun(try order(.failure))).answer == .rerun(.unknownFunction))
        #expect(harness.runs(of: "f").count == 1)
    }

    @Test("a completed run has no failure to begin at")
    func completed() throws {
        let harness = CoreHarness(function("f", on: "e"))
        harness.send("e")
        try harness.complete()
        let loaded = try #require(harness.store.run(try harness.first.row))
        #expect(throws: RerunProblem.hasNotFailed) {
            try RerunOrder(repeating: loaded, from: .failure, at: harness.now, by: "x")
        }
    }

    @Test("two steps of one name have to be told apart by their ids")
    func ambiguousName() throws {
        let harness = CoreHarness(function("f", on: "e"))
        harness.send("e")
        try harness.answer(stepRun("same", "1"))
        var second = stepRun("same-1", "2")
        second.displayName = "same"
        try harness.answer(second)
        try harness.complete()
        let loaded = try #require(harness.store.run(try harness.first.row))
        #expect(throws: RerunProblem.ambiguousStep([id("same"), id("same-1")])) {
            try RerunOrder(repeating: loaded, from: .step("same"), at: harness.now, by: "x")
        }
    }

    // MARK: - Waking

    @Test("a sleep that is woken ends now, also of a run that has left memory")
    func wakeSleep() throws {
        let harness = CoreHarness(function("f", on: "e")) { $0.limits.residentBytes = 0 }
        harness.send("e")
        try harness.answer(sleep("nap", "30d"))
        #expect(harness.calls.isEmpty)
        #expect(try harness.feed(.wake(run: harness.first.row, by: "x")).answer == .woken(1))
        #expect(try harness.onlyCall().memo("nap") == "null")
        #expect(try harness.feed(.wake(run: harness.first.row, by: "x")).answer == .woken(0))
    }

    @Test("a retry that is woken is made now, as the attempt that it would have been")
    func wakeRetry() throws {
        let harness = CoreHarness(function("f", on: "e"))
        harness.send("e")
        try harness.fail()
        #expect(try harness.feed(.wake(run: harness.first.row, by: "x")).answer == .woken(1))
        #expect(try harness.onlyCall().attempt == 1)
    }

    @Test("the deadline of a wait is no time to wake up from")
    func wakeWait() throws {
        let harness = CoreHarness(function("f", on: "e"))
        harness.send("e")
        try harness.answer(waitForEvent("w", "never"))
        #expect(try harness.feed(.wake(run: harness.first.row, by: "x")).answer == .woken(0))
        #expect(harness.calls.isEmpty)
    }

    // MARK: -

    /// Steps one and two have results, three has failed for good, and so has the run.
    private func failedRun() throws -> CoreHarness {
        let harness = CoreHarness(function("f", on: "e", retries: 0))
        harness.send("e")
        try harness.answer(stepRun("one", "1"))
        try harness.answer(stepRun("two", "2"))
        try harness.answer(stepFailed("three"))
        try harness.fail()
        #expect(try harness.first.status == .failed)
        return harness
    }
}

extension CoreHarness {
    /// The run that was there first.
    fileprivate var first: Run {
        get throws { try #require(store.folds.values.min { $0.row < $1.row }) }
    }
}

extension CoreHarness {
    fileprivate func rerun(from place: RerunOrder.Place, input: RawJSON? = nil) throws -> Run {
        let loaded = try #require(store.run(try first.row))
        let order = try RerunOrder(repeating: loaded, from: place, input: input, at: now, by: "x")
        guard case .rerun(.started(let id)) = feed(.rerun(order)).answer else { throw Unexpected() }
        return try #require(store.folds.values.first { $0.id == id })
    }

    private struct Unexpected: Error {}
}
