import ApusCore

/// What a call's answer says.
enum CallReply: Sendable {
    /// The function returned.
    case returned(RawJSON)
    /// The function returned after a last step.
    case completed(StepReport, RawJSON)
    /// Steps are to be taken note of.
    case steps([StepReport], retry: Retry?)
    /// The function threw.
    case threw(ErrorObject, Retry)
    /// Another call has taken this one's place.
    case stale
    /// The step that was asked for is not there.
    case targetMissing(StepID, found: [StepCall])

    var response: AppResponse {
        switch self {
        case .returned(let json):
            return AppResponse(status: 200, headers: [], body: json.bytes)
        case .completed(let report, let json):
            var writer = JSONWriter(reserving: 512 + json.bytes.count)
            writer.beginArray()
            report.write(to: &writer)
            writer.object { writer in
                writer.member("data", json)
                writer.member("op", Op.Kind.runComplete.rawValue)
            }
            writer.endArray()
            return AppResponse(status: 206, headers: [], body: writer.bytes)
        case .steps(let reports, let retry):
            var writer = JSONWriter(reserving: 512)
            writer.array(reports) { report, writer in report.write(to: &writer) }
            return AppResponse(status: 206, headers: retry?.headers ?? [], body: writer.bytes)
        case .threw(let error, let retry):
            var status = 500
            if case .never = retry { status = 400 }
            return AppResponse(status: status, headers: retry.headers, body: error.json.bytes)
        case .stale:
            let error = ErrorObject(name: "StaleDispatchError", message: "another call has taken the place of this one")
            return AppResponse(status: 400, headers: Retry.never.headers, body: error.json.bytes)
        case .targetMissing(let target, let found):
            return AppResponse(status: 500, headers: Retry.usual.headers, body: CallReply.missing(target, found).bytes)
        }
    }

    private static func missing(_ target: StepID, _ found: [StepCall]) -> RawJSON {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("error", "the function does not reach the step \(target); has its list of steps changed?")
            writer.key("foundSteps")
            writer.array(found) { call, writer in
                writer.object { writer in
                    writer.member("displayName", call.name)
                    writer.member("id", call.id.description)
                    writer.member("name", call.name)
                }
            }
            writer.member("requestedStep", target.description)
            writer.member("totalFoundSteps", found.count)
        }
        return writer.finish()
    }
}

extension Retry {
    /// What says so to the server.
    var headers: [(name: String, value: String)] {
        switch self {
        case .usual: return [("X-Inngest-No-Retry", "false")]
        case .never: return [("X-Inngest-No-Retry", "true")]
        case .after(let delay):
            let seconds = max(delay.components.seconds + (delay.components.attoseconds > 0 ? 1 : 0), 1)
            return [("X-Inngest-No-Retry", "false"), ("Retry-After", String(min(seconds, 86_400)))]
        }
    }
}
