import ApusCore
import Testing

@testable import ApusEngine

@Suite("Sleeps")
struct SleepTests {
    private let engine = CoreHarness(function("app-f", on: "demo/x", retries: 1)) { $0.wakeHorizon = .days(1) }

    private func begin(_ ops: Op...) throws {
        engine.send("demo/x")
        engine.reply(try engine.onlyCall(), with: .ops(AppReply.OpList(ops: ops, version: 2)))
    }

    @Test(
        "a sleep ends when its time has come, not a millisecond before",
        arguments: [
            ("2s", 2_000), ("1.5s", 1_500), ("1m30s", 90_000), ("2h", 7_200_000), ("1d", 86_400_000),
            ("1w", 604_800_000), ("2025-06-15T16:00:00Z", 3_200_000),
        ] as [(String, Int64)]
    )
    func ends(text: String, milliseconds: Int64) throws {
        try begin(sleep("s", text))
        engine.advance(to: Timestamp(milliseconds: CoreHarness.start.milliseconds + milliseconds - 1))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .milliseconds(1))
        let call = try engine.onlyCall()
        #expect(call.memo("s") == "null")
        #expect(call.stack == ids("s"))
    }

    @Test("Go writes the duration into the options")
    func goSleep() throws {
        try begin(Op(kind: .sleep, id: id("s"), name: "s", options: json(#"{"duration":"3s"}"#)))
        engine.advance(by: .seconds(3))
        #expect(try engine.onlyCall().stack == ids("s"))
    }

    @Test("the sleeping job goes on as the call that follows, attempt 0")
    func sameJob() throws {
        try begin(sleep("s", "2s"))
        let jobID = try engine.onlyRun().jobs.map { CallNames.jobID(run: try engine.onlyRun().id, job: $0.number) }
        engine.advance(by: .seconds(2))
        let call = try engine.onlyCall()
        #expect([call.jobID] == jobID)
        #expect(call.attempt == 0)
        #expect(call.generation == 1)
        #expect(call.position == 1)
        #expect(call.isPlanning == false)
    }

    @Test("a call after a sleep has its own attempts")
    func attempts() throws {
        try begin(sleep("s", "2s"))
        engine.advance(by: .seconds(2))
        let first = try engine.onlyCall()
        try engine.fail()
        engine.advance(by: .minutes(1))
        let second = try engine.onlyCall()
        #expect(second.attempt == 1)
        #expect(second.jobID == first.jobID)
        try engine.answer(stepRun("a"))
        #expect(try engine.onlyCall().stack == ids("s", "a"))
    }

    @Test("a sleep of nothing or of the past ends at once", arguments: ["", "0s", "-5s", "2020-01-01T00:00:00Z"])
    func ofThePast(text: String) throws {
        try begin(sleep("s", text))
        #expect(try engine.onlyCall().stack == ids("s"))
    }

    @Test("a sleep of more than 366 days fails the run and names the limit")
    func tooLong() throws {
        try begin(sleep("s", "367d"))
        let run = try engine.onlyRun()
        #expect(run.status == .failed)
        let error = try #require(run.end?.output?.json.view)
        #expect(error["name"]?.string == "InngestErrTimeoutTooLong")
        #expect(
            error["message"]?.string
                == #"The sleep "367d" ends more than one year in the future; sleeps may last at most one year."#
        )
        #expect(engine.calls.isEmpty)
    }

    @Test("a sleep of 366 days is slept")
    func longest() throws {
        try begin(sleep("s", "366d"))
        #expect(try engine.onlyRun().wakeTime == CoreHarness.start + .days(366))
    }

    @Test("a sleep that cannot be read is a failed attempt, and fails the run when none is left")
    func unreadable() throws {
        try begin(sleep("s", "soon"))
        #expect(try engine.onlyRun().status == .running)
        engine.advance(by: .minutes(1))
        #expect(try engine.onlyCall().attempt == 1)
        try engine.answer(sleep("s", "soon"))
        let run = try engine.onlyRun()
        #expect(run.status == .failed)
        #expect(run.end?.cause == #"time: invalid duration "soon""#)
    }

    @Test("a reply with an unreadable sleep is refused as a whole")
    func refusedAsAWhole() throws {
        try begin(stepRun("a"), sleep("s", "soon"))
        #expect(try engine.onlyRun().stack.isEmpty)
    }

    // MARK: Alarms

    @Test(
        "a sleep beyond the horizon of memory ends in time, whether the run stays in memory or not",
        arguments: [0, 1 << 30])
    func beyondHorizon(residentBytes: Int) throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) {
            $0.wakeHorizon = .minutes(10)
            $0.limits.residentBytes = residentBytes
        }
        for name in ["10m", "11m", "3h", "2d"] {
            engine.send("demo/x")
            try engine.answer(sleep(name, name))
        }
        engine.feed(.tick)
        #expect(engine.core.residents.count == (residentBytes == 0 ? 0 : 4))
        for (name, minutes) in [("10m", 10), ("11m", 11), ("3h", 180), ("2d", 2_880)] {
            engine.advance(to: CoreHarness.start + .milliseconds(minutes * 60_000 - 1))
            #expect(engine.calls.isEmpty, "\(name)")
            engine.advance(by: .milliseconds(1))
            #expect(try engine.onlyCall().stack == ids(name))
            try engine.complete()
        }
    }

    @Test("runs that sleep far beyond the horizon hold no alarms in memory")
    func farAlarms() throws {
        for _ in 0..<10 {
            engine.send("demo/x")
            try engine.answer(sleep("s", "30d"))
        }
        #expect(engine.core.nextWake == CoreHarness.start + .hours(12), "only the index is to be read")
    }

    @Test("places in the queue of idle runs do not pile up")
    func idlePlaces() throws {
        try begin(sleep("s", "1d"))
        let resident = try #require(engine.core.residents.values.first)
        for _ in 0..<1_200 {
            engine.core.touch(resident)
            engine.feed(.tick)
        }
        #expect(Array(engine.core.idle).count <= 1_025)
    }
}
