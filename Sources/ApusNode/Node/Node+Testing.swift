import ApusCore
import ApusEngine
import ApusStore

/// What test suites of the protocol ask of a server, and nobody else.
extension Node {
    /// Forgets everything that is stored: runs, events, apps, schedules, limits.
    package func reset(by actor: String) async throws {
        try await write { store throws(StoreError) in try store.reset() }
        for shard in 0..<ShardID(store.shardCount) {
            // Its commit tells the shard that everything it knows is gone; it reads itself again, and commits.
            let entry = AuditEntry(at: clock.now(), actor: actor, action: .reset, subject: "server", detail: "")
            _ = try await submit(.audit(entry), to: shard)
        }
    }

    /// Sets what a function's runs may take at most; `nil` takes that back.
    package func limitForTests(_ function: UUID16, _ limit: TestLimit, to value: Int?) async throws {
        for shard in 0..<ShardID(store.shardCount) {
            _ = try await submit(.testLimit(function, limit, value), to: shard)
        }
    }
}
