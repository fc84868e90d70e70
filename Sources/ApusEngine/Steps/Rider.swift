import ApusCore

/// What rides along with the ops of a reply or of a checkpoint without being a step. Nothing of it makes a
/// reply fail: what cannot be kept is left out, and the journal says why.
package enum Rider: Hashable, Sendable {
    case add(Deferral)
    case abort(StepID)
    case annotate(StepID, Scope, MetadataUpdate)
    /// What a step is called with and what makes it.
    case describe(StepDescription)
    case leaveOut(StepID, reason: String)

    package enum Scope: String, Hashable, Sendable {
        case run
        case step
        case attempt = "step_attempt"
    }

    /// The riders of one op.
    package static func all(of op: Op) -> [Rider] {
        var riders: [Rider] = []
        switch op.kind {
        case .deferAdd: riders.append(deferral(op))
        case .deferAbort:
            let target = op.options?.view["target_hashed_id"]?.string.flatMap { StepID($0) }
            riders.append(
                target.map(Rider.abort) ?? .leaveOut(op.id, reason: "a defer to abort is not named by target_hashed_id")
            )
        case .stepRun, .step, .stepPlanned, .stepError, .stepFailed:
            if let description = StepDescription(op) { riders.append(.describe(description)) }
        default: break
        }
        guard let metadata = op.metadata else { return riders }
        guard metadata.view.kind == .array else {
            return riders + [.leaveOut(op.id, reason: "Invalid metadata: it is not an array")]
        }
        for value in metadata.view.elements {
            do throws(MetadataProblem) {
                let update = try MetadataUpdate(value)
                let name = value["scope"]?.string ?? ""
                guard let scope = Scope(rawValue: name) else {
                    throw .invalid("scope \(name.excerpt()) is none of run, step, step_attempt")
                }
                riders.append(.annotate(op.id, scope, update))
            } catch {
                riders.append(.leaveOut(op.id, reason: error.description))
            }
        }
        return riders
    }

    private static func deferral(_ op: Op) -> Rider {
        guard let options = op.options?.view, let function = options["fn_slug"]?.string, !function.isEmpty else {
            return .leaveOut(op.id, reason: "what is deferred is not named by fn_slug")
        }
        guard let input = options["input"], input.kind == .object else {
            return .leaveOut(op.id, reason: "the input of a deferred call is not an object")
        }
        guard input.slice.count <= Deferral.inputLimit else {
            return .leaveOut(
                op.id, reason: "the input of a deferred call has more than \(Deferral.inputLimit) bytes"
            )
        }
        let meta = options["meta"].flatMap { $0.isNull ? nil : $0 }
        guard meta == nil || meta?.kind == .object else {
            return .leaveOut(op.id, reason: "the meta of a deferred call is not an object")
        }
        guard (meta?.slice.count ?? 0) <= Deferral.metaLimit else {
            return .leaveOut(op.id, reason: "the meta of a deferred call has more than \(Deferral.metaLimit) bytes")
        }
        return .add(Deferral(key: op.id, function: function, input: Payload(input.raw), meta: meta?.raw))
    }
}

/// What the app says of a step besides its name.
package struct StepDescription: Hashable, Sendable {
    package var step: StepID
    /// What made the step, such as `step.sendEvent`; empty for what the kind of the step says already.
    package var type: String
    /// The arguments of the step's code, a JSON array.
    package var input: Payload?

    package init(step: StepID, type: String = "", input: Payload? = nil) {
        self.step = step
        self.type = type
        self.input = input
    }

    private static let typeLimit = 128

    /// `nil` when the op says nothing of the kind.
    init?(_ op: Op) {
        guard let options = op.options?.view else { return nil }
        let type = options["type"]?.string ?? ""
        let input = options["input"].flatMap { $0.kind == .array && $0.count > 0 ? Payload($0.raw) : nil }
        self.init(step: op.id, type: type == "step.run" ? "" : type.prefix(bytes: Self.typeLimit), input: input)
        if self.type.isEmpty, input == nil { return nil }
    }
}
