/// Steps that an app reports while its call goes on: the body of `POST /v1/checkpoint/{run}/async`.
public struct CheckpointRequest: Hashable, Sendable {
    /// The run that is being called.
    public var run: ULID
    /// `ctx.qi_id` of the call; empty when the app does not say.
    public var call: String
    /// `ctx.generation_id` of the call; `nil` when the app does not say, or says 0.
    public var generation: UInt32?
    /// What is reported; steps that ran are what the engine takes.
    public var ops: [Op]

    /// Reads a body.
    /// - Throws: ``CheckpointRequestError``; one bad op spoils the whole request.
    public init(parsing body: [UInt8], limits: ReplyLimits) throws(CheckpointRequestError) {
        let json: RawJSON
        do {
            json = try RawJSON(parsing: body)
        } catch {
            throw .malformed(error.description)
        }
        guard json.view.kind == .object else { throw .malformed("it is not a JSON object") }
        var run: ULID?
        var steps: JSONView?
        call = ""
        for (key, value) in json.view.members {
            if key.stringEquals("run_id") {
                run = value.string.flatMap { ULID($0) }
            } else if key.stringEquals("fn_id") {
                guard value.isNull || value.string.map({ $0.isEmpty || UUID16($0) != nil }) ?? false else {
                    throw .malformed("fn_id is no UUID")
                }
            } else if key.stringEquals("qi_id") {
                call = value.string ?? ""
            } else if key.stringEquals("generation_id") {
                generation = value.int.flatMap { UInt32(exactly: $0) }.flatMap { $0 == 0 ? nil : $0 }
            } else if key.stringEquals("steps"), !value.isNull {
                guard value.kind == .array else { throw .malformed("steps is not an array") }
                steps = value
            }
        }
        guard let run else { throw .malformed("run_id is no ULID") }
        self.run = run
        do {
            ops = try steps.map { list throws(OpDecodingError) in try OpDecoder(limits: limits).decode(list) } ?? []
        } catch {
            guard case .invalid(let id, let reason) = error, reason.hasPrefix("step output") else {
                throw .malformed(error.description)
            }
            throw .tooLarge(step: id)
        }
        guard ops.count <= limits.opsPerReply else { throw .malformed("it has more than \(limits.opsPerReply) steps") }
    }
}

/// Why a checkpoint cannot be read.
public enum CheckpointRequestError: Error, Hashable, Sendable, CustomStringConvertible {
    case malformed(String)
    /// The output of a step is beyond the limit.
    case tooLarge(step: String)

    /// For the app, in the words of the protocol's other server.
    public var description: String {
        switch self {
        case .malformed(let detail): "invalid request body: \(detail)"
        case .tooLarge(let step):
            "step \(step.excerpt()) output too large: step output size is greater than the limit"
        }
    }
}
