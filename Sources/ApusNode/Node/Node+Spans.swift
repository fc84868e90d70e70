import ApusCore
import ApusStore

/// Spans that apps made while they were called.
extension Node {
    /// - Returns: how many of them are kept; none when there is no such run.
    package func keep(_ spans: [AppSpan], of run: ULID) async throws -> Int {
        let bytes = spans.reduce(0) { $0 + $1.attributes.bytes.count + 256 }
        try intake.enter(bytes: bytes)
        defer { intake.leave(bytes: bytes) }
        return try await write { store throws(StoreError) in try store.keep(spans, of: run) } ?? 0
    }
}
