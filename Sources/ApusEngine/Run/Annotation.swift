import ApusCore

/// Metadata of a run, as it was changed once.
package struct Annotation: Hashable, Sendable {
    package var target: Target
    package var update: MetadataUpdate

    package init(target: Target, update: MetadataUpdate) {
        self.target = target
        self.update = update
    }

    package enum Target: Hashable, Sendable {
        case run
        case step(StepID)
        /// The attempt is 0-based.
        case attempt(StepID, Int)
        /// A span that the app made itself while an attempt ran, by its id.
        case span(StepID, Int, id: String)

        package var step: StepID? {
            switch self {
            case .run: nil
            case .step(let step), .attempt(let step, _), .span(let step, _, _): step
            }
        }

        package var attempt: Int? {
            switch self {
            case .run, .step: nil
            case .attempt(_, let attempt), .span(_, let attempt, _): attempt
            }
        }

        /// As the protocol names it.
        package var scope: String {
            switch self {
            case .run: "run"
            case .step: "step"
            case .attempt: "step_attempt"
            case .span: "extended_trace"
            }
        }
    }

    /// What it counts against ``limit``.
    package var byteCount: Int { update.kind.utf8.count + update.values.bytes.count }
    /// Bytes of all metadata that a run may be given.
    package static let limit = 1 << 20
}
