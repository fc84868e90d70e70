import ApusCore
import ApusEngine
import ApusStore

/// The state of a living run, which apps fetch when it is too large to travel with a call.
extension Node {
    /// Which part of it.
    package enum StatePart: Sendable {
        /// Steps' results by the steps' ids, in the order in which they finished.
        case results
        /// The events that started the run.
        case events
    }

    /// - Returns: canonical JSON; `nil` when there is no such run or it has ended.
    package func state(of run: ULID, _ part: StatePart) async throws(StoreError) -> [UInt8]? {
        let loaded = try await read { reader throws(StoreError) in try reader.journal(ofRun: run) }
        guard let loaded, !loaded.projection.status.isFinal, let first = loaded.turns.first,
            case .started(let start)? = first.entries.first
        else { return nil }
        var run = Run(row: 0, start: start, createdAt: first.at)
        for turn in loaded.turns { run.apply(turn) }
        var writer = JSONWriter(reserving: run.memos.byteCount + 4_096)
        switch part {
        case .results: write(run, to: &writer)
        case .events: writer.array(loaded.events) { event, writer in writer.raw(event) }
        }
        return writer.bytes
    }

    private func write(_ run: Run, to writer: inout JSONWriter) {
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
