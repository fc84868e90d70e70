import ApusCore
import ApusEngine
import Testing

@testable import ApusServer

@Suite("The timeline of a run")
struct RunTimelineTests {
    private static let step = StepID.hashing("mail")
    private static let nap = StepID.hashing("nap")
    private static let at = Timestamp(milliseconds: 1_700_000_000_000)

    private func lines(_ entries: [JournalEntry]) -> [String] {
        RunTimeline(turns: [Turn(at: Self.at, entries: entries)]).lines.map(\.what)
    }

    @Test("names steps as the user named them")
    func names() {
        let label = StepLabel(name: "mail", kind: .run)
        let result = StepResult(step: Self.step, outcome: .completed, memo: Payload(.null), label: label)
        #expect(lines([.stepFinished(result)]) == ["mail finished"])
    }

    @Test("says until when a step sleeps")
    func sleeping() {
        let job = Job(number: 1, key: .sleep(Self.nap), kind: .sleep(Self.nap), due: Self.at, stackPosition: 0)
        let entries: [JournalEntry] = [.stepNamed(Self.nap, StepLabel(name: "nap", kind: .sleep)), .scheduled(job)]
        #expect(lines(entries) == ["nap sleeps until 2023-11-14T22:13:20.000Z"])
    }

    @Test("says what failed and when it is tried again")
    func failing() throws {
        let job = Job(number: 1, key: .plan(Self.step), kind: .target(Self.step), due: Self.at, stackPosition: 0)
        let error = try RawJSON(parsing: Array(#"{"message":"no mail today","name":"E"}"#.utf8))
        let entries: [JournalEntry] = [
            .stepNamed(Self.step, StepLabel(name: "mail", kind: .run)), .scheduled(job),
            .attemptFailed(job: 1, retryAt: Self.at, error: error),
        ]
        #expect(lines(entries) == ["mail: no mail today; next attempt at 2023-11-14T22:13:20.000Z"])
    }

    @Test("leaves out what only the engine cares about")
    func plumbing() {
        #expect(lines([.called(job: 0, generation: 1), .answered(job: 0, version: 2), .planMode(true)]).isEmpty)
    }
}
