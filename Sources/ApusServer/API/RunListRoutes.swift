import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// `GET /v1/runs` and `GET /v1/runs/counts`: extensions of the v1 API.
struct RunListRoutes: Sendable {
    let node: Node

    private static let runs = (usual: 50, most: 200)
    /// Parts of a stretch of time that are counted apart.
    private static let buckets = (usual: 60, most: 1_440)

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/v1/runs") { request, _ in try await list(request) }
        routes.on(.get, "/v1/runs/counts") { request, _ in try await counts(request) }
    }

    private func list(_ request: Request) async throws -> Response {
        let search = try RunSearch(request, registry: node.registry, limits: Self.runs)
        let found = try await node.find(search)
        return Answers.envelope { writer in
            writer.beginObject()
            writer.key("runs")
            writer.beginArray()
            for run in found.runs { RunJSON.write(run, isListed: true, to: &writer) }
            writer.endArray()
            writer.key("cursor")
            if let next = found.next { writer.value(next.text) } else { writer.null() }
            // A search that has used up its time says how far it has come.
            writer.key("searched_to")
            if let next = found.next { writer.value(next.createdAt.rfc3339) } else { writer.null() }
            writer.endObject()
        }
    }

    /// How many runs came into each state, by equal parts of a stretch of time.
    private func counts(_ request: Request) async throws -> Response {
        let now = ServerClock.now()
        let until = try request.time("until") ?? now
        let from = try request.time("from") ?? until - .hours(1)
        guard from < until, until - from <= .days(31) else {
            throw HTTPError(.badRequest, message: "from must be before until, by 31 days at most")
        }
        let wanted = try request.number("buckets", usual: Self.buckets.usual, most: Self.buckets.most)
        let functions = try request.functions(in: node.registry)
        let parts = MinuteParts(from: from, until: until, count: wanted)
        let counts = try await node.read { reader throws(StoreError) in
            try reader.runCounts(parts, of: functions)
        }
        let chart = RunChart(counts, parts)
        return Answers.envelope { chart.write(to: &$0) }
    }
}
