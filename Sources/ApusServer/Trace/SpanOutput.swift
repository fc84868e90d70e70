import ApusCore
import ApusEngine
import ApusStore

/// What a run, a step or an attempt brought forth.
enum SpanOutput: Sendable {
    /// A result; `nil` when the function returned without a body.
    case result(RawJSON?)
    /// The error as the app sent it.
    case error(RawJSON)

    /// Names an output, so that it is found by this text alone.
    struct Reference: Hashable, Sendable {
        var run: ULID
        var part: Part
        /// A failed attempt; `nil` for what became of it all.
        var attempt: Int?

        init(run: ULID, part: Part, attempt: Int? = nil) {
            self.run = run
            self.part = part
            self.attempt = attempt
        }

        /// `<run>.<attempt>.<part>`; step ids may hold any character, so they come last.
        var text: String { "\(run).\(attempt.map(String.init) ?? "").\(part.text)" }

        init?(_ text: String) {
            let pieces = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
            guard pieces.count == 3, let run = ULID(pieces[0]), let part = Part(String(pieces[2])) else { return nil }
            let attempt = Int(pieces[1])
            guard attempt != nil || pieces[1].isEmpty else { return nil }
            self.init(run: run, part: part, attempt: attempt)
        }
    }

    enum Part: Hashable, Sendable {
        case run
        case end
        case step(StepID)

        var text: String {
            switch self {
            case .run: "run"
            case .end: "end"
            case .step(let id): "step.\(id)"
            }
        }

        init?(_ text: String) {
            switch text {
            case "run": self = .run
            case "end": self = .end
            default:
                guard text.hasPrefix("step."), let id = StepID(text.dropFirst(5)) else { return nil }
                self = .step(id)
            }
        }
    }

    /// - Returns: `nil` when there is no such output, or none yet.
    static func find(_ reference: Reference, in detail: RunDetail) -> SpanOutput? {
        let step: RunTrace.Step?
        switch reference.part {
        case .run: return of(detail.run.end)
        case .end: step = detail.trace.steps.last { $0.kind == .end }
        case .step(let id): step = detail.trace.steps.last { $0.id == id }
        }
        guard let step else { return nil }
        if let number = reference.attempt {
            return step.attempts.first { $0.number == number }?.error.map(SpanOutput.error)
        }
        return step.kind == .end ? of(detail.run.end) : of(step)
    }

    static func of(_ end: RunEnd?) -> SpanOutput? {
        switch end?.status {
        case .completed: .result(end?.output?.json)
        case .failed: end?.output.map { .error($0.json) }
        case .cancelled, .running, nil: nil
        }
    }

    static func of(_ step: RunTrace.Step) -> SpanOutput? {
        guard let memo = step.result?.memo.json, !memo.isNull else { return nil }
        let view = memo.view
        if step.kind != .step(.legacy), view.kind == .object, view.count == 1 {
            if let error = view["error"] { return .error(error.raw) }
            if let data = view["data"] { return .result(data.raw) }
        }
        return .result(memo)
    }
}
