import ApusCore
import Testing

@testable import ApusEngine

@Suite("Retries")
struct RetryTests {
    private let engine = CoreHarness(function("app-f", on: "demo/x"))

    @Test("a failed attempt is repeated by the same job with the next attempt and generation")
    func retry() throws {
        engine.send("demo/x")
        let first = try engine.onlyCall()
        try engine.fail()
        #expect(engine.calls.isEmpty)
        engine.advance(by: .milliseconds(14_999))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .seconds(30))
        let second = try engine.onlyCall()
        #expect(second.attempt == 1)
        #expect(second.generation == 2)
        #expect(second.jobID == first.jobID)
        #expect(second.requestID != first.requestID)
        #expect(second.context?["max_attempts"]?.int == 5)
        #expect(second.position == first.position)
    }

    @Test("each wait follows the table: 15 s, 30 s, 1 min, 2 min, each with less than 30 s on top")
    func delays() throws {
        engine.send("demo/x")
        for seconds in [15, 30, 60, 120] as [Int64] {
            let failedAt = engine.now
            try engine.fail()
            let retryAt = try #require(try engine.onlyRun().wakeTime)
            #expect((seconds * 1_000..<(seconds + 30) * 1_000).contains((retryAt - failedAt).milliseconds))
            engine.advance(to: retryAt)
        }
        try engine.fail()
        #expect(try engine.onlyRun().status == .failed)
        let failures = engine.changes.filter { if case .attemptFailed = $0.what { true } else { false } }
        #expect(failures.count == 4)
    }

    @Test("a fixed interval replaces the table")
    func fixedInterval() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.retryInterval = .seconds(2) }
        engine.send("demo/x")
        for attempt in 0..<4 {
            #expect(try engine.onlyCall().attempt == Int64(attempt))
            try engine.fail()
            engine.advance(by: .milliseconds(1_999))
            #expect(engine.calls.isEmpty)
            engine.advance(by: .milliseconds(1))
        }
    }

    @Test(
        "a function's own retries decide how many attempts it has",
        arguments: [(nil, 5), (0, 1), (1, 2), (20, 21), (25, 21), (-1, 1)] as [(Int?, Int)]
    )
    func maxAttempts(retries: Int?, attempts: Int) throws {
        let engine = CoreHarness(function("app-f", on: "demo/x", retries: retries)) { $0.retryInterval = .seconds(1) }
        engine.send("demo/x")
        var made = 0
        while let call = engine.calls.first {
            #expect(call.context?["max_attempts"]?.int == Int64(attempts))
            made += 1
            engine.reply(call, with: .failed(.status500))
            engine.advance(by: .seconds(1))
        }
        #expect(made == attempts)
        #expect(try engine.onlyRun().status == .failed)
    }

    @Test("Retry-After sets the time of the next attempt")
    func retryAfter() throws {
        engine.send("demo/x")
        var failure = AttemptFailure.status500
        failure.retryAfter = engine.now + .hours(7)
        try engine.fail(failure)
        engine.advance(by: .milliseconds(7 * 3_600_000 - 1))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .milliseconds(1))
        #expect(try engine.onlyCall().attempt == 1)
    }

    @Test("no-retry fails the run at once")
    func noRetry() throws {
        engine.send("demo/x")
        try engine.fail(.final)
        let run = try engine.onlyRun()
        #expect(run.status == .failed)
        #expect(run.end?.cause == "NonRetriableError")
        #expect(run.output == #"{"message":"m","name":"E"}"#)
    }

    @Test(
        "an answer that is no answer of an SDK is an ordinary failed attempt",
        arguments: [
            AttemptFailure.notSDK, .unreachable("refused"), .timedOut, .tooLarge(limit: 1), .brokenReply("cut"),
            .unsupportedEncoding("zstd"),
        ]
    )
    func noticed(failure: AttemptFailure) throws {
        engine.send("demo/x")
        try engine.fail(failure)
        engine.advance(by: .minutes(1))
        #expect(try engine.onlyCall().attempt == 1)
        #expect(try engine.onlyRun().status == .running)
    }

    @Test("the last failure is the run's output")
    func lastFailure() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x", retries: 1))
        engine.send("demo/x")
        try engine.fail(.notSDK)
        engine.advance(by: .minutes(1))
        try engine.fail()
        let run = try engine.onlyRun()
        #expect(run.output == AttemptFailure.status500.body.description)
        #expect(run.end?.cause == "invalid status code: 500")
    }

    @Test("memoised steps stay, and every job has its own attempts")
    func budgetPerJob() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x", retries: 1))
        engine.send("demo/x")
        for name in ["a", "b", "c"] {
            try engine.fail()
            engine.advance(by: .minutes(1))
            #expect(try engine.onlyCall().attempt == 1)
            try engine.answer(stepRun(name))
            #expect(try engine.onlyCall().attempt == 0)
        }
        #expect(try engine.onlyCall().stack == ids("a", "b", "c"))
        try engine.fail()
        engine.advance(by: .minutes(1))
        #expect(try engine.onlyCall().stack == ids("a", "b", "c"))
        try engine.fail()
        #expect(try engine.onlyRun().status == .failed)
    }

    // MARK: Step errors

    @Test("a step that fails is tried again by the same job")
    func stepErrorIsRetried() throws {
        engine.send("demo/x")
        let first = try engine.onlyCall()
        try engine.answer(stepError("a"))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .minutes(1))
        let second = try engine.onlyCall()
        #expect(second.jobID == first.jobID)
        #expect(second.attempt == 1)
        #expect(second.stepID == "step")
        #expect(second.memoized.isEmpty)
        try engine.answer(stepRun("a", "1"))
        #expect(try engine.onlyCall().memo("a") == #"{"data":1}"#)
        #expect(try engine.onlyCall().attempt == 0)
    }

    @Test("a step whose attempts are spent hands its error to a fresh call, so that code can catch it")
    func stepErrorIsSpent() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x", retries: 1))
        engine.send("demo/x")
        let first = try engine.onlyCall()
        try engine.answer(stepError("a", "one"))
        engine.advance(by: .minutes(1))
        try engine.answer(stepError("a", "two"))
        let call = try engine.onlyCall()
        #expect(call.memo("a") == #"{"error":{"message":"two","name":"E"}}"#)
        #expect(call.stack == ids("a"))
        #expect(call.attempt == 0)
        #expect(call.jobID != first.jobID)
        try engine.complete("1")
        #expect(try engine.onlyRun().status == .completed)
    }

    @Test("a step error in a reply marked no-retry is final")
    func stepErrorIsFinal() throws {
        engine.send("demo/x")
        engine.reply(try engine.onlyCall(), stepError("a"), isFinal: true)
        #expect(try engine.onlyCall().memo("a") == #"{"error":{"message":"boom","name":"E"}}"#)
    }

    @Test("StepFailed is final whatever attempts are left")
    func stepFailedIsFinal() throws {
        engine.send("demo/x")
        try engine.answer(stepFailed("a"))
        #expect(try engine.onlyCall().memo("a") == #"{"error":{"message":"boom","name":"E"}}"#)
        let finished = engine.changes.compactMap {
            if case .stepFinished(_, let outcome) = $0.what { outcome } else { nil }
        }
        #expect(finished == [.failed])
    }

    @Test("Retry-After of a step error sets the time of the next attempt")
    func stepErrorRetryAfter() throws {
        engine.send("demo/x")
        engine.reply(try engine.onlyCall(), stepError("a"), retryAfter: engine.now + .hours(2))
        engine.advance(by: .milliseconds(2 * 3_600_000 - 1))
        #expect(engine.calls.isEmpty)
        engine.advance(by: .milliseconds(1))
        #expect(try engine.onlyCall().attempt == 1)
    }

    @Test("a targeted step that fails is tried again by the same targeted call")
    func targetedStepError() throws {
        engine.send("demo/x")
        try engine.answer(planned("a"))
        let first = try engine.call(for: "a")
        try engine.answer(stepError("a"))
        engine.advance(by: .minutes(1))
        let second = try engine.call(for: "a")
        #expect(second.jobID == first.jobID)
        #expect(second.attempt == 1)
        #expect(second.generation == 2)
        try engine.answer(stepRun("a"))
        #expect(try engine.discovery().attempt == 0)
    }

    @Test("a run that has failed makes no call any more, whatever its siblings answer")
    func failedRunIsSilent() throws {
        engine.send("demo/x")
        try engine.answer(planned("a"), planned("b"), sleep("s", "1m"))
        let late = try engine.call(for: "b")
        engine.reply(try engine.call(for: "a"), with: .failed(.final))
        #expect(try engine.onlyRun().status == .failed)
        engine.reply(late, stepRun("b"))
        engine.advance(by: .hours(1))
        #expect(engine.calls.isEmpty)
        #expect(try engine.onlyRun().stack.isEmpty)
    }
}
