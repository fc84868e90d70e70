import ApusCore
import ApusEngine
import ApusNode
import HTTPTypes
import Hummingbird

/// `POST /v1/runs/{id}/metadata`: notes something with a run, one of its steps, or an attempt.
struct MetadataRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    /// Bytes of a request: as much as a run may be given.
    private static let bodyLimit = 2 << 20

    func add(to routes: inout RouteTable) {
        routes.on(.post, "/v1/runs/:id/metadata") { request, context in
            let (id, text) = try RunRoutes.runID(context)
            return try await bodies.read(request, upTo: Self.bodyLimit) { body in
                let annotations: [Annotation]
                do throws(MetadataProblem) {
                    annotations = try MetadataRequest.annotations(body)
                } catch {
                    let isTooLarge = if case .tooLarge = error { true } else { false }
                    return Answers.error(error.description, status: isTooLarge ? .contentTooLarge : .badRequest)
                }
                return switch try await node.annotate(id, annotations) {
                case .stored: Response(status: .ok)
                case .unknownRun: Answers.error("Unable to load function run: \(text)", status: .notFound)
                case .tooLarge:
                    Answers.error(
                        "Metadata too large: a run has at most \(Annotation.limit) bytes", status: .contentTooLarge)
                }
            }
        }
    }
}

/// `{"target":{…},"metadata":[…]}`
private enum MetadataRequest {
    static func annotations(_ body: [UInt8]) throws(MetadataProblem) -> [Annotation] {
        guard let view = (try? RawJSON(parsing: body))?.view, view.kind == .object else {
            throw .invalid("the body must be a JSON object")
        }
        let target = try target(view["target"])
        guard let updates = view["metadata"], updates.kind == .array else { throw .invalid("metadata is not an array") }
        var annotations: [Annotation] = []
        for value in updates.elements {
            annotations.append(Annotation(target: target, update: try MetadataUpdate(value)))
        }
        return annotations
    }

    private static func target(_ view: JSONView?) throws(MetadataProblem) -> Annotation.Target {
        guard let view, !view.isNull else { return .run }
        guard view.kind == .object else { throw .target("it is not an object") }
        let attempt = try int(view["step_attempt"], "step_attempt", from: -1)
        let index = try int(view["step_index"], "step_index", from: 0)
        let span = try string(view["span_id"], "span_id")
        guard let name = try string(view["step_id"], "step_id") else {
            guard attempt == nil, index == nil, span == nil else { throw .target("step_id is missing") }
            return .run
        }
        let step = StepID.hashing(name, index: index ?? 0)
        let known = attempt.flatMap { $0 < 0 ? nil : $0 }
        if let span {
            guard let known else { throw .target("a span_id needs a step_attempt") }
            return .span(step, known, id: span)
        }
        return known.map { .attempt(step, $0) } ?? .step(step)
    }

    private static func string(_ view: JSONView?, _ name: String) throws(MetadataProblem) -> String? {
        guard let view, !view.isNull else { return nil }
        guard let text = view.string, !text.isEmpty, text.utf8.count <= StepID.limit else {
            throw .target("\(name) is not a string of at most \(StepID.limit) bytes")
        }
        return text
    }

    private static func int(
        _ view: JSONView?, _ name: String, from least: Int
    ) throws(MetadataProblem) -> Int? {
        guard let view, !view.isNull else { return nil }
        guard let number = view.int, (Int64(least)...Int64(UInt16.max)).contains(number) else {
            throw .target("\(name) is not a whole number from \(least)")
        }
        return Int(number)
    }
}
