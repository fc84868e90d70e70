import ApusCore
import ApusEngine

/// What a step did when, as stretches of time.
struct StepBars {
    struct Bar: Hashable, Sendable {
        /// As the style names it: `queued`, `call`, `running`, `failed` or `sleep`.
        var key: String
        var from: Int64
        var until: Int64

        /// Whether nothing happens meanwhile, so that the axis may be folded there.
        var isIdle: Bool { key == "sleep" }
    }

    /// - Parameter end: the run's end, or now.
    static func bars(of step: RunTrace.Step, until end: Timestamp) -> [Bar] {
        guard !step.attempts.isEmpty, !isWait(step) else { return waitBars(of: step, until: end) }
        var bars: [Bar] = []
        var last: Timestamp?
        for attempt in step.attempts {
            if let last, attempt.dueAt > last { append("sleep", last, min(attempt.dueAt, end), to: &bars) }
            guard let called = attempt.calledAt else {
                if attempt.dueAt < end, !step.state.isFinal { append("queued", attempt.dueAt, end, to: &bars) }
                continue
            }
            if attempt.dueAt < called { append("queued", attempt.dueAt, called, to: &bars) }
            let isOpen = attempt.answeredAt == nil && !step.state.isFinal
            // Most of the time nobody but the other server is at work.
            let answeredBy = step.details.gateway == nil ? "call" : "sleep"
            let key = attempt.error != nil ? "failed" : isOpen ? "running" : answeredBy
            let answered = attempt.answeredAt ?? step.endedAt ?? end
            append(key, called, answered, to: &bars)
            last = answered
        }
        if step.state == .failed, let index = bars.lastIndex(where: { $0.key == "call" }) { bars[index].key = "failed" }
        return bars
    }

    /// Sleeps and waits go on as a call of the whole function, which is no part of them.
    private static func isWait(_ step: RunTrace.Step) -> Bool {
        switch step.kind {
        case .step(.sleep), .step(.invoke), .step(.waitForEvent), .step(.waitForSignal): true
        default: false
        }
    }

    private static func waitBars(of step: RunTrace.Step, until end: Timestamp) -> [Bar] {
        var bars: [Bar] = []
        append("sleep", step.startedAt ?? step.createdAt, step.endedAt ?? end, to: &bars)
        return bars
    }

    private static func append(_ key: String, _ from: Timestamp, _ until: Timestamp, to bars: inout [Bar]) {
        guard until >= from else { return }
        bars.append(Bar(key: key, from: from.milliseconds, until: until.milliseconds))
    }
}
