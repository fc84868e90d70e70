import Apus
import ApusCore

/// The steps of a run in the order in which the function reached them.
struct StepList {
    private(set) var all: [TestStep] = []
    private var positions: [StepID: Int] = [:]
    private var counts: [String: Int] = [:]
    /// What functions sent that steps invoked.
    private(set) var sentByOthers: [SentEvent] = []

    var count: Int { all.count }

    /// - Returns: whether it is new.
    mutating func add(_ op: Op, line: SourceLine?, at time: TimeSpan) -> Bool {
        guard positions[op.id] == nil else { return false }
        let index = counts[op.displayName, default: 0]
        counts[op.displayName] = index + 1
        positions[op.id] = all.count
        var step = TestStep(name: op.displayName, index: index)
        step.kind = TestStep.Kind(op)
        step.line = line?.description ?? ""
        step.start = Duration(time)
        step.outcome = .unfinished
        all.append(step)
        return true
    }

    func index(of id: StepID) -> Int { positions[id].map { all[$0].index } ?? 0 }

    mutating func setAttempts(_ count: Int, of id: StepID) {
        guard let position = positions[id] else { return }
        all[position].attempts = count
    }

    mutating func end(
        _ id: StepID, _ memo: RawJSON, _ outcome: TestStep.Outcome, attempts: Int?, at time: TimeSpan
    ) {
        guard let position = positions[id] else { return }
        all[position].outcome = outcome
        all[position].end = Duration(time)
        all[position].attempts = attempts ?? max(all[position].attempts, 1)
        all[position].memo = memo
    }

    /// Takes over what a function did that a step invoked.
    mutating func include(_ record: RunRecord, of id: StepID) {
        guard let position = positions[id] else { return }
        all[position].invoked = record.steps
        sentByOthers += record.sent
    }
}

extension TestStep.Kind {
    fileprivate init(_ op: Op) {
        switch (op.kind, op.options?.view["type"]?.string) {
        case (.sleep, _): self = .sleep
        case (.waitForEvent, _): self = .waitForEvent
        case (.waitForSignal, _): self = .waitForSignal
        case (.invokeFunction, _): self = .invoke
        case (.gateway, _): self = .fetch
        case (.aiGateway, _): self = .infer
        case (_, "step.sendEvent"): self = .send
        case (_, "step.sendSignal"): self = .sendSignal
        default: self = .run
        }
    }
}

extension Duration {
    init(_ span: TimeSpan) { self = .nanoseconds(span.nanoseconds) }
}
