import ApusCore
import Testing

@testable import ApusEngine

@Suite("Runs leave memory and come back")
struct EvictionTests {
    private let engine = CoreHarness(function("app-f", on: "demo/x"), function("app-child")) {
        $0.limits.residentBytes = 0
    }

    private func begin(_ ops: Op...) throws {
        engine.send("demo/x")
        engine.reply(try engine.onlyCall(), with: .ops(AppReply.OpList(ops: ops, version: 2)))
    }

    @Test("an idle run leaves when memory is full, and comes back for its alarm")
    func sleeping() throws {
        try begin(sleep("s", "1m"))
        engine.feed(.tick)
        #expect(engine.core.residents.isEmpty)
        #expect(engine.core.residentBytes == 0)
        engine.advance(by: .minutes(1))
        #expect(engine.loads == 1)
        #expect(try engine.onlyCall().stack == ids("s"))
    }

    @Test("it does not leave before what it decided is durable")
    func notBeforeCommit() throws {
        try begin(sleep("s", "1m"))
        let core = engine.core
        #expect(core.residents.count == 1, "its last turn was decided in the batch before this one")
        core.committedBatch -= 1
        engine.feed(.acknowledged(by: 1, upTo: 0))
        #expect(core.residents.count == 1)
        engine.feed(.tick)
        #expect(core.residents.isEmpty)
    }

    @Test("a run with a call under way stays, one that waits for its turn may leave and keeps its place")
    func busy() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) {
            $0.limits.residentBytes = 0
            $0.limits.callsPerApp = 1
        }
        engine.send("demo/x")
        engine.send("demo/x")
        engine.feed(.tick)
        #expect(engine.core.residents.count == 1)
        #expect(engine.core.queue.count == 1)
        #expect(engine.calls.count == 1)
        try engine.complete()
        try engine.complete()
        #expect(engine.runs.allSatisfy { $0.status == .completed })
        #expect(engine.loads == 1)
    }

    @Test("a run that has left while it waits for its turn is cancelled when its time is up")
    func expiresWaiting() throws {
        let engine = CoreHarness { $0.limits.residentBytes = 0 }
        let timeouts = FunctionConfiguration.Timeouts(start: nil, finish: .minutes(30))
        engine.register([
            limited("app-f", on: "demo/x", timeouts: timeouts, FlowControl(concurrency: [calls(1)]))
        ])
        engine.send("demo/x")
        try engine.fail()
        engine.send("demo/x")
        let slow = try engine.onlyCall()
        // The retry of the first run falls due, and waits for the second one's call.
        engine.advance(by: .minutes(5))
        #expect(engine.core.queue.count == 1)
        #expect(engine.core.residents.count == 1)
        engine.advance(by: .minutes(26))
        #expect(engine.runs.map(\.status) == [.cancelled, .cancelled])
        engine.feed(.reply(slow.id, .returned(nil)))
        engine.expectNothingLeft()
    }

    @Test("a retry brings a run back with the attempt it was at")
    func retry() throws {
        engine.send("demo/x")
        try engine.fail()
        engine.feed(.tick)
        #expect(engine.core.residents.isEmpty)
        engine.advance(by: .minutes(1))
        #expect(try engine.onlyCall().attempt == 1)
    }

    @Test("everything about a run is the same when it comes back")
    func everything() throws {
        engine.send("demo/x", #"{"a":1}"#)
        try engine.answer(stepRun("a", "1"))
        let before = try engine.onlyCall()
        try engine.answer(planned("b"), sleep("s", "1h"), sleep("t", "30m"), invoke("i", "app-child"))
        engine.reply(try engine.call(for: "b"), stepRun("b"))
        try engine.complete("7")
        engine.feed(.tick)
        #expect(engine.core.residents.isEmpty)
        #expect(try engine.onlyRun(of: "app-f").pending == [id("s"), id("t")])
        engine.advance(by: .hours(1))
        let after = try engine.onlyCall()
        #expect(after.stack == ids("a", "b", "i", "t", "s"))
        #expect(after.json["event"]?.raw == before.json["event"]?.raw)
        #expect(after.version == 2)
        try engine.complete()
        #expect(try engine.onlyRun(of: "app-f").status == .completed)
    }

    @Test("the longest idle run leaves first, and only as many as must")
    func longestIdle() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.limits.residentBytes = 2_500 }
        for index in 0..<4 {
            engine.send("demo/x")
            try engine.answer(sleep("s\(index)", "1h"))
        }
        engine.feed(.tick)
        #expect(engine.core.residentBytes <= 2_500)
        let rows = engine.store.runs.map(\.row)
        let kept = Set(engine.core.residents.keys)
        #expect(!kept.isEmpty)
        #expect(kept == Set(rows.suffix(kept.count)))
    }

    @Test("a run that has left is read once, however many alarms and messages ask for it")
    func readOnce() throws {
        try begin(sleep("s", "1m"), invoke("i", "app-child"), sleep("t", "1m"))
        engine.feed(.tick)
        engine.holdsReads = true
        engine.now += .minutes(1)
        engine.feed(.tick)
        try engine.complete("7")
        engine.releaseReads()
        engine.advance(by: .seconds(2))
        #expect(engine.loads <= 2)
        #expect(Set(try engine.onlyCall().stack) == Set(ids("s", "t", "i")))
    }

    @Test("no more runs are read at a time than the limit")
    func concurrentLoads() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) {
            $0.limits.residentBytes = 0
            $0.limits.concurrentLoads = 2
        }
        for _ in 0..<5 {
            engine.send("demo/x")
            try engine.answer(sleep("s", "1m"))
        }
        engine.feed(.tick)
        engine.holdsReads = true
        engine.now += .minutes(1)
        engine.feed(.tick)
        #expect(engine.core.loads.count == 2)
        #expect(engine.core.nextWake.map { $0 > engine.now } ?? true, "a tick could do nothing before they come back")
        engine.releaseReads()
        #expect(engine.calls.count == 5)
    }

    @Test("a run that the store does not know any more is forgotten")
    func unknownRun() {
        let decision = engine.feed(.loaded(77, nil))
        #expect(decision.writes.isEmpty)
        #expect(engine.core.residents.isEmpty)
    }
}
