import ApusCore
import ApusEngine
import ApusNode
import HTTPTypes
import Hummingbird

/// Repeating a run, and waking one: an extension of the v1 API.
struct RerunRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    /// Bytes of a request: a step's arguments may be as large as its result.
    private static let bodyLimit = 5 << 20

    func add(to routes: inout RouteTable) {
        routes.on(.post, "/v1/runs/:id/rerun") { request, context in
            let (id, text) = try RunRoutes.runID(context)
            return try await bodies.read(request, upTo: Self.bodyLimit) { body in
                let wish = try RerunWish(body)
                let came = try await node.rerun(id, from: wish.place, input: wish.input, by: Actor.of(request))
                return Self.answer(came, to: id, text)
            }
        }
        routes.on(.post, "/v1/runs/:id/wake") { request, context in
            let (id, text) = try RunRoutes.runID(context)
            guard let count = try await node.wake(id, by: Actor.of(request)) else {
                return Answers.error("Unable to load function run: \(text)", status: .notFound)
            }
            return Answers.envelope { writer in
                writer.object { writer in
                    writer.member("run_id", id)
                    writer.member("woken", count)
                }
            }
        }
    }

    private static func answer(_ came: Node.Rerun, to run: ULID, _ text: String) -> Response {
        switch came {
        case .started(let new):
            Answers.envelope(status: .created) { writer in
                writer.object { writer in
                    writer.member("run_id", new)
                    writer.member("original_run_id", run)
                }
            }
        case .unknownRun: Answers.error("Unable to load function run: \(text)", status: .notFound)
        case .impossible(let problem):
            Answers.error(problem.description, status: problem == .hasNotFailed ? .conflict : .badRequest)
        case .refused(let answer): Answers.error(answer.reason, status: .conflict)
        }
    }
}

/// Where somebody wants the new run to begin.
private struct RerunWish {
    var place: RerunOrder.Place?
    var input: RawJSON?

    init(_ body: [UInt8]) throws(HTTPError) {
        let fields = try BodyFields(body, known: ["from", "from_step"])
        switch try fields.string("from") {
        case nil: break
        case "beginning": place = .beginning
        case "failure": place = .failure
        default: throw HTTPError(.badRequest, message: "from must be beginning or failure")
        }
        guard let object = fields["from_step"] else { return }
        guard place == nil else { throw HTTPError(.badRequest, message: "from and from_step exclude each other") }
        let step = try BodyFields(object, known: ["id", "input"], at: "from_step")
        guard let id = try step.string("id") else {
            throw HTTPError(.badRequest, message: "from_step must have the id or the name of a step as id")
        }
        place = .step(id)
        input = try step.array("input")
    }
}
