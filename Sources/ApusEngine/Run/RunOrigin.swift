import ApusCore

/// Which run a run repeats, and from where on.
package struct RunOrigin: Hashable, Sendable {
    package var run: ULID
    package var start: RerunStart
    /// The arguments with which the step is called that the run begins with, a JSON array; `nil` for those that
    /// the function gives it.
    package var input: Payload?
    /// The bulk order that made the run.
    package var replay: ULID?

    package init(run: ULID, start: RerunStart, input: Payload? = nil, replay: ULID? = nil) {
        self.run = run
        self.start = start
        self.input = input
        self.replay = replay
    }

    /// What the step finds in place of a result.
    var edit: (step: StepID, memo: RawJSON)? {
        guard case .step(let step) = start, let input else { return nil }
        var writer = JSONWriter(reserving: input.json.bytes.count + 16)
        writer.beginObject()
        writer.key("input")
        writer.raw(input.json)
        writer.endObject()
        return (step, writer.finish())
    }
}

/// Where a run that is repeated begins.
package enum RerunStart: Hashable, Sendable {
    case beginning
    /// At the step that made the run fail, or where it was when it was cancelled.
    case failure
    case step(StepID)

    /// What the run shows of it.
    package var name: String {
        switch self {
        case .beginning: "beginning"
        case .failure: "failure"
        case .step: "step"
        }
    }
}
