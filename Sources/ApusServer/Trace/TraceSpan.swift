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
    /// What is noted with it.
    var metadata: [RunMetadata.Entry] = []
    /// Where its result is found; `nil` when it has none.
    var output: SpanOutput.Reference?
    var children: [TraceSpan] = []

    enum Kind: Sendable {
        case run
        /// Also of its attempts.
        case step(RunTrace.Step)
        /// The last call, in which the function returned or failed.
        case end
        /// One that the app made itself.
        case own(AppSpan)
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
        metadata = detail.trace.metadata.entries { $0 == .run }
        children = detail.trace.steps.compactMap {
            TraceSpan($0, of: run.id, parent: root, metadata: detail.trace.metadata)
        }
        adopt(detail.spans, of: detail.trace.metadata)
    }

    // MARK: - The app's own spans

    private init(_ span: AppSpan, parent: String, _ children: [UInt64: [AppSpan]], _ metadata: RunMetadata) {
        id = TraceContext(trace: ULID(high: 0, low: 0), span: span.id).spanID
        self.parent = parent
        name = span.name
        kind = .own(span)
        status = span.status == .error ? .failed : .completed
        attempt = span.attempt
        queuedAt = Timestamp(milliseconds: span.startedAt / 1_000_000)
        startedAt = queuedAt
        endedAt = Timestamp(milliseconds: span.endedAt / 1_000_000)
        let name = id
        self.metadata = metadata.entries { if case .span(_, _, name) = $0 { true } else { false } }
        self.children = (children[span.id] ?? []).map { TraceSpan($0, parent: name, children, metadata) }
    }

    /// Hangs the app's spans under the step, the attempt or the span in which they were made.
    private mutating func adopt(_ spans: [AppSpan], of metadata: RunMetadata) {
        guard !spans.isEmpty else { return }
        let known = Set(spans.map(\.id))
        var children: [UInt64: [AppSpan]] = [:]
        var roots: [AppSpan] = []
        for span in spans.sorted(by: { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) }) {
            if let parent = span.parent, known.contains(parent), !Self.isCircle(span, spans) {
                children[parent, default: []].append(span)
            } else {
                roots.append(span)
            }
        }
        for root in roots {
            let place = self.children.firstIndex { $0.stepID != nil && $0.stepID == root.step }
            guard let place else {
                self.children.append(TraceSpan(root, parent: id, children, metadata))
                continue
            }
            let attempts = self.children[place].children
            if let attempt = attempts.firstIndex(where: { $0.attempt == root.attempt && !$0.isOwn }) {
                let made = TraceSpan(root, parent: attempts[attempt].id, children, metadata)
                self.children[place].children[attempt].children.append(made)
            } else {
                let made = TraceSpan(root, parent: self.children[place].id, children, metadata)
                self.children[place].children.append(made)
            }
        }
    }

    /// Whether a span is an ancestor of itself, as only a broken exporter tells it.
    private static func isCircle(_ span: AppSpan, _ spans: [AppSpan]) -> Bool {
        let parents = Dictionary(spans.map { ($0.id, $0.parent) }) { first, _ in first }
        var next = span.parent
        for _ in 0..<spans.count {
            guard let found = next else { return false }
            if found == span.id { return true }
            next = parents[found] ?? nil
        }
        return true
    }

    private var isOwn: Bool {
        if case .own = kind { true } else { false }
    }

    private init?(_ step: RunTrace.Step, of run: ULID, parent: String, metadata: RunMetadata) {
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
        let notes = metadata.entries { $0.step != nil && $0.step == step.id }
        guard called.count > 1 else {
            self.metadata = notes
            return
        }
        self.metadata = notes.filter { $0.target.attempt == nil }
        children = called.map { attempt in
            var span = TraceSpan(attempt, of: step, self, run, reference, isLast: attempt.number == self.attempt)
            span.metadata = notes.filter { $0.target.attempt == attempt.number }
            return span
        }
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
