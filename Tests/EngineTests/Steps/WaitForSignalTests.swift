import ApusCore
import Testing

@testable import ApusEngine

@Suite("step.waitForSignal")
struct WaitForSignalTests {
    private let engine = CoreHarness(function("app-f", on: "demo/x"))

    private func begin(_ op: Op) throws {
        engine.send("demo/x")
        try engine.answer(op)
    }

    /// Sends a signal to whoever the store says waits for it.
    private func signal(_ name: String, _ payload: String) -> [Bool] {
        let waits = engine.store.listeners(ListenerQuestion(.signal(name, run: 0, number: 0)), page: 10)
        return waits.found.filter { $0.condition == name }.map { row in
            let input = Input.signal(name: name, payload: json(payload), run: row.run, listener: row.number)
            guard case .signalled(let isTaken) = engine.feed(input).answer else { return false }
            return isTaken
        }
    }

    @Test("the payload is the step's result", arguments: [false, true])
    func received(afterRestart: Bool) throws {
        try begin(waitForSignal("w", "approve/1"))
        if afterRestart { engine.restart() }
        #expect(signal("approve/2", "1") == [])
        #expect(signal("approve/1", #"{"ok":true}"#) == [true])
        #expect(try engine.onlyCall().memo("w") == #"{"data":{"data":{"ok":true},"signal":"approve/1"}}"#)
        #expect(signal("approve/1", "1") == [])
    }

    @Test("without a signal the step's result is null when its time has come")
    func timedOut() throws {
        try begin(waitForSignal("w", "s", timeout: "1m"))
        engine.advance(by: .minutes(1))
        #expect(try engine.onlyCall().memo("w") == "null")
        #expect(engine.store.listeners.values.joined().isEmpty)
    }

    @Test("a second wait for a signal fails its run")
    func conflict() throws {
        try begin(waitForSignal("w", "s"))
        try begin(waitForSignal("w", "s"))
        #expect(engine.runs.map(\.status) == [.running, .failed])
        let message = engine.runs[1].end?.output?.json.view["message"]?.string
        #expect(message == "Signal conflict; signal wait already exists for another run")
        #expect(signal("s", "1") == [true])
        #expect(try engine.onlyCall().id.run == engine.runs[0].row)
    }

    @Test("a second wait that replaces the first gets the signal, and the first is left to its timeout")
    func replaced() throws {
        try begin(waitForSignal("w", "s", timeout: "1m"))
        try begin(waitForSignal("w", "s", conflict: "replace"))
        #expect(engine.runs.map(\.status) == [.running, .running])
        #expect(signal("s", "1") == [true])
        #expect(try engine.onlyCall().id.run == engine.runs[1].row)
        try engine.complete()
        engine.advance(by: .minutes(1))
        #expect(try engine.onlyCall().id.run == engine.runs[0].row)
        #expect(try engine.onlyCall().memo("w") == "null")
    }

    @Test("of two waits of the same millisecond the one that was stored first is older", arguments: [false, true])
    func sameTime(replaces: Bool) throws {
        engine.send("demo/x")
        engine.send("demo/x")
        let calls = engine.calls
        for call in calls.reversed() {
            engine.reply(call, waitForSignal("w", "s", conflict: replaces ? "replace" : ""))
        }
        #expect(engine.runs.map(\.status) == (replaces ? [.running, .running] : [.failed, .running]))
        #expect(signal("s", "1") == [true])
        #expect(try engine.onlyCall().id.run == engine.runs[replaces ? 0 : 1].row)
    }

    @Test("however many waits begin at once, one is left", arguments: [1, 2, 10])
    func many(page: Int) throws {
        engine.listenerPage = page
        engine.holdsReads = true
        for _ in 0..<5 { try begin(waitForSignal("w", "s", conflict: "replace")) }
        engine.releaseReads()
        #expect(engine.store.listeners.values.joined().count == 1)
        #expect(engine.store.listeners.values.joined().allSatisfy { !$0.value.looksBack })
    }

    @Test("a run that has left memory and waits no more does not take a signal")
    func over() throws {
        try begin(waitForSignal("w", "s", timeout: "1m"))
        let row = try #require(engine.store.listeners.values.joined().first?.value)
        engine.advance(by: .minutes(1))
        try engine.answer(sleep("t", "1d"))
        engine.restart()
        let late = Input.signal(name: "s", payload: json("1"), run: row.run, listener: row.number)
        #expect(engine.feed(late).answer == .signalled(false))
    }

    @Test("a crash before others were looked for does not hide a conflict")
    func interrupted() throws {
        try begin(waitForSignal("w", "s"))
        engine.send("demo/x")
        engine.holdsReads = true
        try engine.answer(waitForSignal("w", "s"))
        #expect(engine.runs.map(\.status) == [.running, .running])
        engine.holdsReads = false
        engine.restart()
        #expect(engine.runs.map(\.status) == [.running, .failed])
    }

    @Test(
        "ops that cannot be understood are failed attempts",
        arguments: [waitForSignal("w", ""), waitForSignal("w", "s", conflict: "maybe")]
    )
    func bad(op: Op) throws {
        try begin(op)
        #expect(try engine.onlyRun().jobs.first?.attempt == 1)
    }
}
