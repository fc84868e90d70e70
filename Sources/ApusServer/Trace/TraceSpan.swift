import ApusCore
import ApusEngine
import ApusStore

/// A run, one of its steps or one attempt, with what lies within.
struct TraceSpan: Sendable {
    /// 16 hexadecimal digits, the same at every look.
    var id: String
    var parent: String?
    var name: String
    var kind: Kind
    var status: Status
    /// Of the last attempt, 0-based.
    var attempt: Int
    var queuedAt: Timestamp
    var startedAt: Timestamp?
    var endedAt: Timestamp?
    /// Where its result is found; `nil` when it has none.
    var output: SpanOutput.Reference?
    var children: [TraceSpan] = []

    enum Kind: Sendable {
        case run
        /// Also of its attempts.
        case step(RunTrace.Step)
        /// The last call, in which the function returned or failed.
        case end
    }

    enum Status: String, Hashable, Sendable {
        case queued = "QUEUED"
        case running = "RUNNING"
        case waiting = "WAITING"
        case completed = "COMPLETED"
        case failed = "FAILED"
        case cancelled = "CANCELLED"

        init(_ run: RunState) {
            self =
                switch run {
                case .queued: .queued
                case .running: .running
                case .completed: .completed
                case .failed: .failed
                case .cancelled: .cancelled
                }
        }

        /// - Parameter hasBegun: whether the app has been called for the step, or the step sleeps or waits.
        init(_ step: RunTrace.Step, hasBegun: Bool) {
            self =
                switch step.state {
                case .queued: hasBegun ? .running : .queued
                case .running: .running
                case .waiting: .waiting
                case .completed: .completed
                case .failed: .failed
                // A wait that nothing ended has its result; an invocation without an answer has failed.
                case .timedOut: step.kind == .step(.invoke) ? .failed : .completed
                case .cancelled: .cancelled
                }
        }
    }

    /// How the protocol names what a step does; `nil` for what is no step.
    var stepOp: String? {
        guard case .step(let step) = kind, case .step(let kind) = step.kind else { return nil }
        return switch kind {
        case .run, .legacy: "RUN"
        case .sleep: "SLEEP"
        case .invoke: "INVOKE"
        case .waitForEvent: "WAIT_FOR_EVENT"
        case .waitForSignal: "WAIT_FOR_SIGNAL"
        case .aiGateway: "AI_GATEWAY"
        case .gateway: "GATEWAY"
        }
    }

    var stepID: StepID? {
        if case .step(let step) = kind { step.id } else { nil }
    }

    var milliseconds: Int64? {
        guard let startedAt, let endedAt else { return nil }
        return endedAt.milliseconds - startedAt.milliseconds
    }

    // MARK: - Making

    /// The tree of a run: its steps and last call, and their attempts where there was more than one. Calls in
    /// which the function only planned steps are not part of it.
    init(_ detail: RunDetail, name: String) {
        let run = detail.run
        let root = Self.id(of: run.id, "")
        id = root
        self.name = name
        kind = .run
        status = Status(RunState(run.projection))
        attempt = 0
        queuedAt = run.createdAt
        startedAt = run.projection.startedAt
        endedAt = run.projection.endedAt
        let hasOutput = run.end.map { $0.status != .cancelled } ?? false
        output = hasOutput ? SpanOutput.Reference(run: run.id, part: .run) : nil
        children = detail.trace.steps.compactMap { TraceSpan($0, of: run.id, parent: root) }
    }

    private init?(_ step: RunTrace.Step, of run: ULID, parent: String) {
        let part: SpanOutput.Part
        switch (step.kind, step.id) {
        case (.plan, _): return nil
        case (.end, _), (.step, nil):
            part = .end
            kind = .end
            name = "Finalization"
        case (.step, let step?):
            part = .step(step)
            kind = .end
            name = ""
        }
        if case .step = step.kind {
            kind = .step(step)
            name = step.name
        }
        let place = part.text
        id = Self.id(of: run, place)
        self.parent = parent
        let called = step.attempts.filter { $0.calledAt != nil }
        // The first call may have been made before anybody knew what step it would be about.
        startedAt = [step.startedAt, called.first?.calledAt].compactMap(\.self).min()
        status = Status(step, hasBegun: startedAt != nil)
        queuedAt = step.createdAt
        endedAt = step.endedAt
        attempt = called.last?.number ?? 0
        let reference = SpanOutput.Reference(run: run, part: part)
        output = Self.hasOutput(step) ? reference : nil
        guard called.count > 1 else { return }
        children = called.map { TraceSpan($0, of: step, self, run, reference, isLast: $0.number == attempt) }
    }

    /// One try of a step.
    private init(
        _ attempt: RunTrace.Attempt, of step: RunTrace.Step, _ span: TraceSpan, _ run: ULID,
        _ reference: SpanOutput.Reference, isLast: Bool
    ) {
        id = Self.id(of: run, "\(reference.part.text) \(attempt.number)")
        parent = span.id
        name = "Attempt \(attempt.number)"
        kind = span.kind
        status = attempt.error != nil ? .failed : isLast ? span.status : .completed
        self.attempt = attempt.number
        queuedAt = attempt.dueAt
        startedAt = attempt.calledAt
        endedAt = attempt.answeredAt ?? (isLast ? span.endedAt : nil)
        output =
            attempt.error != nil
            ? SpanOutput.Reference(run: run, part: reference.part, attempt: attempt.number)
            : isLast ? span.output : nil
    }

    /// Sleeps and waits that nothing ended have none.
    private static func hasOutput(_ step: RunTrace.Step) -> Bool {
        guard case .step(let kind) = step.kind else {
            return step.state == .completed || step.state == .failed
        }
        guard let memo = step.result?.memo.json, !memo.isNull else { return false }
        return kind != .invoke || !(memo.view["data"]?.isNull ?? false)
    }

    private static func id(of run: ULID, _ place: String) -> String {
        var hash = StableHash()
        hash.combine(run.bytes)
        hash.combine(place)
        let digits = String(hash.value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
