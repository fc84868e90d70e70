import ApusCore
import ApusNode
import HTTPTypes
import Hummingbird

/// `POST /v1/signals`: wakes the run that waits for a signal.
struct SignalRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    /// Bytes of a signal with its payload.
    private static let bodyLimit = 1 << 20

    func add(to routes: inout RouteTable) {
        routes.on(.post, "/v1/signals") { request, _ in
            try await bodies.read(request, upTo: Self.bodyLimit) { try await send($0) }
        }
    }

    private func send(_ body: [UInt8]) async throws -> Response {
        guard let view = (try? RawJSON(parsing: body))?.view, view.kind == .object,
            let signal = view["signal"]?.string, !signal.isEmpty
        else { return Answers.error("Invalid signal data", status: .badRequest) }
        guard let run = try await node.signal(signal, payload: view["data"]?.raw ?? .null) else {
            return Answers.error("No signal found", status: .notFound)
        }
        return Answers.envelope { writer in
            writer.beginObject()
            writer.key("run_id")
            writer.value(run)
            writer.endObject()
        }
    }
}
