import ApusCore
import Testing

@testable import ApusEngine

@Suite("Cancellation")
struct CancellationTests {
    private func engine(_ cancellations: FunctionConfiguration.Cancellation...) -> CoreHarness {
        CoreHarness(function("app-f", on: "demo/x", cancelledBy: cancellations))
    }

    @Test("an event cancels the runs that it concerns, at whatever point they are", arguments: 0..<4)
    func byEvent(point: Int) throws {
        let engine = engine(cancelledBy("demo/stop", if: "event.data.id == async.data.id"))
        engine.send("demo/x", #"{"id":1}"#)
        let call = try engine.onlyCall()
        switch point {
        case 1: engine.reply(call, sleep("s", "1h"))
        case 2: engine.reply(call, waitForEvent("w", "demo/y"))
        case 3: engine.reply(call, with: .failed(.status500))
        default: break
        }
        engine.send("demo/x", #"{"id":2}"#)
        engine.now = engine.now + .seconds(1)
        engine.send("demo/stop", #"{"id":1}"#)
        #expect(engine.runs.map(\.status) == [.cancelled, .running])
        if point == 0 { engine.reply(call, with: .returned(nil)) }
        engine.advance(by: .hours(2))
        #expect(engine.runs[0].status == .cancelled)
        #expect(engine.runs[0].end?.cause == "cancelled by the event demo/stop")
        #expect(engine.store.listeners.keys.sorted() == [engine.runs[1].row])
    }

    @Test("an event that came too late does not cancel")
    func period() throws {
        let engine = engine(cancelledBy("demo/stop", within: .minutes(1)))
        engine.send("demo/x")
        engine.now = engine.now + .seconds(61)
        engine.send("demo/stop")
        #expect(try engine.onlyRun().status == .running)
    }

    @Test("a condition that is false from the start is not kept")
    func unreachable() throws {
        let engine = engine(cancelledBy("demo/stop", if: "event.data.id == 'a' && async.data.n == 1"))
        engine.send("demo/x", #"{"id":"b"}"#)
        #expect(engine.store.listeners.isEmpty)
        engine.send("demo/stop", #"{"n":1}"#)
        #expect(try engine.onlyRun().status == .running)
    }

    @Test("the event that starts a run does not cancel it, the next one does")
    func ownEvent() throws {
        let engine = engine(cancelledBy("demo/x"))
        engine.send("demo/x")
        #expect(try engine.onlyRun().status == .running)
        engine.send("demo/x")
        #expect(engine.runs.map(\.status) == [.cancelled, .running])
    }

    @Test("a cancelled run announces itself, and its caller gets an error")
    func announced() throws {
        let engine = CoreHarness(
            function("app-f", on: "demo/x"),
            function("app-child", on: "demo/child", cancelledBy: [cancelledBy("demo/stop")]),
            function("app-watch", on: "inngest/function.cancelled")
        )
        engine.send("demo/x")
        try engine.answer(invoke("i", "app-child"))
        let child = try engine.onlyRun(of: "app-child")
        engine.send("demo/stop")
        let event = try #require(engine.events(named: "inngest/function.cancelled").first?.body.view)
        #expect(event["data"]?["_inngest"]?["status"]?.string == "Cancelled")
        #expect(event["id"]?.string == child.id.description)
        #expect(engine.events(named: "inngest/function.failed").isEmpty)
        #expect(try engine.call(of: "app-f").memo("i")?.contains("Function cancelled") == true)
    }

    @Test("a run is cancelled on request, also when it has left memory", arguments: [true, false])
    func byRequest(isResident: Bool) throws {
        let engine = engine()
        engine.send("demo/x")
        try engine.answer(sleep("s", "1d"))
        if !isResident { engine.restart() }
        let run = try engine.onlyRun()
        engine.feed(.cancel(run: run.row))
        #expect(try engine.onlyRun().status == .cancelled)
        engine.feed(.cancel(run: run.row))
        #expect(engine.calls.isEmpty)
    }

    // MARK: - Timeouts

    private func timed(start: TimeSpan? = nil, finish: TimeSpan? = nil) -> FunctionConfiguration {
        function("app-f", on: "demo/x", timeouts: .init(start: start, finish: finish))
    }

    @Test("a run that is not called in time is cancelled")
    func startTimeout() throws {
        let engine = CoreHarness(timed(start: .seconds(10)))
        engine.send("demo/x", at: engine.now + .hours(1))
        engine.advance(by: .seconds(9))
        #expect(try engine.onlyRun().status == .running)
        engine.advance(by: .seconds(1))
        #expect(try engine.onlyRun().status == .cancelled)
        engine.send("demo/x")
        engine.advance(by: .seconds(20))
        #expect(engine.runs[1].status == .running, "it has been called")
    }

    @Test("a run that does not end in time is cancelled, whatever it is doing", arguments: [true, false])
    func finishTimeout(isCalling: Bool) throws {
        let engine = CoreHarness(timed(finish: .seconds(10)))
        engine.send("demo/x")
        let call = try engine.onlyCall()
        if !isCalling { engine.reply(call, sleep("s", "1h")) }
        engine.advance(by: .seconds(9))
        #expect(try engine.onlyRun().status == .running)
        if !isCalling { engine.restart() }
        engine.advance(by: .seconds(1))
        #expect(try engine.onlyRun().status == .cancelled)
        if isCalling { engine.reply(call, with: .returned(nil)) }
        #expect(try engine.onlyRun().status == .cancelled)
    }

    @Test("a reply that comes when the run's time is up leads to nothing more")
    func lateReply() throws {
        let engine = CoreHarness(timed(finish: .seconds(10)))
        engine.send("demo/x")
        let call = try engine.onlyCall()
        engine.now = engine.now + .seconds(10)
        engine.reply(call, stepRun("a"), stepRun("b"))
        let run = try engine.onlyRun()
        #expect(run.status == .cancelled)
        #expect(run.jobs.isEmpty && engine.calls.isEmpty)
    }

    @Test("a timeout counts as today's configuration says")
    func changedTimeout() throws {
        let engine = CoreHarness(timed(finish: .seconds(10)))
        engine.send("demo/x")
        try engine.answer(sleep("s", "1h"))
        engine.register([timed(finish: .seconds(30))])
        engine.advance(by: .seconds(29))
        #expect(try engine.onlyRun().status == .running)
        engine.advance(by: .seconds(1))
        #expect(try engine.onlyRun().status == .cancelled)
        engine.send("demo/x")
        try engine.answer(sleep("s", "1h"))
        engine.register([timed()])
        engine.advance(by: .minutes(5))
        #expect(engine.runs[1].status == .running)
    }
}
