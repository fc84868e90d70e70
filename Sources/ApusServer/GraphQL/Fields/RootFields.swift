import ApusCore
import ApusEngine
import ApusNode
import ApusStore

/// Where queries begin.
struct QueryFields: GraphQLObject {
    let node: Node
    let type = "Query"

    /// Events of a list, and how far back it goes when nobody says.
    private static let listed = 51
    private static let hour = TimeSpan.hours(1)
    private static let streamed = 1_000

    func value(of field: GraphQLPlan.Field) async throws -> GraphQLValue {
        let query = field.arguments["query"]
        switch field.name {
        case "run":
            return .object(try await RunFields.find(text(field, "runID"), for: field, on: node))
        case "functionRun":
            let run = try await RunFields.find(query?["functionRunId"]?.text ?? "", for: field, on: node)
            return .object(RunFields(run.run, as: RunFields.olderType, on: node))
        case "runs": return .object(try await RunConnection(field, on: node))
        case "runTrigger": return .object(try await RunTrigger.find(text(field, "runID"), on: node))
        case "runTraceSpanOutputByID":
            return .object(try await SpanOutputFields.find(text(field, "outputID"), on: node))
        case "event":
            let id = query?["eventId"]?.text ?? ""
            return .object(try await EventFields.find(id, as: EventFields.olderType, on: node))
        case "eventV2":
            return .object(try await EventFields.find(text(field, "id"), as: EventFields.type, on: node))
        case "events": return .objects(try await events(after: query?["lastEventId"]?.text))
        case "eventsV2": return .object(try await EventConnection(field, on: node))
        case "stream": return .list(try await stream(query, field))
        case "functions":
            let registry = node.registry
            return .objects(registry.activeFunctions.map { FunctionFields($0, in: registry) })
        case "function":
            let slug = query?["functionSlug"]?.text ?? ""
            let registry = node.registry
            guard let function = registry.function(named: slug) else {
                throw GraphQLFieldError("there is no function \(slug.excerptForGraphQL)")
            }
            return .object(FunctionFields(function, in: registry))
        default: return .null
        }
    }

    private func text(_ field: GraphQLPlan.Field, _ name: String) -> String {
        field.arguments[name]?.text ?? ""
    }

    private func events(after last: String?) async throws -> [EventFields] {
        var search = EventSearch(limit: Self.listed)
        search.from = ServerClock.now() - Self.hour
        search.before = last.flatMap { ULID($0) }
        return try await search.find(on: node).events.map { EventFields($0, as: EventFields.olderType, on: node) }
    }

    /// Events with their runs; all runs are read at once.
    private func stream(_ query: GraphQLInput?, _ field: GraphQLPlan.Field) async throws -> [GraphQLValue] {
        var search = EventSearch(limit: min(max(query?["limit"]?.int ?? 100, 1), Self.streamed))
        search.includesInternal = query?["includeInternalEvents"]?.bool ?? true
        search.from = try RunConnection.time(query?["after"])
        search.until = try RunConnection.time(query?["before"])
        let events = try await search.find(on: node).events
        var runs: [ULID: [StoredRun]] = [:]
        if field.selects("runs") {
            runs = try await node.read { reader throws(StoreError) in
                var runs: [ULID: [StoredRun]] = [:]
                for event in events { runs[event.id] = try reader.runs(ofEvent: event.id) }
                return runs
            }
        }
        return events.map { event in
            .object(
                GraphQLRecord(
                    "StreamItem",
                    [
                        "id": .id(event.id), "type": .string(event.cronExpression == nil ? "EVENT" : "CRON"),
                        "trigger": .string(event.cronExpression ?? event.name), "createdAt": .time(event.receivedAt),
                        "inBatch": .bool(false),
                        "runs": .objects(
                            (runs[event.id] ?? []).map { RunFields($0, as: RunFields.olderType, on: node) }
                        ),
                    ]
                )
            )
        }
    }
}

/// Where mutations begin: everything that changes something through this interface is here.
struct MutationFields: GraphQLObject {
    let node: Node
    let type = "Mutation"

    func value(of field: GraphQLPlan.Field) async throws -> GraphQLValue {
        let text = field.arguments["runID"]?.text ?? ""
        guard let id = ULID(text) else { throw GraphQLFieldError("\(text.excerptForGraphQL) is no run id") }
        switch field.name {
        case "cancelRun":
            guard try await node.cancel(run: id) else { throw GraphQLFieldError("there is no run \(id)") }
            return try await run(id)
        case "rerun": return try await rerun(id, from: field.argument("fromStep"))
        default: return .null
        }
    }

    private func rerun(_ id: ULID, from step: GraphQLInput?) async throws -> GraphQLValue {
        let place = step?["stepID"]?.text.map(RerunOrder.Place.step) ?? .beginning
        var input: RawJSON?
        if let text = step?["input"]?.text {
            input = try? RawJSON(parsing: text)
            guard input?.view.kind == .array else { throw GraphQLFieldError("input must be the text of a JSON array") }
        }
        switch try await node.rerun(id, from: place, input: input, by: AuditEntry.api) {
        case .started(let new): return try await run(new)
        case .unknownRun: throw GraphQLFieldError("there is no run \(id)")
        case .impossible(let problem): throw GraphQLFieldError("\(problem)")
        case .refused(let answer): throw GraphQLFieldError(answer.reason)
        }
    }

    private func run(_ id: ULID) async throws -> GraphQLValue {
        let run = try await node.read { reader throws(StoreError) in try reader.run(id: id) }
        return run.map { .object(RunFields($0, as: RunFields.olderType, on: node)) } ?? .null
    }
}
