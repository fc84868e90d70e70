import ApusCore
import ApusNode
import HTTPTypes
import Hummingbird

/// `POST /v0/gql`: the operations of SDKs' test suites and of tools made for the reference server.
struct GraphQLRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    /// Bytes of a request.
    private static let bodyLimit = 256 << 10

    func add(to routes: inout RouteTable) {
        routes.on(.post, "/v0/gql") { request, _ in
            try await bodies.read(request, upTo: Self.bodyLimit) { await answer($0) }
        }
    }

    private func answer(_ body: [UInt8]) async -> Response {
        guard let view = (try? RawJSON(parsing: body))?.view, view.kind == .object else {
            let problem = GraphQLProblem("the body must be a JSON object with a query", code: .syntax)
            return Answers.json(GraphQLAnswers.problem(problem), status: .badRequest)
        }
        do throws(GraphQLProblem) {
            return Answers.json(await carryOut(try plan(view)))
        } catch {
            return Answers.json(GraphQLAnswers.problem(error), status: .unprocessableContent)
        }
    }

    private func plan(_ request: JSONView) throws(GraphQLProblem) -> GraphQLPlan {
        guard let query = request["query"]?.string else {
            throw GraphQLProblem("query must be a string", code: .syntax)
        }
        let variables = request["variables"].flatMap { $0.isNull ? nil : $0 }
        guard variables.map({ $0.kind == .object }) ?? true else {
            throw GraphQLProblem("variables must be an object")
        }
        return try GraphQLPlan(
            try GraphQLParser.document(query), .apus, operationName: request["operationName"]?.string,
            variables: variables
        )
    }

    private func carryOut(_ plan: GraphQLPlan) async -> [UInt8] {
        switch plan.kind {
        case .query, .subscription: await GraphQLExecution.answer(plan, on: QueryFields(node: node))
        case .mutation: await GraphQLExecution.answer(plan, on: MutationFields(node: node))
        }
    }
}
