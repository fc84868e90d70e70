import ApusCore

/// A call by the server: run this function as far as it goes, or this one step of it.
struct Call: Sendable {
    let run: String
    /// The function's id on the server; with ``queueItem`` what checkpoints need.
    let functionID: String?
    let queueItem: String?
    let requestID: String?
    let generation: Int64?
    let attempt: Int
    let maxAttempts: Int?
    /// Whether steps may only be reported, because others are under way.
    let planOnly: Bool
    /// Whether events and results must be fetched, because they are too large for a call.
    let usesAPI: Bool
    let stack: JSONView?
    var event: JSONView
    var events: [JSONView]
    var steps: JSONView
    /// The step to run.
    let target: StepID?
    let started = Timestamp.now

    /// - Parameter target: the query's `stepId`, or else the header's.
    init(parsing body: [UInt8], target: String?) throws(CallError) {
        let json: RawJSON
        do {
            json = try RawJSON(parsing: body)
        } catch {
            throw CallError("the body is no JSON: \(error)")
        }
        let context = json.view["ctx"]
        guard let run = context?["run_id"]?.string, !run.isEmpty else { throw CallError("ctx.run_id is missing") }
        guard let event = json.view["event"], event.kind == .object else { throw CallError("event is missing") }
        self.run = run
        self.event = event
        events = json.view["events"].map { Array($0.elements) } ?? []
        if events.isEmpty { events = [event] }
        steps = json.view["steps"] ?? RawJSON.emptyObject.view
        functionID = context?["fn_id"]?.string
        queueItem = context?["qi_id"]?.string
        requestID = context?["request_id"]?.string
        generation = context?["generation_id"]?.int
        attempt = context?["attempt"]?.int.map { Int($0) } ?? 0
        maxAttempts = context?["max_attempts"]?.int.map { Int($0) }
        planOnly = context?["disable_immediate_execution"]?.bool ?? false
        usesAPI = (json.view["use_api"]?.bool ?? false) || (context?["use_api"]?.bool ?? false)
        stack = context?["stack"]?["stack"]
        self.target = target.flatMap { $0.isEmpty || $0 == "step" ? nil : StepID($0) }
    }

    /// Whether steps can be reported while the call goes on.
    var canCheckpoint: Bool {
        !planOnly && target == nil && !(functionID ?? "").isEmpty && !(queueItem ?? "").isEmpty
    }
}

/// Why a call cannot be read.
struct CallError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
