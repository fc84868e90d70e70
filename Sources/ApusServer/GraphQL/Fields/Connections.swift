import ApusCore
import ApusEngine
import ApusNode
import ApusStore

/// `RunsV2Connection`: a page of runs.
struct RunConnection: GraphQLObject {
    let node: Node
    let type = "RunsV2Connection"
    private let search: RunSearch
    private let found: RunFindings

    /// Runs of a page at most, and runs that are counted before the count stops.
    private static let most = 400
    private static let counted = 10_000

    init(_ field: GraphQLPlan.Field, on node: Node) async throws {
        self.node = node
        var search = try Self.search(field)
        search.query.hasEnds = true
        self.search = search
        found = search.query.states.isEmpty ? RunFindings(runs: [], next: nil) : try await node.find(search)
    }

    private static func search(_ field: GraphQLPlan.Field) throws -> RunSearch {
        let filter = field.arguments["filter"]
        var query = RunQuery(functions: try ids(filter?["functionIDs"]))
        if let states = filter?["status"]?.elements, !states.isEmpty {
            query.states = Set(states.compactMap { $0.text.flatMap { RunState(name: $0.lowercased()) } })
        }
        switch filter?["timeField"]?.text {
        case "STARTED_AT": query.time = .started
        case "ENDED_AT": query.time = .ended
        default: query.time = .created
        }
        query.from = try time(filter?["from"])
        query.until = try time(filter?["until"])
        query.isOldestFirst = field.argument("orderBy")?.elements.first?["direction"]?.text == "ASC"
        if let cursor = field.argument("after")?.text {
            guard let position = RunPosition(text: cursor) else {
                throw GraphQLFieldError("\(cursor.excerptForGraphQL) is no cursor of a list of runs")
            }
            query.after = position
        }
        let first = field.arguments["first"]?.int ?? most
        return RunSearch(
            query: query, condition: try condition(filter?["query"]), limit: min(max(first, 1), most)
        )
    }

    func value(of field: GraphQLPlan.Field) async throws -> GraphQLValue {
        switch field.name {
        case "edges":
            return .list(
                found.runs.map { run in
                    .object(
                        GraphQLRecord(
                            "FunctionRunV2Edge",
                            ["node": .object(RunFields(run, on: node)), "cursor": .string(run.position.text)]
                        )
                    )
                }
            )
        case "pageInfo":
            return .object(
                PageInfo.record(
                    hasNext: found.next != nil, isFirst: search.query.after == nil,
                    start: found.runs.first?.position.text, end: (found.next ?? found.runs.last?.position)?.text
                )
            )
        case "totalCount": return .int(Int64(try await total()))
        default: return .null
        }
    }

    /// Of all pages.
    private func total() async throws -> Int {
        guard !search.query.states.isEmpty else { return 0 }
        if search.query.after == nil, found.next == nil { return found.runs.count }
        var rest = search
        rest.query.after = nil
        rest.query.hasEnds = false
        rest.limit = 1_000
        var count = 0
        repeat {
            let page = try await node.find(rest)
            count += page.runs.count
            guard let next = page.next else { break }
            rest.query.after = next
        } while count < Self.counted
        return count
    }

    static func time(_ value: GraphQLInput?) throws -> Timestamp? {
        guard let text = value?.text else { return nil }
        guard let time = DateText.parse(text) else {
            throw GraphQLFieldError("\(text.excerptForGraphQL) is no time such as 2026-01-31T12:00:00Z")
        }
        return time
    }

    static func condition(_ value: GraphQLInput?) throws -> EventCondition? {
        guard let text = value?.text, !text.isEmpty else { return nil }
        do {
            return try EventCondition(text)
        } catch {
            throw GraphQLFieldError("query: \(error)")
        }
    }

    private static func ids(_ value: GraphQLInput?) throws -> Set<UUID16>? {
        guard let elements = value?.elements, !elements.isEmpty else { return nil }
        return try Set(
            elements.map { element in
                guard let id = element.text.flatMap({ UUID16($0) }) else {
                    throw GraphQLFieldError("\((element.text ?? "").excerptForGraphQL) is no function id")
                }
                return id
            }
        )
    }
}

/// `EventsConnection`: a page of events.
struct EventConnection: GraphQLObject {
    let node: Node
    let type = "EventsConnection"
    private let search: EventSearch
    private let found: EventSearch.Findings

    private static let most = 400
    private static let counted = 10_000

    init(_ field: GraphQLPlan.Field, on node: Node) async throws {
        self.node = node
        let filter = field.arguments["filter"]
        let first = field.arguments["first"]?.int ?? Self.most
        var search = EventSearch(limit: min(max(first, 1), Self.most))
        search.from = try RunConnection.time(filter?["from"])
        search.until = try RunConnection.time(filter?["until"])
        let names = filter?["eventNames"]?.elements.compactMap(\.text) ?? []
        search.names = names.isEmpty ? nil : Set(names)
        search.includesInternal = filter?["includeInternalEvents"]?.bool ?? false
        search.condition = try RunConnection.condition(filter?["query"])
        if let cursor = field.argument("after")?.text {
            guard let id = ULID(cursor) else {
                throw GraphQLFieldError("\(cursor.excerptForGraphQL) is no cursor of a list of events")
            }
            search.before = id
        }
        self.search = search
        found = try await search.find(on: node)
    }

    func value(of field: GraphQLPlan.Field) async throws -> GraphQLValue {
        switch field.name {
        case "edges":
            return .list(
                found.events.map { event in
                    .object(
                        GraphQLRecord(
                            "EventsEdge", ["node": .object(EventFields(event, on: node)), "cursor": .id(event.id)]
                        )
                    )
                }
            )
        case "pageInfo":
            return .object(
                PageInfo.record(
                    hasNext: found.next != nil, isFirst: search.before == nil,
                    start: found.events.first?.id.description,
                    end: (found.next ?? found.events.last?.id)?.description
                )
            )
        case "totalCount":
            if search.before == nil, found.next == nil { return .int(Int64(found.events.count)) }
            var all = search
            all.before = nil
            all.limit = Self.counted
            return .int(Int64(try await all.find(on: node).events.count))
        default: return .null
        }
    }
}

enum PageInfo {
    static func record(hasNext: Bool, isFirst: Bool, start: String?, end: String?) -> GraphQLRecord {
        GraphQLRecord(
            "PageInfo",
            [
                "hasNextPage": .bool(hasNext), "hasPreviousPage": .bool(!isFirst), "startCursor": .string(start),
                "endCursor": .string(end),
            ]
        )
    }
}
