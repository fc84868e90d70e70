import ApusCore
import ApusEngine

/// A call as the app reads it.
struct CallRequest {
    var call: OutgoingCall
    var attempt: Int
    var maxAttempts: Int
    var generation: Int
    var isPlanning: Bool
    /// Names the call in reports.
    var token: String
    var function: UUID16
    var stack: [StepID]
    var memos: [StepID: RawJSON]
    var eventTags: [String]
    /// The run's state was too large for the body; the app has to ask for it.
    var usesAPI: Bool

    /// - Returns: `nil` when the body lacks something that SDKs rely on.
    init?(_ call: OutgoingCall) {
        guard let body = try? RawJSON(parsing: call.body).view,
            let context = body["ctx"], let steps = body["steps"],
            let attempt = context["attempt"]?.int, let most = context["max_attempts"]?.int,
            let generation = context["generation_id"]?.int,
            let isPlanning = context["disable_immediate_execution"]?.bool,
            let token = context["qi_id"]?.string,
            let function = context["fn_id"]?.string.flatMap({ UUID16($0) }),
            let stack = context["stack"]?["stack"], stack.kind == .array,
            let event = body["event"], let events = body["events"], events.kind == .array,
            let runID = context["run_id"]?.string, runID == call.runID.description,
            let usesAPI = body["use_api"]?.bool
        else { return nil }
        self.call = call
        self.attempt = Int(attempt)
        maxAttempts = Int(most)
        self.generation = Int(generation)
        self.isPlanning = isPlanning
        self.token = token
        self.function = function
        self.usesAPI = usesAPI
        self.stack = stack.elements.compactMap { $0.string.flatMap { StepID($0) } }
        memos = [:]
        for (key, memo) in steps.members {
            guard let step = key.string.flatMap({ StepID($0) }) else { return nil }
            memos[step] = memo.raw
        }
        eventTags = events.elements.map { $0["data"]?["tag"]?.string ?? "" }
        guard usesAPI || (event["data"]?["tag"]?.string ?? "") == eventTags.first else { return nil }
    }

    /// The step that the call is meant for; `nil` for a discovery.
    var target: StepID? { call.stepID == "step" ? nil : StepID(call.stepID) }
}
