import ApusCore
import Testing

@testable import ApusEngine

@Suite("Calls to one app")
struct AppGateTests {
    @Test("no more calls are in flight than the limit, with those whose runs are being read")
    func calls() {
        var limits = Limits()
        limits.callsPerApp = 2
        var gate = AppGate()
        gate.callBegan(bytes: 1)
        #expect(gate.hasRoom(limits))
        gate.callsBeingRead += 1
        #expect(!gate.hasRoom(limits))
        gate.callsBeingRead -= 1
        gate.callBegan(bytes: 1)
        #expect(!gate.hasRoom(limits))
        gate.callEnded(bytes: 1)
        #expect(gate.hasRoom(limits))
    }

    @Test("no more bytes are in flight than the limit, but always one call")
    func bytes() {
        var limits = Limits()
        limits.callBytesPerApp = 100
        var gate = AppGate()
        gate.callBegan(bytes: 99)
        #expect(gate.hasRoom(limits))
        gate.callBegan(bytes: 500)
        #expect(!gate.hasRoom(limits))
        gate.callEnded(bytes: 99)
        #expect(!gate.hasRoom(limits))
        gate.callEnded(bytes: 500)
        #expect(gate.bytesInFlight == 0)
        limits.callBytesPerApp = 0
        #expect(gate.hasRoom(limits))
    }

    @Test("nothing goes while the breaker is open")
    func breaker() {
        var gate = AppGate()
        for _ in 0..<5 { gate.breaker.callDidNotReachApp(now: CoreHarness.start) }
        #expect(!gate.hasRoom(Limits()))
        gate.breaker.callReachedApp()
        #expect(gate.hasRoom(Limits()))
    }

    // MARK: In the shard

    @Test("calls wait for their turn, oldest run first")
    func turn() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.limits.callsPerApp = 2 }
        for number in 0..<4 {
            engine.send("demo/x", #"{"n":\#(number)}"#)
            engine.now += .seconds(1)
        }
        func waiting() -> [Int64?] { engine.calls.map { $0.json["event"]?["data"]?["n"]?.int } }
        #expect(waiting() == [0, 1])
        // The run whose step is done is older than those that wait, so it goes on first.
        engine.reply(engine.calls[1], stepRun("a"))
        #expect(waiting() == [0, 1])
        engine.reply(engine.calls[0], with: .returned(nil))
        #expect(waiting() == [1, 2])
        engine.reply(engine.calls[0], with: .returned(nil))
        #expect(waiting() == [2, 3])
    }

    @Test("calls wait for bytes in flight to come back")
    func bytesInFlight() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.limits.callBytesPerApp = 1 }
        engine.send("demo/x")
        engine.send("demo/x")
        #expect(engine.core.gates[CoreHarness.app]?.bytesInFlight == engine.calls.first?.body.count)
        try engine.complete()
        try engine.complete()
        #expect(engine.core.gates[CoreHarness.app]?.bytesInFlight == 0)
        #expect(engine.core.gates[CoreHarness.app]?.callsInFlight == 0)
    }

    @Test("each app has limits of its own")
    func perApp() {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.limits.callsPerApp = 1 }
        engine.register([function("other-f", on: "demo/x")], as: "other")
        engine.send("demo/x")
        engine.send("demo/x")
        #expect(engine.calls.count == 2)
        #expect(Set(engine.calls.map(\.app)).count == 2)
    }

    @Test("calls that were waiting when their run ended are skipped without a look into the store")
    func endedRun() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) {
            $0.limits.callsPerApp = 1
            $0.limits.concurrentLoads = 0
        }
        engine.send("demo/x")
        try engine.answer(planned("a"), planned("b"), planned("c"))
        engine.send("demo/x")
        try engine.fail(.final)
        #expect(engine.loads == 0)
        #expect(try engine.onlyCall().runID == engine.runs.last?.id)
    }
}
