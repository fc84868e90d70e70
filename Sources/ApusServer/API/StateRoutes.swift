import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// The state of a live run, which SDKs fetch when it is too large to travel with a call.
struct StateRoutes: Sendable {
    let node: Node

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/v0/runs/:id/actions") { _, context in
            try await state(context) { run, _, writer in
                // SDKs that miss the stack rebuild it from the order of the keys.
                writer.beginObject()
                for step in run.stack {
                    guard let memo = run.memos[step] else { continue }
                    writer.key(step.description)
                    writer.raw(memo)
                }
                if let edit = run.edit {
                    writer.key(edit.step.description)
                    writer.raw(edit.memo)
                }
                writer.endObject()
            }
        }
        routes.on(.get, "/v0/runs/:id/batch") { _, context in
            try await state(context) { _, events, writer in
                writer.beginArray()
                for event in events { writer.raw(event) }
                writer.endArray()
            }
        }
    }

    private func state(
        _ context: BasicRequestContext,
        write: (Run, [RawJSON], inout JSONWriter) -> Void
    ) async throws -> Response {
        let text = context.parameters.get("id") ?? ""
        guard let id = ULID(text) else {
            return Answers.error("The run ID specified is invalid", status: .badRequest)
        }
        let loaded = try await node.read { reader throws(StoreError) in try reader.journal(ofRun: id) }
        guard let loaded, !loaded.projection.status.isFinal, let first = loaded.turns.first,
            case .started(let start)? = first.entries.first
        else {
            return Answers.error(
                "runtime state is no longer available for runID: \(text)",
                status: .init(code: 410, reasonPhrase: "Gone")
            )
        }
        var run = Run(row: 0, start: start, createdAt: first.at)
        for turn in loaded.turns { run.apply(turn) }
        var writer = JSONWriter(reserving: run.memos.byteCount + 4_096)
        write(run, loaded.events, &writer)
        return Answers.json(writer.bytes)
    }
}
