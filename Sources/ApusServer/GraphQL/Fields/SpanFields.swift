import ApusCore
import ApusEngine
import ApusNode
import ApusStore

/// `RunTraceSpan`: a run, a step or an attempt.
struct SpanFields: GraphQLObject {
    let node: Node
    let run: StoredRun
    let span: TraceSpan
    /// The trace that the run belongs to.
    let trace: ULID
    let type = "RunTraceSpan"

    init(_ span: TraceSpan, of run: StoredRun, in trace: ULID, on node: Node) {
        self.node = node
        self.run = run
        self.span = span
        self.trace = trace
    }

    func value(of field: GraphQLPlan.Field) async throws -> GraphQLValue {
        switch field.name {
        case "name": .string(span.name)
        case "status": .string(span.status.rawValue)
        case "stepType": .string(stepType)
        case "stepOp": .string(span.stepOp)
        case "stepID": .string(span.stepID?.description)
        case "runID": .id(run.id)
        case "traceID": .string(TraceContext.traceID(trace))
        case "spanID": .string(span.id)
        case "parentSpanID": .string(span.parent)
        case "isRoot": .bool(span.parent == nil)
        case "attempts": .int(Int64(span.attempt))
        case "queuedAt": .time(span.queuedAt)
        case "startedAt": .time(span.startedAt)
        case "endedAt": .time(span.endedAt)
        case "duration": span.milliseconds.map(GraphQLValue.int) ?? .null
        case "outputID": .string(span.output?.text)
        case "stepInfo": try await stepInfo(field)
        case "metadata": .list(span.metadata.map(Self.metadata))
        case "childrenSpans": .objects(span.children.map { SpanFields($0, of: run, in: trace, on: node) })
        default: .null
        }
    }

    private var stepType: String {
        switch span.kind {
        case .run, .own: ""
        case .end: "FINALIZATION"
        case .step(let step): step.type.isEmpty ? span.stepOp ?? "" : step.type
        }
    }

    private static func metadata(_ entry: RunMetadata.Entry) -> GraphQLValue {
        .object(
            GraphQLRecord(
                "SpanMetadata",
                [
                    "scope": .string(entry.target.scope), "kind": .string(entry.kind), "values": .json(entry.values),
                    "updatedAt": .time(entry.updatedAt),
                ]
            )
        )
    }

    private func stepInfo(_ field: GraphQLPlan.Field) async throws -> GraphQLValue {
        guard case .step(let step) = span.kind, case .step(let kind) = step.kind else { return .null }
        let timedOut: GraphQLValue = step.state.isFinal ? .bool(step.state == .timedOut) : .null
        let until = GraphQLValue.time(step.details.until ?? step.createdAt)
        switch kind {
        case .run, .legacy, .aiGateway, .gateway: return .object(GraphQLRecord("RunStepInfo", [:]))
        case .sleep: return .object(GraphQLRecord("SleepStepInfo", ["sleepUntil": until]))
        case .waitForEvent:
            guard let listener = step.details.listener else { return .null }
            let found = step.state == .completed ? step.result?.memo.json.view["id"]?.string : nil
            return .object(
                GraphQLRecord(
                    "WaitForEventStepInfo",
                    [
                        "eventName": .string(listener.name), "expression": .string(listener.condition),
                        "timeout": until, "foundEventID": .string(found), "timedOut": timedOut,
                    ]
                )
            )
        case .waitForSignal:
            guard let listener = step.details.listener else { return .null }
            return .object(
                GraphQLRecord(
                    "WaitForSignalStepInfo",
                    ["signal": .string(listener.name), "timeout": until, "timedOut": timedOut]
                )
            )
        case .invoke:
            guard let wait = step.details.invocation else { return .null }
            var invoked: StoredRun?
            if field.selects("runID", "returnEventID") {
                let event = wait.event
                let runs = try await node.read { reader throws(StoreError) in try reader.runs(ofEvent: event) }
                invoked = runs.first { $0.functionSlug == wait.functionSlug } ?? runs.first
            }
            // The event of a run's end has no row of its own, so it goes by the run's id.
            let returned = step.state.isFinal && step.state != .timedOut ? invoked?.id : nil
            return .object(
                GraphQLRecord(
                    "InvokeStepInfo",
                    [
                        "triggeringEventID": .id(wait.event), "functionID": .string(wait.functionSlug),
                        "timeout": until, "runID": .id(invoked?.id), "returnEventID": .id(returned),
                        "timedOut": timedOut,
                    ]
                )
            )
        }
    }
}

/// `RunTraceSpanOutput`: what a span brought forth, by the id that the span gives.
enum SpanOutputFields {
    static func find(_ text: String, on node: Node) async throws -> GraphQLRecord {
        guard let reference = SpanOutput.Reference(text) else {
            throw GraphQLFieldError("\(text.excerptForGraphQL) is no id of an output")
        }
        let detail = try await RunFields.detail(reference.run, on: node)
        var fields: [String: GraphQLValue] = [:]
        switch SpanOutput.find(reference, in: detail) {
        case nil: throw GraphQLFieldError("there is no output \(text.excerptForGraphQL)")
        case .result(let json): fields["data"] = .string(json?.description ?? "null")
        case .error(let error): fields["error"] = .object(record(of: error))
        }
        return GraphQLRecord("RunTraceSpanOutput", fields)
    }

    private static func record(of error: RawJSON) -> GraphQLRecord {
        let view = error.view
        guard let message = view["message"]?.string else {
            return GraphQLRecord(
                "StepError", ["message": .string(""), "name": .string("Error"), "stack": .string(error.description)]
            )
        }
        return GraphQLRecord(
            "StepError",
            [
                "message": .string(message), "name": .string(view["name"]?.string),
                "stack": .string(view["stack"]?.string),
                "cause": view["cause"].map { $0.isNull ? .null : .json($0.raw) } ?? .null,
            ]
        )
    }
}
