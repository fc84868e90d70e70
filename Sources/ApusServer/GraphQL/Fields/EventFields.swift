import ApusCore
import ApusEngine
import ApusNode
import ApusStore

/// An event: `EventV2`, and `Event` of older operations.
struct EventFields: GraphQLObject {
    let node: Node
    let type: String
    let event: StoredEvent
    /// Read with the event where many are listed.
    var runs: [StoredRun]?

    static let type = "EventV2"
    static let olderType = "Event"

    init(_ event: StoredEvent, as type: String = EventFields.type, runs: [StoredRun]? = nil, on node: Node) {
        self.node = node
        self.type = type
        self.event = event
        self.runs = runs
    }

    static func find(_ id: String, as type: String, on node: Node) async throws -> EventFields {
        guard let id = ULID(id) else { throw GraphQLFieldError("\(id.excerptForGraphQL) is no event id") }
        let event = try await node.read { reader throws(StoreError) in try reader.event(id: id) }
        guard let event else { throw GraphQLFieldError("there is no event \(id)") }
        return EventFields(event, as: type, on: node)
    }

    func value(of field: GraphQLPlan.Field) async throws -> GraphQLValue {
        let body = event.body.view
        switch field.name {
        case "id": return .id(event.id)
        case "name": return .string(event.name)
        case "externalID", "idempotencyKey": return .string(event.senderID)
        case "payload": return .string(body["data"].map { $0.raw.description } ?? "null")
        case "raw": return .string(event.rawText)
        case "createdAt", "receivedAt": return .time(event.receivedAt)
        case "occurredAt": return .time(body["ts"]?.int.map(Timestamp.init(milliseconds:)) ?? event.receivedAt)
        case "version": return .string(body["v"]?.string)
        case "runs": return .objects(try await started().map { RunFields($0, on: node) })
        case "functionRuns":
            return .objects(try await started().map { RunFields($0, as: RunFields.olderType, on: node) })
        case "totalRuns": return .int(Int64(try await started().count))
        case "status": return .string(try await Self.status(of: started()))
        default: return .null
        }
    }

    private func started() async throws -> [StoredRun] {
        if let runs { return runs }
        let id = event.id
        return try await node.read { reader throws(StoreError) in try reader.runs(ofEvent: id) }
    }

    /// What became of all runs together.
    private static func status(of runs: [StoredRun]) -> String {
        if runs.isEmpty { return "NO_FUNCTIONS" }
        let states = runs.map { RunState($0.projection) }
        if states.contains(where: { $0 == .running || $0 == .queued }) { return "RUNNING" }
        let failures = states.count { $0 == .failed }
        return failures == 0 ? "COMPLETED" : failures == states.count ? "FAILED" : "PARTIALLY_FAILED"
    }
}

extension StoredEvent {
    /// The id that the sender gave; `nil` when it gave none.
    var senderID: String? {
        let id = body.view["id"]?.string
        return id == self.id.description ? nil : id
    }

    /// The event as functions get it; without what its sender left out.
    var payloadText: String {
        var writer = JSONWriter(reserving: body.bytes.count)
        writer.object { writer in
            for (key, value) in body.view.members {
                guard let key = key.string, key != "user" || value.count > 0 else { continue }
                writer.key(key)
                writer.raw(value)
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The event as it was sent, with the keys that the protocol's tools expect.
    var rawText: String {
        let view = body.view
        var writer = JSONWriter(reserving: body.bytes.count)
        writer.object { writer in
            for key in ["data", "id", "name", "ts", "user", "v"] {
                let value = view[key]
                if key == "user", (value?.count ?? 0) == 0 { continue }
                writer.key(key)
                if let value { writer.raw(value) } else { writer.null() }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
