import ApusCore
import ApusEngine
import ApusStore
import Testing

@testable import ApusServer

@Suite("Traces as the APIs show them")
struct TraceSpanTests {
    private static let step = StepID.hashing("mail")
    private static let run = ULID(high: 1, low: 2)
    private static let label = StepLabel(name: "mail", kind: .run)
    private static let error = RawJSON(canonical: Array(#"{"message":"no","name":"E"}"#.utf8))

    private static func at(_ second: Int64) -> Timestamp { Timestamp(milliseconds: second * 1_000) }

    /// The step runs in the first call, fails, and succeeds at the second try; then the function returns.
    private static let turns: [Turn] = [
        Turn(
            at: at(0),
            entries: [
                .started(RunStart(id: run, function: .zero, functionSlug: "shop-main", events: [7])),
                .scheduled(Job(number: 0, key: .start, kind: .discovery, due: at(0), stackPosition: 0)),
                .called(job: 0, generation: 1),
            ]),
        Turn(at: at(1), entries: [.stepNamed(step, label), .attemptFailed(job: 0, retryAt: at(2), error: error)]),
        Turn(at: at(2), entries: [.called(job: 0, generation: 2)]),
        Turn(
            at: at(3),
            entries: [
                .answered(job: 0, version: 2),
                .stepFinished(
                    StepResult(
                        step: step, outcome: .completed,
                        memo: Payload(RawJSON(canonical: Array(#"{"data":{"n":1}}"#.utf8))), label: label)),
                .scheduled(Job(number: 1, key: .after(step), kind: .discovery, due: at(3), stackPosition: 1)),
                .called(job: 1, generation: 1),
            ]),
        Turn(
            at: at(4),
            entries: [.finished(RunEnd(status: .completed, output: Payload(RawJSON.string("done"))))]),
    ]

    private func detail(turns count: Int) -> RunDetail {
        let trace = RunTrace(Array(Self.turns.prefix(count)))
        let projection = RunProjection(
            status: trace.end?.status ?? .running, startedAt: trace.startedAt, endedAt: trace.endedAt, wakeAt: nil,
            head: 0
        )
        let run = StoredRun(
            row: 1, id: Self.run, function: .zero, functionSlug: "shop-main", eventID: Self.run, eventName: "e",
            createdAt: Self.at(0), projection: projection, end: trace.end
        )
        return RunDetail(run: run, trace: trace, eventRows: [7])
    }

    @Test("a step that is tried again has begun with its first call")
    func retried() throws {
        let step = try #require(TraceSpan(detail(turns: 2), name: "Run").children.first)
        #expect(step.name == "mail" && step.status == .running && step.attempt == 0)
        #expect(step.startedAt == Self.at(0) && step.endedAt == nil && step.output == nil && step.children.isEmpty)
    }

    @Test("attempts are children, and each output is found by its reference alone")
    func attempts() throws {
        let detail = detail(turns: 5)
        let root = TraceSpan(detail, name: "Run")
        #expect(root.status == .completed && root.children.map(\.name) == ["mail", "Finalization"])
        let step = root.children[0]
        #expect(step.attempt == 1 && step.milliseconds == 3_000 && step.parent == root.id)
        #expect(step.children.map(\.name) == ["Attempt 0", "Attempt 1"])
        #expect(step.children.map(\.status) == [.failed, .completed])

        func output(_ span: TraceSpan) throws -> SpanOutput? {
            let text = try #require(span.output).text
            return SpanOutput.find(try #require(SpanOutput.Reference(text)), in: detail)
        }
        guard case .result(let result) = try output(step), case .error(let error) = try output(step.children[0]),
            case .result(let end) = try output(root.children[1]), case .result(let whole) = try output(root)
        else {
            Issue.record("an output is of the wrong kind")
            return
        }
        #expect(result?.description == #"{"n":1}"# && error == Self.error)
        #expect(end == .string("done") && whole == .string("done"))
    }

    @Test("ids of spans are the same at every look, and different ones")
    func ids() {
        func ids() -> [String] {
            let root = TraceSpan(detail(turns: 5), name: "Run")
            return ([root] + root.children + root.children.flatMap(\.children)).map(\.id)
        }
        #expect(ids() == ids() && Set(ids()).count == 5)
        #expect(ids().allSatisfy { $0.count == 16 })
    }

    @Test("references that name nothing are none", arguments: ["", "x", "\(run)", "\(run)..", "\(run).x.run", "..run"])
    func wrongReferences(_ text: String) {
        #expect(SpanOutput.Reference(text) == nil)
    }

    @Test("step ids of any kind survive in references", arguments: ["a", "a.b..c", "run", "é \"x\""])
    func references(_ id: String) throws {
        let step = try #require(StepID(id))
        for attempt in [nil, 0, 12] {
            let reference = SpanOutput.Reference(run: Self.run, part: .step(step), attempt: attempt)
            #expect(SpanOutput.Reference(reference.text) == reference)
        }
    }
}
