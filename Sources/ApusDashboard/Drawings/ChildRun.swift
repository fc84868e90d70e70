import ApusCore
import ApusEngine
import ApusNode
import ApusStore

/// A run that a step has invoked, as a row below that step.
struct ChildRun: Sendable {
    var run: StoredRun
    var state: Part
    /// What all its steps did, in one row.
    var bars: [StepBars.Bar]
    var took: String

    /// Steps of a run whose invoked runs are looked for.
    private static let most = 20
    /// Bars of a row.
    private static let bars = 200

    /// The runs that the steps of a trace have invoked, by the steps' places.
    static func find(_ trace: RunTrace, on node: Node, now: Timestamp) async throws -> [Int: ChildRun] {
        let invoking = trace.steps.indices.lazy.compactMap { index in
            trace.steps[index].details.invocation.map { (index, $0.event) }
        }.prefix(most)
        let wanted = Array(invoking)
        guard !wanted.isEmpty else { return [:] }
        return try await node.read { reader throws(StoreError) in
            var found: [Int: ChildRun] = [:]
            for (index, event) in wanted {
                guard let run = try reader.runs(ofEvent: event).first,
                    let history = try reader.journal(ofRun: run.id)
                else { continue }
                found[index] = ChildRun(run, RunTrace(history.turns), now: now)
            }
            return found
        }
    }

    private init(_ run: StoredRun, _ trace: RunTrace, now: Timestamp) {
        self.run = run
        state = RunRow.statePart(run.projection, now)
        let end = trace.endedAt ?? max(now, trace.createdAt)
        bars = Array(trace.steps.lazy.flatMap { StepBars.bars(of: $0, until: end) }.prefix(Self.bars))
        took = TimeText.duration(end - trace.createdAt)
    }
}
