import ApusCore
import ApusEngine

/// What a run did, a line for each thing a person would name: read from its journal, for the page
/// and for `apus trace`.
package struct RunTimeline: Sendable {
    package struct Line: Hashable, Sendable {
        package var at: Timestamp
        package var what: String
        package var state: State
    }

    package enum State: String, Hashable, Sendable {
        case done, failed, waiting
    }

    package private(set) var lines: [Line] = []

    package init(turns: [Turn]) {
        var labels: [StepID: StepLabel] = [:]
        var jobs: [JobNumber: Job] = [:]
        for turn in turns {
            // A call without a target that fails in a step names the step in the same turn.
            var named: StepID?
            for entry in turn.entries {
                if case .stepNamed(let step, let label) = entry {
                    labels[step] = label
                    named = step
                }
                if case .gateway(let call) = entry {
                    for request in call.requests { labels[request.step] = request.label }
                }
                if case .scheduled(let job) = entry { jobs[job.number] = job }
                if let line = Self.line(entry, labels: labels, jobs: jobs, named: named) {
                    lines.append(Line(at: turn.at, what: line.what, state: line.state))
                }
            }
        }
    }

    private static func line(
        _ entry: JournalEntry,
        labels: [StepID: StepLabel],
        jobs: [JobNumber: Job],
        named: StepID?
    ) -> (what: String, state: State)? {
        switch entry {
        case .started(let start):
            return ("\(start.functionSlug) started", .done)
        case .scheduled(let job):
            guard case .sleep(let step) = job.kind else { return nil }
            return ("\(name(step, labels)) sleeps until \(job.wakeTime.rfc3339)", .waiting)
        case .invoked(let wait):
            return ("\(name(wait.step, labels)) invoked \(wait.functionSlug)", .waiting)
        case .attemptFailed(let number, let retryAt, let error):
            let message = error.view["message"]?.string ?? "failed"
            let target = (jobs[number]?.step ?? named).map { name($0, labels) + ": " } ?? ""
            return ("\(target)\(message); next attempt at \(retryAt.rfc3339)", .failed)
        case .stepFinished(let result):
            return line(result)
        case .finished(let end):
            let cause = end.status == .cancelled && !end.cause.isEmpty ? ": \(end.cause)" : ""
            return ("run \(end.status.name.lowercased())\(cause)", end.status == .completed ? .done : .failed)
        case .listening(let listener):
            guard let step = listener.step else { return nil }
            let what = if case .signal = listener.purpose { "the signal" } else { "the event" }
            let condition = listener.condition.map { " with \($0)" } ?? ""
            return (
                "\(name(step, labels)) waits for \(what) \(listener.name)\(condition) until \(listener.until.rfc3339)",
                .waiting
            )
        case .gateway(let call):
            let requests = call.requests.map { "\($0.label.name) asks \($0.host)" }
            return (requests.joined(separator: "; "), .waiting)
        case .displaced:
            return ("another run has taken over the signal", .waiting)
        case .waited(let obstacle, let since):
            return ("\(WaitText.waited(for: obstacle)) since \(since.rfc3339)", .done)
        case .origin(let origin):
            return ("repeats run \(origin.run) from the \(origin.start.name)", .done)
        case .woken: return ("woken by hand", .done)
        case .deferred(let deferral): return ("\(deferral.function) is to start when the run ends", .done)
        case .deferAborted: return ("a deferred call was taken back", .done)
        case .leftOut(_, let reason): return ("left out: \(reason)", .failed)
        case .annotated(let annotation): return ("metadata \(annotation.update.kind) was noted", .done)
        case .stepDescribed, .checkpointed, .called, .answered, .parallel, .planMode, .stepNamed, .expires, .keyed,
            .invokedBy, .endpoint, .hosted:
            return nil
        }
    }

    private static func line(_ result: StepResult) -> (what: String, state: State) {
        switch (result.outcome, result.label.kind) {
        case (.completed, .sleep): ("\(result.label.name) woke up", .done)
        case (.completed, .invoke): ("\(result.label.name) got its result", .done)
        case (.completed, .waitForEvent): ("\(result.label.name) got its event", .done)
        case (.completed, .aiGateway), (.completed, .gateway): ("\(result.label.name) got its answer", .done)
        case (.completed, .waitForSignal): ("\(result.label.name) got its signal", .done)
        case (.completed, _): ("\(result.label.name) finished", .done)
        case (.failed, _): ("\(result.label.name) failed for good", .failed)
        case (.timedOut, _): ("\(result.label.name) timed out", .failed)
        }
    }

    private static func name(_ step: StepID, _ labels: [StepID: StepLabel]) -> String {
        labels[step]?.name ?? String(step.description.prefix(8))
    }
}
