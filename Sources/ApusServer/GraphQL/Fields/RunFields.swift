import ApusCore
import ApusEngine
import ApusNode
import ApusStore

/// A run: `FunctionRunV2`, and `FunctionRun` of older operations.
struct RunFields: GraphQLObject {
    let node: Node
    let type: String
    let run: StoredRun
    /// Read with the run where its history is asked for.
    var detail: RunDetail?

    static let type = "FunctionRunV2"
    static let olderType = "FunctionRun"

    init(_ run: StoredRun, as type: String = RunFields.type, on node: Node) {
        self.node = node
        self.type = type
        self.run = run
    }

    init(_ detail: RunDetail, on node: Node) {
        self.init(detail.run, on: node)
        self.detail = detail
    }

    /// A run with as much of its history as the field asks for.
    static func find(_ id: String, for field: GraphQLPlan.Field, on node: Node) async throws -> RunFields {
        guard let id = ULID(id) else { throw GraphQLFieldError("\(id.excerptForGraphQL) is no run id") }
        if field.selects("trace", "isBatch", "batchCreatedAt", "cronSchedule") {
            return RunFields(try await detail(id, on: node), on: node)
        }
        let run = try await node.read { reader throws(StoreError) in try reader.run(id: id) }
        guard let run else { throw GraphQLFieldError("there is no run \(id)") }
        return RunFields(run, on: node)
    }

    static func detail(_ id: ULID, on node: Node) async throws -> RunDetail {
        let detail = try await node.read { reader throws(StoreError) in try RunDetail.read(id, reader) }
        guard let detail else { throw GraphQLFieldError("there is no run \(id)") }
        return detail
    }

    private var function: FunctionRecord? { node.registry.functions[run.function] }

    private func history() async throws -> RunDetail {
        if let detail { return detail }
        return try await Self.detail(run.id, on: node)
    }

    func value(of field: GraphQLPlan.Field) async throws -> GraphQLValue {
        switch field.name {
        case "id": return .id(run.id)
        case "status": return .string(TraceSpan.Status(RunState(run.projection)).rawValue)
        case "output": return .string(run.outputText)
        case "traceID": return .string(TraceContext.traceID(try await trace()))
        case "queuedAt": return .time(run.createdAt)
        case "startedAt": return .time(run.projection.startedAt)
        case "endedAt", "finishedAt": return .time(run.projection.endedAt)
        case "eventID": return .id(run.eventID)
        case "eventName": return .string(run.eventName)
        case "functionID": return .id(run.function)
        case "function": return .object(FunctionFields(run, in: node.registry))
        case "appID": return .id(function?.app)
        case "app": return FunctionFields.app(function?.app, in: node.registry)
        case "isBatch": return .bool(try await batchCreatedAt() != nil)
        case "batchCreatedAt": return .time(try await batchCreatedAt())
        case "cronSchedule":
            guard run.eventName == ScheduledEvent.name else { return .null }
            let id = run.eventID
            let event = try await node.read { reader throws(StoreError) in try reader.event(id: id) }
            return .string(event?.cronExpression)
        case "trace":
            let detail = try await history()
            let name = function?.configuration.name ?? run.functionSlug
            return .object(SpanFields(TraceSpan(detail, name: name), of: detail.run, in: try await trace(), on: node))
        default: return .null
        }
    }

    /// The trace that the run belongs to: that of the run that has invoked it, if one has.
    private func trace() async throws -> ULID {
        guard run.eventName == InvokedEvent.name else { return run.id }
        let id = run.eventID
        let event = try await node.read { reader throws(StoreError) in try reader.event(id: id) }
        return TraceContext.trace(of: run.id, startedBy: event?.body)
    }

    private func batchCreatedAt() async throws -> Timestamp? {
        run.batchCreatedAt(events: try await history().eventRows.count, function)
    }
}

extension StoredRun {
    /// JSON of the bare result or error; `nil` before the end and for a cancelled run.
    var outputText: String? {
        switch end?.status {
        case .completed: end?.output?.json.description ?? "null"
        case .failed: end?.output?.json.description
        case .cancelled, .running, nil: nil
        }
    }
}

/// What started a run: `RunTraceTrigger`.
enum RunTrigger {
    static func find(_ id: String, on node: Node) async throws -> GraphQLRecord {
        guard let id = ULID(id) else { throw GraphQLFieldError("\(id.excerptForGraphQL) is no run id") }
        let found = try await node.read { reader throws(StoreError) -> (RunDetail, [StoredEvent])? in
            guard let detail = try RunDetail.read(id, reader) else { return nil }
            return (detail, try detail.events(reader))
        }
        guard let (detail, events) = found else { throw GraphQLFieldError("there is no run \(id)") }
        let function = node.registry.functions[detail.run.function]
        let isBatch = detail.run.batchCreatedAt(events: detail.eventRows.count, function) != nil
        return GraphQLRecord(
            "RunTraceTrigger",
            [
                "eventName": .string(detail.run.eventName),
                "IDs": .list(events.map { .id($0.id) }),
                "payloads": .list(events.map { .string($0.payloadText) }),
                "timestamp": .time(events.first?.receivedAt ?? detail.run.createdAt),
                "isBatch": .bool(isBatch),
                "batchID": isBatch ? .id(detail.run.id) : .null,
                "cron": .string(events.first?.cronExpression),
            ]
        )
    }
}
